import {createHash} from 'node:crypto';
import {existsSync, lstatSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import type {IncomingMessage, ServerResponse} from 'node:http';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {hubToken} from '../../../src/commands/model-files/hub-token.ts';
import {run} from '../../../src/commands/program.ts';
import {fakeIo} from '../../fakes/io.ts';
import {scriptedModel} from '../../fakes/scripted-engine.ts';
import {fileServer} from '../../fixtures/file-server.ts';
import {folderWith} from '../../fixtures/folder.ts';
import {proxyServer} from '../../fixtures/proxy-server.ts';
import {denseFolder, hfFolder} from '../../fixtures/tiny-families.ts';
import {tinyModel} from '../../fixtures/tiny-model.ts';

const model = tinyModel();
const sha256 = createHash('sha256').update(model).digest('hex');
const commit = 'c0ffee0123456789';

/** A hub with one repository of one model, and a home of its own. */
async function hub(files: readonly string[] = ['m-Q4_K_M.gguf', 'README.md', '../evil.gguf']) {
  const siblings = files.map((rfilename) => ({rfilename, size: model.length, lfs: {sha256, size: model.length}}));
  const server = await fileServer(
    model,
    {},
    {
      '/api/models/someone/tiny-GGUF/revision/main': (_request, response) => {
        response.end(JSON.stringify({sha: commit, siblings}));
      },
      '/api/models/bartowski/Codestral-22B-v0.1-GGUF/revision/main': (_request, response) => {
        response.writeHead(403).end();
      },
    },
  );
  const home = folderWith();
  const env = {HOME: home, HF_ENDPOINT: server.url, HF_TOKEN: 'hf_secret'};
  const mistral = async (...argv: string[]) => {
    const io = fakeIo('', env);
    const code = await run('mistral', argv, io);
    return {code, out: io.out(), err: io.err()};
  };
  return {server, home, mistral, cache: join(home, '.cache/huggingface/hub/models--someone--tiny-GGUF')};
}

test('a model lands in the hub cache, is listed and removed', async () => {
  const {mistral, cache, server} = await hub();
  const pulled = await mistral('pull', 'hf:someone/tiny-GGUF');
  const path = join(cache, 'snapshots', commit, 'm-Q4_K_M.gguf');
  expect(pulled).toMatchObject({code: 0, out: `${path}\n`});
  expect(lstatSync(path).isSymbolicLink()).toBe(true);
  expect(Buffer.compare(readFileSync(join(cache, 'blobs', sha256)), model)).toBe(0);
  expect(readFileSync(join(cache, 'refs/main'), 'utf8')).toBe(commit);
  expect(server.authorizations[0]).toBe('Bearer hf_secret');
  const listed = JSON.parse((await mistral('list', '--json')).out) as unknown[];
  expect(listed).toEqual([{name: 'hf:someone/tiny-GGUF/m-Q4_K_M.gguf', path, bytes: model.length, store: 'hub'}]);
  expect((await mistral('list')).out).toContain('hf:someone/tiny-GGUF/m-Q4_K_M.gguf  ');
  expect((await mistral('rm', 'm-Q4_K_M.gguf', '--yes')).code).toBe(0);
  // Nothing is left of the repository: a ref without its snapshot is a fault to other programs.
  expect(existsSync(cache)).toBe(false);
});

test('a token does not go to a hub over plain http; what needs none is fetched without it', async () => {
  const {server, home} = await hub();
  const proxy = await proxyServer({leadsTo: new URL(server.url).host});
  const env = {HOME: home, HF_ENDPOINT: 'http://hub.example', HTTP_PROXY: proxy.url, HF_TOKEN: 'hf_secret'};
  const io = fakeIo('', env);
  expect(await run('mistral', ['pull', 'hf:someone/tiny-GGUF'], io)).toBe(0);
  expect(io.err()).toContain(
    'note: your token is not sent to http://hub.example: over plain http everyone on the way could read it\n',
  );
  expect(proxy.asked.length).toBeGreaterThan(0);
  expect(server.authorizations.length).toBeGreaterThan(0);
  expect(server.authorizations.filter((value) => value !== undefined)).toEqual([]);
});

test("the token that the hub's own tools keep goes to no mirror", () => {
  const home = folderWith({'.cache/huggingface/token': 'hf_kept\n'});
  const kept = (endpoint: string, env = {}) => hubToken({env: {HOME: home, ...env}}, endpoint);
  expect(kept('https://huggingface.co')).toBe('hf_kept');
  for (const mirror of ['https://mirror.example', 'https://huggingface.co.example', 'http://127.0.0.1:1', 'none'])
    expect(kept(mirror)).toBeUndefined();
  expect(kept('https://mirror.example', {HF_TOKEN: 'hf_named'})).toBe('hf_named');
});

test('what is there is not fetched again', async () => {
  const {mistral, server} = await hub();
  await mistral('pull', 'hf:someone/tiny-GGUF');
  const before = server.ranges.length;
  expect((await mistral('pull', 'hf:someone/tiny-GGUF:q4_k_m')).code).toBe(0);
  expect(server.ranges).toHaveLength(before);
});

test('a commit that is whole here needs no network; a damaged file is never named as ready', async () => {
  const {mistral, cache, server} = await hub();
  const whole = 'c0ffee01'.repeat(5);
  await mistral('pull', 'hf:someone/tiny-GGUF');
  renameSync(join(cache, 'snapshots', commit), join(cache, 'snapshots', whole));
  writeFileSync(join(cache, 'refs/main'), whole);
  const path = join(cache, 'snapshots', whole, 'm-Q4_K_M.gguf');
  server.ranges.length = 0;
  const pulled = await mistral('pull', `hf:someone/tiny-GGUF@${whole}:Q4_K_M`);
  expect(pulled).toMatchObject({code: 0, out: `${path}\n`});
  expect(await mistral('pull', 'hf:someone/tiny-GGUF', '--offline')).toMatchObject({code: 0, out: `${path}\n`});
  expect(await mistral('pull', 'hf:someone/tiny-GGUF@other', '--offline')).toMatchObject({code: 3, out: ''});
  expect(server.ranges).toEqual([]);
  // Another program wrote the right size and nothing in it.
  writeFileSync(join(cache, 'blobs', sha256), Buffer.alloc(model.length));
  const offline = await mistral('pull', 'hf:someone/tiny-GGUF', '--offline');
  expect(offline).toMatchObject({code: 3, out: ''});
  expect(offline.err).toContain(
    `${path} is damaged, and --offline forbids to fetch it again\nPull it once without --offline`,
  );
  expect(await mistral('pull', `hf:someone/tiny-GGUF@${whole}`)).toMatchObject({code: 5, out: ''});
  rmSync(join(cache, 'blobs', sha256));
  expect(await mistral('pull', 'hf:someone/tiny-GGUF', '--offline')).toMatchObject({code: 3, out: ''});
});

test('what a killed pull left goes with the model, and what belongs to others stays', async () => {
  const {mistral, cache} = await hub();
  await mistral('pull', 'hf:someone/tiny-GGUF');
  for (const end of ['part', 'json', 'lock.takeover'])
    writeFileSync(join(cache, '.mistral-chat', `${sha256}.${end}`), 'x');
  writeFileSync(join(cache, 'blobs', 'other.incomplete'), 'x');
  expect((await mistral('rm', 'm-Q4_K_M.gguf', '--yes')).code).toBe(0);
  expect(readdirSync(cache, {recursive: true}).sort()).toEqual(['blobs', 'blobs/other.incomplete', 'snapshots']);
});

test('a fetched file goes with its parts and notes', async () => {
  const {mistral, server, home} = await hub();
  const folder = join(home, '.cache/mistral-chat/models/fetched');
  await mistral('pull', `${server.url}/m.gguf`);
  for (const name of ['m.gguf.part', 'm.gguf.json', 'n.gguf.part']) writeFileSync(join(folder, name), 'x');
  expect((await mistral('rm', 'm.gguf', '--yes')).code).toBe(0);
  expect(readdirSync(folder)).toEqual(['n.gguf.part']);
});

const git = (bytes: Uint8Array) => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

/** A hub with one repository of these files, the large ones kept beside git. */
async function hubOf(files: Readonly<Record<string, Uint8Array>>, wrong: Readonly<Record<string, string>> = {}) {
  const siblings = Object.entries(files).map(([rfilename, bytes]) => {
    const sum = createHash('sha256').update(bytes).digest('hex');
    const size = bytes.length;
    if (/\.(safetensors|gguf)$/.test(rfilename))
      return {rfilename, size, blobId: '0'.repeat(40), lfs: {sha256: sum, size}};
    return {rfilename, size, blobId: wrong[rfilename] ?? git(bytes)};
  });
  const routes = Object.fromEntries(
    Object.entries(files).map(([name, bytes]) => [
      `/me/tune/resolve/${commit}/${name}`,
      (request: IncomingMessage, response: ServerResponse) => {
        const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
        const part = bytes.subarray(Number(from), Number(to) + 1);
        response.writeHead(206, {etag: '"1"', 'content-range': `bytes ${from}-${to}/${bytes.length}`}).end(part);
      },
    ]),
  );
  const server = await fileServer(
    new Uint8Array(),
    {},
    {
      ...routes,
      '/api/models/me/tune/revision/main': (_request, response) => {
        response.end(JSON.stringify({sha: commit, siblings}));
      },
    },
  );
  const env = {HOME: folderWith(), HF_ENDPOINT: server.url};
  const mistral = async (...argv: string[]) => {
    const io = fakeIo('', env);
    return {code: await run('mistral', argv, io), out: io.out(), err: io.err()};
  };
  const repository = join(env.HOME, '.cache/huggingface/hub/models--me--tune');
  return {mistral, repository, folder: join(repository, 'snapshots', commit)};
}

test('of a repository without a GGUF the folder of its weights comes, ready to be opened', async () => {
  const files: Readonly<Record<string, Uint8Array>> = {
    ...denseFolder(),
    'README.md': Buffer.from('# Mine'),
    'config.json': Buffer.from('{}'),
  };
  const {mistral, folder, repository} = await hubOf({...files, 'model.safetensors': Buffer.from('x')});
  const pulled = await mistral('pull', 'me/tune');
  expect(pulled).toMatchObject({code: 0, out: `${folder}\n`});
  expect(pulled.err).toMatch(/^me\/tune: Mistral's format, \d+ kB in 4 files, converted when it is opened\n/);
  const names = ['config.json', 'consolidated.safetensors', 'params.json', 'tokenizer.model.v3'];
  expect(readdirSync(folder).sort()).toEqual(names);
  for (const name of names) expect(Buffer.compare(readFileSync(join(folder, name)), files[name] as Buffer)).toBe(0);
  expect(readdirSync(join(repository, 'blobs'))).toContain(git(files['params.json'] as Buffer));
  expect((await mistral('inspect', folder)).out).toContain("Mistral's format, BF16 in 1 file");
  const listed = JSON.parse((await mistral('list', '--json')).out) as {name: string; path: string}[];
  expect(listed).toMatchObject([{name: 'hf:me/tune', path: folder}]);
  expect((await mistral('pull', 'me/tune', '--offline')).out).toBe(`${folder}\n`);
  const quantised = await mistral('pull', 'me/tune:Q4_K_M');
  expect(quantised.err).toContain('holds no GGUF model, so no Q4_K_M\nIts weights can be fetched as they are: mistral');
  expect((await mistral('rm', 'hf:me/tune', '--yes')).code).toBe(0);
  expect(existsSync(repository)).toBe(false);
});

test('the original of a repository that has both is its folder', async () => {
  const files = {...hfFolder(), 'tokenizer.json': Buffer.from('{}'), 'chat_template.jinja': Buffer.from('')};
  const {mistral, folder} = await hubOf({...files, 'pytorch_model.bin': Buffer.from('x'), 'm-Q4_K_M.gguf': model});
  expect((await mistral('pull', 'me/tune')).out).toBe(`${join(folder, 'm-Q4_K_M.gguf')}\n`);
  expect(await mistral('pull', 'me/tune:original')).toMatchObject({code: 0, out: `${folder}\n`});
  expect(readdirSync(folder).sort()).toEqual(['m-Q4_K_M.gguf', ...Object.keys(files)].sort());
});

test('a small file that is not the one git names is deleted and told', async () => {
  const {mistral, folder} = await hubOf(denseFolder(), {'params.json': 'f'.repeat(40)});
  const result = await mistral('pull', 'me/tune');
  expect(result).toMatchObject({code: 3, out: ''});
  expect(result.err).toMatch(/params\.json arrived damaged: git names it [0-9a-f]{40}, not f{40}\nIt was deleted/);
  expect(existsSync(folder)).toBe(false);
});

test('the system prompt of a repository comes with its model, and goes with the last one', async () => {
  const prompt = Buffer.from('Be brief.');
  const {mistral, repository, folder} = await hubOf({
    'm-Q4_K_M.gguf': model,
    'm-Q8_0.gguf': scriptedModel('another'),
    'SYSTEM_PROMPT.txt': prompt,
    'README.md': Buffer.from('# Mine'),
  });
  for (const quant of ['Q4_K_M', 'Q8_0']) {
    expect(await mistral('pull', `hf:me/tune:${quant}`)).toMatchObject({code: 0, out: `${folder}/m-${quant}.gguf\n`});
  }
  expect(readdirSync(folder).sort()).toEqual(['SYSTEM_PROMPT.txt', 'm-Q4_K_M.gguf', 'm-Q8_0.gguf']);
  expect(readFileSync(join(folder, 'SYSTEM_PROMPT.txt'))).toEqual(prompt);
  const inspected = JSON.parse((await mistral('inspect', 'm-Q8_0.gguf', '--json')).out) as {systemPrompt: unknown};
  expect(inspected.systemPrompt).toEqual({origin: 'SYSTEM_PROMPT.txt', text: 'Be brief.'});
  expect((await mistral('rm', 'm-Q4_K_M.gguf', '--yes')).code).toBe(0);
  expect(readdirSync(folder).sort()).toEqual(['SYSTEM_PROMPT.txt', 'm-Q8_0.gguf']);
  expect((await mistral('rm', 'm-Q8_0.gguf', '--yes')).code).toBe(0);
  expect(existsSync(repository)).toBe(false);
});

test('a repository of something else is refused', async () => {
  const {mistral} = await hubOf({'config.json': Buffer.from('{}'), 'README.md': Buffer.from('x')});
  const result = await mistral('pull', 'me/tune');
  expect(result.code).toBe(3);
  expect(result.err).toContain('me/tune holds no model\nThere is config.json but no model.safetensors.\n');
});

test.each<[string[], number, RegExp]>([
  [['hf:someone/tiny-GGUF:Q2_K'], 3, /has no Q2_K\nThere are: Q4_K_M/],
  [['hf:nobody/nothing'], 5, /gave no list of nobody\/nothing\nCheck HF_ENDPOINT/],
  [['no such model'], 3, /unknown model "no such model"\nKnown are ministral-3b/],
  [['codestral'], 2, /Non-Production License.*\nNo terminal to ask on/],
  [['codestral', '--yes'], 3, /is gated or private\nAccept the terms on .*Codestral-22B-v0\.1-GGUF, then set HF_TOKEN/],
  [['hf:someone/tiny-GGUF', '--offline'], 3, /is not on this machine, and --offline forbids downloading/],
  [['devstral-2'], 2, /Devstral 2 123B Instruct 2512 is under a modified MIT license.*\(unverified\)\./],
  [['large-4', '--yes'], 3, /Mistral Large 4\.0 1T needs a newer engine: this one does not run mistral-large4\nUpdate/],
  [['large'], 5, /^warning: Mistral Large 3 675B Instruct 2512 takes about 328 GB as Q3_K_M, and this machine has /m],
  [['devstral:original'], 5, /gave no list of mistralai\/Devstral-Small-2-24B-Instruct-2512/],
  [['voxtral'], 5, /^note: where the GGUF of Voxtral Mini 3B 2507 is, is unverified/m],
])('pull %j ends with %i and a line', async (argv, code, message) => {
  const {mistral} = await hub();
  const result = await mistral('pull', ...argv);
  expect(result.err).toMatch(message);
  expect(result.code).toBe(code);
});

test('an address is fetched to a folder of this program', async () => {
  const {mistral, server, home} = await hub();
  const result = await mistral('pull', `${server.url}/some/dir/a%20b.gguf?x=1`);
  expect(result).toMatchObject({code: 0, out: `${join(home, '.cache/mistral-chat/models/fetched/a b.gguf')}\n`});
  expect((await mistral('list')).out).toContain('a b.gguf');
});

test('stores of others are shown and left alone', async () => {
  const {mistral, home} = await hub();
  const {mkdirSync, writeFileSync} = await import('node:fs');
  const put = (name: string, content: string) => {
    mkdirSync(join(home, name, '..'), {recursive: true});
    writeFileSync(join(home, name), content);
  };
  const digest = 'a'.repeat(64);
  put(
    '.ollama/models/manifests/registry.ollama.ai/library/mistral/7b',
    JSON.stringify({layers: [{mediaType: 'application/vnd.ollama.image.model', digest: `sha256:${digest}`}]}),
  );
  put(`.ollama/models/blobs/sha256-${digest}`, 'x');
  put('.ollama/models/manifests/registry.ollama.ai/library/broken/1', '{');
  put('.lmstudio/models/someone/repo/m.gguf', 'x');
  put('.lmstudio/models/someone/repo/mmproj-m.gguf', 'x');
  put('.node-llama-cpp/models/hf_someone_m.gguf', 'x');
  put('.cache/llama.cpp/old.gguf', 'x');
  put('mistral_models/7B/params.json', '{}');
  put('mistral_models/7B/consolidated.safetensors', 'x');
  put('mistral_models/8B.incomplete/params.json', '{}');
  put('mistral_models/8B.incomplete/consolidated.safetensors', 'x');
  const listed = JSON.parse((await mistral('list', '--json')).out) as {name: string; store: string}[];
  expect(listed.map(({name, store}) => [store, name])).toEqual([
    ['mistral_models', '7B'],
    ['ollama', 'ollama:mistral:7b'],
    ['lmstudio', 'm.gguf'],
    ['node-llama-cpp', 'hf_someone_m.gguf'],
    ['llama.cpp', 'old.gguf'],
  ]);
  const refused = await mistral('rm', 'old.gguf', '--yes');
  expect(refused).toMatchObject({code: 2, err: expect.stringContaining('belongs to llama.cpp')});
});

test('the catalogue is shown in 80 columns', async () => {
  const {mistral} = await hub();
  const {out} = await mistral('list', '--available');
  const lines = out.split('\n');
  expect(lines[0]).toBe('NAME                     PARAMETERS    Q4_K_M   LICENSE       ABILITIES');
  expect(lines).toContain('mistral-7b               7.25B         4.38 GB  Apache-2.0    tools');
  expect(lines).toContain('mistral-small-4          119B-A6.5B    71.8 GB  Apache-2.0    tools, reasoning');
  // What was not seen is said, and what this engine does not run is there all the same.
  expect(lines[lines.findIndex((line) => line.startsWith('devstral-2 ')) + 1]).toBe(
    '    unverified: license modified MIT',
  );
  expect(lines[lines.findIndex((line) => line.startsWith('mistral-large-4 ')) + 1]).toBe('    needs a newer engine');
  expect(lines.filter((line) => line.length > 79)).toEqual([]);
  const all = JSON.parse((await mistral('list', '--available', '--json')).out) as {id: string; license: unknown}[];
  expect(all.find(({id}) => id === 'codestral')?.license).toEqual({
    id: 'other',
    title: 'MNPL-0.1',
    consent: 'the Mistral AI Non-Production License: research and testing only, no commercial use',
  });
});
