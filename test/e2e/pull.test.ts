// The real `mistral pull` against a real server on loopback that misbehaves: exit codes, lines, and what is kept.
import {spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {pack} from 'tar-stream';
import {describe, expect, test} from 'vitest';
import {tryLock} from '../../src/base/files/lock.ts';
import {type Behaviour, type FileServer, fileServer} from '../fixtures/file-server.ts';
import {folderWith} from '../fixtures/folder.ts';
import {proxyServer} from '../fixtures/proxy-server.ts';
import {tlsRelay} from '../fixtures/tls-relay.ts';
import {runProgram, runShell} from './harness/program.ts';
import {PtyProgram} from './harness/pty.ts';

const MB = 1e6;
const content = Buffer.from(Uint32Array.from({length: 6e6}, (_, i) => Math.imul(i, 2654435761)).buffer);
const sha256 = createHash('sha256').update(content).digest('hex');

/** A hub with one model of 24 MB, of which it may serve something else; `env` gives the program a home of its own. */
async function hub(behaviour: Behaviour = {}, served: Uint8Array = content) {
  const siblings = [{rfilename: 'm-Q8_0.gguf', size: content.length, lfs: {sha256, size: content.length}}];
  const server = await fileServer(served, behaviour, {
    '/api/models/x/y/revision/main': (_, response) => {
      response.end(JSON.stringify({sha: 'c0ffee0', siblings}));
    },
  });
  const home = folderWith();
  const env = {HOME: home, XDG_CACHE_HOME: undefined, HF_HOME: undefined, HF_ENDPOINT: server.url};
  const repository = join(home, '.cache/huggingface/hub/models--x--y');
  const pull = (...args: string[]) => runProgram('mistral', ['pull', ...args], {env});
  const blob = join(repository, 'blobs', sha256);
  return {server, env, pull, repository, blob, stem: join(repository, '.mistral-chat', sha256)};
}

const whole = (path: string) => Buffer.compare(readFileSync(path), content) === 0;

/** Bytes that were asked for, the first byte that every run asks for left out. */
const asked = ({ranges}: FileServer) =>
  ranges.reduce((sum, range) => {
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
    return to === '0' ? sum : sum + Number(to) - Number(from) + 1;
  }, 0);

test.each<[string, Behaviour, Uint8Array, number, RegExp]>([
  ['refuses', {statuses: [403]}, content, 3, /refuses .* \(403\): the model is gated or private\nAccept the terms on /],
  ['has less than it lists', {}, content.subarray(0, 9 * MB), 3, /has 9\.00 MB, 24\.0 MB were announced\nThe file has/],
  ['has more than it lists', {}, Buffer.concat([content, content]), 3, /has 48\.0 MB, 24\.0 MB were announced/],
  ['claims more than it has', {claimedSize: 24 * MB}, content.subarray(0, 9 * MB), 3, /has less .* \(416\)\nThe file/],
  [
    'serves a damaged file',
    {},
    Buffer.from(content).fill(1, 5e6, 5e6 + 1),
    3,
    /damaged: its sha256 is .* not .*\nIt was/,
  ],
])('a server that %s ends with a code and a line', async (_, behaviour, served, code, line) => {
  const {pull, blob} = await hub(behaviour, served);
  const result = await pull('x/y');
  expect(result.stderr).toMatch(line);
  expect(result).toMatchObject({code, stdout: ''});
  expect(existsSync(blob)).toBe(false);
});

test.each<[string, Behaviour]>([
  ['asks for patience in seconds', {statuses: [429], retryAfter: '1'}],
  ['asks for patience until a date', {statuses: [503], retryAfter: new Date(0).toUTCString()}],
  ['cuts connections', {cutAfter: 2 * MB, cuts: 3}],
  ['knows no ranges', {noRanges: true}],
])('a server that %s does not spoil it', async (_, behaviour) => {
  const {pull, blob, repository} = await hub(behaviour);
  expect(await pull('x/y')).toMatchObject({
    code: 0,
    stdout: `${join(repository, 'snapshots/c0ffee0/m-Q8_0.gguf')}\n`,
  });
  expect(whole(blob)).toBe(true);
  expect(readdirSync(join(blob, '..'))).toEqual([sha256]);
});

/** Resolves when the note beside an unfinished file says that 5 MB of it are there. */
async function kept(stem: string): Promise<void> {
  const missing = () => {
    const {parts} = JSON.parse(readFileSync(`${stem}.json`, 'utf8')) as {parts: {at: number; end: number}[]};
    return parts.reduce((sum, {at, end}) => sum + end - at, 0);
  };
  while (!existsSync(`${stem}.json`) || missing() > content.length - 5 * MB) await sleep(20);
}

/** Runs `mistral pull` until some of the file is there, then ends it by a signal. */
async function interrupted(
  env: Readonly<Record<string, string | undefined>>,
  model: string,
  stem: string,
  signal: NodeJS.Signals,
) {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../bin/mistral.js'), 'pull', model], {
    env: {...process.env, ...env},
    stdio: 'ignore',
  });
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  await kept(stem);
  child.kill(signal);
  return ended;
}

test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('what came is kept through %s', async (signal) => {
  const {server, env, pull, blob, stem} = await hub({pace: 100});
  expect(await interrupted(env, 'x/y', stem, signal)).toEqual([null, signal]);
  expect(existsSync(blob)).toBe(false);
  server.ranges.length = 0;
  server.behaviour = {};
  expect((await pull('x/y')).code).toBe(0);
  expect(whole(blob)).toBe(true);
  expect(asked(server)).toBeLessThanOrEqual(content.length - 5 * MB);
  expect(readdirSync(join(blob, '..'))).toEqual([sha256]);
});

test('a file that changed on the server between two runs comes anew', async () => {
  const {server, env, pull} = await hub({pace: 100, etag: '"old"'}, Buffer.alloc(content.length));
  const path = join(env.HOME, '.cache/mistral-chat/models/fetched/m.gguf');
  await interrupted(env, `${server.url}/m.gguf`, path, 'SIGINT');
  Object.assign(server, {content, behaviour: {etag: '"new"'}});
  server.ranges.length = 0;
  expect(await pull(`${server.url}/m.gguf`)).toMatchObject({code: 0, stdout: `${path}\n`});
  expect(whole(path)).toBe(true);
  expect(asked(server)).toBe(content.length);
});

test('two processes fetch one file once', async () => {
  const {server, pull, blob} = await hub({pace: 10});
  const both = await Promise.all([pull('x/y'), pull('x/y')]);
  expect(both.map(({code}) => code)).toEqual([0, 0]);
  expect(whole(blob)).toBe(true);
  expect(asked(server)).toBe(content.length);
});

test('a process that keeps the file is told after a while', async () => {
  const {pull, stem, repository} = await hub();
  mkdirSync(join(stem, '..'), {recursive: true});
  const lock = tryLock(`${stem}.lock`);
  const result = await pull('x/y');
  lock?.release();
  expect(result).toMatchObject({code: 3, stdout: ''});
  expect(result.stderr).toContain(
    `${join(repository, 'snapshots/c0ffee0/m-Q8_0.gguf')} is being downloaded by another process\nWait until it has finished.\n`,
  );
});

test('a disk that is full in the middle is told, and a folder that cannot be written to', async () => {
  const {env, pull, blob} = await hub();
  // A limit on the size of files fails where a full disk does.
  const program = join(import.meta.dirname, '../../bin/mistral.js');
  const full = await runShell(`ulimit -f 4000; ${process.execPath} ${program} pull x/y`, env);
  expect(full.stderr).toContain(`error: the disk is full: m-Q8_0.gguf is not complete\nFree some space`);
  expect(full.code).toBe(3);
  expect(existsSync(blob)).toBe(false);
  writeFileSync(join(env.HOME, 'file'), '');
  const closed = await runProgram('mistral', ['pull', 'x/y'], {env: {...env, HF_HOME: join(env.HOME, 'file')}});
  expect(closed.stderr).toMatch(
    /blobs cannot be written: a part of its path is not a folder\nChoose another place: HF_HUB_CACHE/,
  );
  expect(closed.code).toBe(1);
  expect((await pull('x/y')).code).toBe(0);
});

test.each([
  ['../../evil', undefined, /entry "\.\.\/\.\.\/evil" leads out of the folder/],
  ['link', '/etc', /entry "link" is a symlink, not a file/],
  ['link', '../../elsewhere', /entry "link" is a symlink, not a file/],
])('an archive with %s is refused', async (name, linkname, line) => {
  const tar = pack();
  tar.entry({name: 'm/params.json'}, '{}');
  if (linkname === undefined) tar.entry({name}, 'evil');
  else tar.entry({name, type: 'symlink', linkname});
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  const {server, pull, env} = await hub({}, Buffer.concat(chunks));
  const result = await pull(`${server.url}/m.tar`);
  expect(result.stderr).toMatch(line);
  expect(result).toMatchObject({code: 3, stdout: ''});
  expect(readdirSync(env.HOME, {recursive: true})).toEqual(['mistral_models']);
});

test('offline nothing is asked for; a file that is here is named', async () => {
  const {server, env, pull, blob} = await hub();
  const refused = await runProgram('mistral', ['pull', 'x/y'], {env: {...env, HF_HUB_OFFLINE: '1'}});
  expect(refused).toMatchObject({code: 3, stderr: expect.stringContaining('x/y is not on this machine')});
  expect(server.ranges).toEqual([]);
  const {stdout} = await pull('x/y');
  server.ranges.length = 0;
  expect(await pull('x/y', '--offline')).toMatchObject({code: 0, stdout});
  expect(await pull('x/y:Q4_K_M', '--offline')).toMatchObject({code: 3});
  expect(whole(blob)).toBe(true);
  expect(server.ranges).toEqual([]);
});

test('over TLS, when the certificate is trusted', async () => {
  const {server, env, blob} = await hub();
  const {url, authority} = await tlsRelay(server.url);
  const pull = (changes: NodeJS.ProcessEnv) =>
    runProgram('mistral', ['pull', 'x/y'], {env: {...env, HF_ENDPOINT: url, ...changes}});
  expect(await pull({NODE_EXTRA_CA_CERTS: undefined})).toMatchObject({
    code: 5,
    stderr: expect.stringMatching(/localhost:\d+ cannot be reached: .*SELF_SIGNED_CERT/),
  });
  expect(await pull({NODE_EXTRA_CA_CERTS: authority})).toMatchObject({code: 0});
  expect(whole(blob)).toBe(true);
});

describe('proxies', () => {
  test('HTTP_PROXY carries a download of a mirror, NO_PROXY goes past it', async () => {
    const {env, pull, blob} = await hub();
    const proxy = await proxyServer();
    const result = await runProgram('mistral', ['pull', 'x/y'], {env: {...env, HTTP_PROXY: proxy.url}});
    expect(result.code).toBe(0);
    expect(whole(blob)).toBe(true);
    const seen = proxy.asked.length;
    expect(seen).toBeGreaterThan(0);
    expect(new Set(proxy.asked)).toEqual(new Set([new URL(env.HF_ENDPOINT).host]));
    rmSync(env.HOME, {recursive: true});
    const past = {...env, HTTP_PROXY: proxy.url, NO_PROXY: '127.0.0.1'};
    expect((await runProgram('mistral', ['pull', 'x/y'], {env: past})).code).toBe(0);
    expect(proxy.asked).toHaveLength(seen);
    expect((await pull('x/y')).code).toBe(0);
  });

  test('HTTPS_PROXY is asked for the hub, and its refusal is told', async () => {
    const {env} = await hub();
    const proxy = await proxyServer({refuse: true});
    const result = await runProgram('mistral', ['pull', 'x/y'], {
      env: {...env, HF_ENDPOINT: undefined, HTTPS_PROXY: proxy.url},
    });
    expect(proxy.asked).toEqual(['huggingface.co:443']);
    expect(result).toMatchObject({code: 5, stdout: ''});
    expect(result.stderr).toMatch(
      /huggingface\.co cannot be reached through the proxy 127\.0\.0\.1:\d+: it answered 407\nThe proxy wants a name and password: /,
    );
  });
});

describe('on a terminal', () => {
  const bin = join(import.meta.dirname, '../../bin/mistral.js');

  test('progress is one row, redrawn in one write, and taken away', async () => {
    const {env} = await hub({pace: 60});
    const program = new PtyProgram(process.execPath, [bin, 'pull', 'x/y'], {
      columns: 60,
      env: {HOME: env.HOME, HF_ENDPOINT: env.HF_ENDPOINT, XDG_CACHE_HOME: '', HF_HOME: ''},
    });
    await program.see(/^fetching m-Q8_0\.gguf: \d+ % of 24\.0 MB, [\d.]+ .B\/s, \d+ s left$/m);
    expect(await program.exited()).toBe(0);
    expect(program.lines().filter((line) => !/^\/|^ready: /.test(line))).toEqual(['x/y: m-Q8_0.gguf (24.0 MB)']);
    const rows = program.output.split('\r').filter((row) => row.includes('fetching'));
    expect(rows.length).toBeGreaterThan(2);
    for (const row of rows) expect(row).toMatch(/^fetching [^\n\x1b]{10,51}\x1b\[K$/);
  });

  test('a license is asked about; no means nothing is fetched', async () => {
    const {server, env} = await hub();
    const program = new PtyProgram(process.execPath, [bin, 'pull', 'codestral'], {
      env: {HOME: env.HOME, HF_ENDPOINT: env.HF_ENDPOINT},
    });
    await program.see(/Non-Production License.*Do you agree\? \[Y\/n\]/s);
    program.type('n\r');
    expect(await program.exited()).toBe(3);
    expect(program.text()).toContain('Codestral 22B v0.1 was not fetched');
    expect(server.ranges).toEqual([]);
  });
});
