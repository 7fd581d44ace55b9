// Our use of the Hugging Face hub's cache held to huggingface_hub itself: each reads, completes and deletes what the other
// wrote. HUB_PYTHONS names Pythons that have it, separated by colons. Run by `npm run test:reference`.
import {execFile, spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import type {IncomingMessage, ServerResponse} from 'node:http';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {promisify} from 'node:util';
import {describe, expect, test} from 'vitest';
import {fileServer} from '../fixtures/file-server.ts';
import {folderWith} from '../fixtures/folder.ts';

const pythons = (process.env.HUB_PYTHONS ?? '').split(':').filter((path) => path !== '');
const run = promisify(execFile);
const commit = 'c0ffee01'.repeat(5);
const content = Buffer.from(Uint32Array.from({length: 10 << 20}, (_, i) => Math.imul(i, 2654435761)).buffer);
const sha256 = createHash('sha256').update(content).digest('hex');
const FILE = 'm-Q8_0.gguf';

/** A hub as both sides know it: the list, HEAD and ranges of one file of 42 MB. */
async function hub(python: string) {
  let pace = 0;
  let gets = 0;
  const siblings = [{rfilename: FILE, size: content.length, lfs: {sha256, size: content.length}}];
  const list = (_: IncomingMessage, response: ServerResponse) =>
    response.setHeader('content-type', 'application/json').end(JSON.stringify({sha: commit, siblings}));
  const file = async (request: IncomingMessage, response: ServerResponse) => {
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const [from, to] = [Number(range?.[1] ?? 0), range?.[2] ? Number(range[2]) : content.length - 1];
    response.writeHead(range ? 206 : 200, {
      etag: `"${sha256}"`,
      'x-linked-etag': `"${sha256}"`,
      'x-linked-size': content.length,
      'x-repo-commit': commit,
      'content-length': to - from + 1,
      ...(range && {'content-range': `bytes ${from}-${to}/${content.length}`}),
    });
    if (request.method === 'HEAD') return response.end();
    if (to > from) gets += 1;
    for (let at = from; at <= to && !response.destroyed; at += 1 << 18) {
      response.write(content.subarray(at, Math.min(to + 1, at + (1 << 18))));
      if (pace > 0) await sleep(pace);
    }
    return response.end();
  };
  const names = ['main', 'v1', commit].flatMap((revision) => [
    [`/api/models/x/y/revision/${revision}`, list],
    [`/x/y/resolve/${revision}/${FILE}`, (a: IncomingMessage, b: ServerResponse) => void file(a, b)],
  ]);
  const server = await fileServer(content, {}, Object.fromEntries(names));
  const home = folderWith();
  const cache = join(home, 'hub');
  const env = {...process.env, HOME: home, HF_HUB_CACHE: cache, HF_ENDPOINT: server.url, HF_HUB_DISABLE_XET: '1'};
  const mistral = join(import.meta.dirname, '../../bin/mistral.js');
  const ours = async (...args: string[]) => (await run(process.execPath, [mistral, ...args], {env})).stdout.trim();
  const theirs = async (...args: string[]): Promise<unknown> => {
    const [command = '', ...rest] = args;
    const script = join(import.meta.dirname, 'hub-cache.py');
    const {stdout} = await run(python, [script, command, server.url, ...rest], {env});
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  };
  /** Ends ours or theirs by kill -9 when some of the file has come. */
  const killed = async (who: 'ours' | 'theirs') => {
    pace = 40;
    const script = join(import.meta.dirname, 'hub-cache.py');
    const child =
      who === 'ours'
        ? spawn(process.execPath, [mistral, 'pull', 'x/y'], {env, stdio: 'ignore'})
        : spawn(python, [script, 'download', server.url], {env, stdio: 'ignore'});
    for (let waited = 0; gets === 0 && waited < 20_000; waited += 50) await sleep(50);
    await sleep(1500);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    pace = 0;
    gets = 0;
  };
  const path = join(cache, 'models--x--y/snapshots', commit, FILE);
  return {ours, theirs, killed, cache, path, blob: join(cache, 'models--x--y/blobs', sha256), gets: () => gets};
}

const isRight = (path: string) => Buffer.compare(readFileSync(path), content) === 0;
const CLEAN = {warnings: [], repos: ['x/y'], files: [FILE], size: content.length};

test.skipIf(pythons.length > 0)('HUB_PYTHONS names no Python: huggingface_hub was not tried', () => {});

describe.each(pythons)('huggingface_hub of %s', (python) => {
  test('reads, scans and deletes what we fetched', async () => {
    const {ours, theirs, path, cache, gets} = await hub(python);
    expect(await ours('pull', 'x/y')).toBe(path);
    expect(await ours('pull', 'x/y@v1')).toBe(path);
    const before = gets();
    expect(await theirs('scan')).toEqual(CLEAN);
    expect([await theirs('load'), await theirs('load', 'v1'), await theirs('local')]).toEqual([path, path, path]);
    expect(await theirs('download')).toBe(path);
    expect(gets()).toBe(before);
    expect(await theirs('delete')).toEqual({warnings: [], repos: [], files: [], size: 0});
    expect(existsSync(join(cache, 'models--x--y'))).toBe(false);
    expect(JSON.parse(await ours('list', '--json'))).toEqual([]);
  });

  test('downloads the right file after we were killed in it, and scans what we left without a word', async () => {
    const {ours, theirs, killed, path, cache, gets} = await hub(python);
    await killed('ours');
    expect(readdirSync(join(cache, 'models--x--y/.mistral-chat'))).toContain(`${sha256}.part`);
    expect(await theirs('download')).toBe(path);
    expect(isRight(path)).toBe(true);
    expect(await theirs('scan')).toEqual(CLEAN);
    const before = gets();
    expect(await ours('pull', 'x/y')).toBe(path);
    expect(gets()).toBe(before);
    expect(readdirSync(join(cache, 'models--x--y/.mistral-chat'))).toEqual(['checked.json']);
  });

  test('was killed: we fetch the right file and leave its part alone; what it fetched we list and remove', async () => {
    const {ours, theirs, killed, path, blob, cache, gets} = await hub(python);
    await killed('theirs');
    const left = readdirSync(join(blob, '..'));
    expect(left).toHaveLength(1);
    expect(await ours('pull', 'x/y')).toBe(path);
    expect(isRight(path)).toBe(true);
    expect(readdirSync(join(blob, '..')).sort()).toEqual([...left, sha256].sort());
    expect(await theirs('download')).toBe(path);
    await ours('rm', `hf:x/y/${FILE}`, '--yes');
    expect(existsSync(blob)).toBe(false);
    expect(await theirs('download')).toBe(path);
    expect(isRight(path)).toBe(true);
    const before = gets();
    expect(await ours('pull', 'x/y')).toBe(path);
    expect(gets()).toBe(before);
    await ours('rm', path, '--yes');
    expect(await theirs('scan')).toMatchObject({warnings: [], files: []});
    expect(existsSync(join(cache, 'models--x--y/refs'))).toBe(false);
  });
});
