import {existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {describe, expect, onTestFinished, test} from 'vitest';
import {openBackend} from '../../../src/commands/open-model/open-backend.ts';
import {
  announceServer,
  attachedBackend,
  attachedFim,
  changesAnswers,
  findServer,
} from '../../../src/commands/open-model/running-servers.ts';
import type {EngineFlags} from '../../../src/commands/options.ts';
import {run} from '../../../src/commands/program.ts';
import {embeddedFile, embeddedFolder} from '../../../src/engine/models/embedded-file.ts';
import {httpServer, json, sse} from '../../fakes/http-server.ts';
import {fakeIo} from '../../fakes/io.ts';
import {scriptedEngine, scriptedModel} from '../../fakes/scripted-engine.ts';

const never = new AbortController().signal;

/** An empty state folder with a model file beside it. */
function setUp() {
  const folder = mkdtempSync(join(tmpdir(), 'attach-'));
  onTestFinished(() => rmSync(folder, {recursive: true}));
  const model = join(folder, 'm.gguf');
  writeFileSync(model, '');
  return {env: {MISTRAL_STATE_DIR: folder}, model, servers: join(folder, 'servers')};
}

test('a server is found by its model, with its key, until it takes its note away', async () => {
  const {env, model, servers} = setUp();
  const {url, asked} = await httpServer((_one, response) => json(response, {data: [{id: 'm'}]}));
  const withdraw = announceServer(env, 7, {url, model, id: 'm', key: 'k'});
  expect(statSync(join(servers, '7.json')).mode & 0o777).toBe(0o600);
  expect((await findServer(env, model, never))?.model.id).toBe('m');
  expect(asked[0]?.headers.authorization).toBe('Bearer k');
  writeFileSync(join(env.MISTRAL_STATE_DIR, 'other.gguf'), '');
  expect(await findServer(env, join(env.MISTRAL_STATE_DIR, 'other.gguf'), never)).toBeUndefined();
  withdraw();
  expect(readdirSync(servers)).toEqual([]);
  expect(await findServer(env, model, never)).toBeUndefined();
});

test('the note of a server that died is no hindrance, and is cleared away', async () => {
  const {env, model, servers} = setUp();
  const {url} = await httpServer((_one, response) => json(response, {data: [{id: 'alive'}]}));
  announceServer(env, 1, {url: 'http://127.0.0.1:1', model, id: 'm'});
  announceServer(env, 2, {url, model, id: 'm'});
  expect((await findServer(env, model, never))?.model.id).toBe('alive');
  expect(readdirSync(servers)).toEqual(['2.json']);
});

test('a server that answers with a failure is left alone, and keeps its note', async () => {
  const {env, model, servers} = setUp();
  const {url} = await httpServer((_one, response) => json(response, {error: {message: 'draining'}}, 503));
  announceServer(env, 1, {url, model, id: 'm'});
  expect(await findServer(env, model, never)).toBeUndefined();
  expect(readdirSync(servers)).toEqual(['1.json']);
});

test('a running server is found from the command line alone, without opening the model', async () => {
  const {env, model} = setUp();
  const {url} = await httpServer((_one, response) => json(response, {data: [{id: 'm'}]}));
  const io = {...fakeIo('', {...env, MISTRAL_MODEL: model}), cwd: dirname(model)};
  const found = async (argument: string | undefined, flags = {}) =>
    (await attachedBackend(io, argument, flags))?.model.id;
  expect(await found('m.gguf')).toBeUndefined();
  announceServer(env, 7, {url, model, id: 'm'});
  expect(await found('m.gguf')).toBe('m');
  expect(await found(undefined)).toBe('m');
  expect(await found('m.gguf', {ctx: 100})).toBeUndefined();
  expect(await found('m.gguf', {url: 'http://elsewhere/v1'})).toBeUndefined();
  expect(await found('.')).toBeUndefined();
  expect(await found('missing.gguf')).toBeUndefined();
});

const CHANGED: readonly EngineFlags[] = [
  {loraPath: 'a.gguf'},
  {template: 'v7'},
  {gpu: 'off'},
  {gpuLayers: 3},
  {ctx: 100},
  {kvType: 'Q8_0'},
  {threads: 2},
];

test.each(CHANGED)('a running server is passed by for %j: it may have the model otherwise', async (flags) => {
  const {env, model} = setUp();
  const {url, asked} = await httpServer((_one, response) => json(response, {data: [{id: 'm'}]}));
  announceServer(env, 7, {url, model, id: 'm'});
  const io = {...fakeIo('', env), cwd: dirname(model)};
  expect(attachedFim(io, 'm.gguf', {})?.model.id).toBe('m');
  expect(attachedFim(io, 'm.gguf', flags)).toBeUndefined();
  expect(await attachedBackend(io, 'm.gguf', flags)).toBeUndefined();
  expect(asked).toEqual([]);
});

test.each<[EngineFlags, boolean]>([
  [{loraPath: 'a.gguf'}, true],
  [{template: 'v7'}, true],
  [{gpu: 'off', gpuLayers: 3, ctx: 100, kvType: 'Q8_0', threads: 2}, false],
  [{}, false],
])('of the flags of a server, %j changes its answers: %s', (flags, changed) => {
  expect(changesAnswers(flags)).toBe(changed);
});

test('a chat that asks for an adapter opens the model itself, though a server has it', async () => {
  const {env} = setUp();
  const {url, asked} = await httpServer((_one, response) => json(response, {data: [{id: 'demo'}]}));
  announceServer(env, 7, {url, model: embeddedFile() ?? '', id: 'demo'});
  const io = fakeIo('', env);
  expect((await openBackend(io, undefined, {}, {attach: true})).model.id).toBe('demo');
  expect(asked).toHaveLength(1);
  const opening = openBackend(io, undefined, {loraPath: '/nowhere/lora'}, {attach: true});
  await expect(opening).rejects.toMatchObject({message: 'there is no LoRA adapter /nowhere/lora'});
  expect(asked).toHaveLength(1);
});

test('the embedded model is the one meant when none is named', async () => {
  const {env} = setUp();
  const [name = ''] = readdirSync(embeddedFolder).filter((entry) => entry.endsWith('.gguf'));
  const {url} = await httpServer((_one, response) => json(response, {data: [{id: 'demo'}]}));
  announceServer(env, 7, {url, model: join(embeddedFolder, name), id: 'demo'});
  const io = fakeIo('', env);
  expect((await attachedBackend(io, undefined, {}))?.model.id).toBe('demo');
});

test.each([
  ['is cut off', '{"url":"http://127.0.0.1:1","mo', /1\.json, which should name a running server, is damaged \(.*JSON/],
  ['is empty', '', /is damaged/],
  ['is no object', 'null', /is damaged/],
  ['names no model', '{"url":"http://127.0.0.1:1","id":"m"}', /\(it names no model\)/],
  ['has no address', '{"url":"here","model":"m","id":"m"}', /\(it has no address\)/],
])('a note that %s hides no other server, and is told once', async (_, text, complaint) => {
  const {env, model, servers} = setUp();
  const {url} = await httpServer((_one, response) => json(response, {data: [{id: 'alive'}]}));
  announceServer(env, 2, {url, model, id: 'm', contextSize: 9});
  writeFileSync(join(servers, '1.json'), text);
  writeFileSync(join(servers, 'README'), 'no note');
  const said: string[] = [];
  const found = async () => (await findServer(env, model, never, (line) => said.push(line)))?.model.id;
  expect(await found()).toBe('alive');
  expect(said).toEqual([expect.stringMatching(complaint)]);
  expect(await found()).toBe('alive');
  expect(said).toHaveLength(1);
  expect(readdirSync(servers)).toEqual(['2.json', 'README']);
});

const FIM = ['mistral-fim', '--prefix', 'a', '--suffix', 'b'];
const CHAT = ['mistral-chat', '--instruct', '-p', 'hi'];
const MIDDLE = [{choices: [{delta: {content: 'by the server'}}]}, {choices: [{delta: {}, finish_reason: 'stop'}]}];

/** What a program says with these flags, where a server has the model open; it alone says "by the server". */
async function answeredWith([program = '', ...argv]: readonly string[], ...flags: string[]): Promise<string> {
  scriptedEngine();
  const {env, model} = setUp();
  writeFileSync(model, scriptedModel('by the model'));
  writeFileSync(join(dirname(model), 'adapter.gguf'), 'x');
  const {url} = await httpServer(({path}, response) =>
    path === '/v1/models' ? json(response, {data: [{id: 'm'}]}) : sse(response, MIDDLE),
  );
  announceServer(env, 7, {url, model, id: 'm'});
  const io = Object.assign(fakeIo('', {HOME: dirname(model), ...env}), {cwd: dirname(model)});
  expect(await run(program, ['m.gguf', ...argv, ...flags], io)).toBe(0);
  return io.out().trim();
}

describe.each([
  ['a fill-in', FIM],
  ['a chat of one prompt', CHAT],
])('%s', (_, program) => {
  test.each([
    ['--lora-path', 'adapter.gguf'],
    ['--lora-path', 'adapter.gguf', '--lora-scale', '0.5'],
    ['--template', 'v3'],
    ['--gpu', 'off'],
    ['--gpu-layers', '0'],
    ['--ctx', '64'],
    ['--kv-type', 'q8_0'],
    ['--threads', '1'],
    ['--no-attach'],
  ])('opens the model itself with %s %s', async (...flags) => {
    expect(await answeredWith(program, ...flags)).toBe('by the model');
  });

  test.each([[], ['--quant', 'Q8_0'], ['--verbose'], ['--yes'], ['--no-memory-check'], ['--temperature', '0.5']])(
    'asks a running server in spite of %s',
    async (...flags) => {
      expect(await answeredWith(program, ...flags)).toBe('by the server');
    },
  );
});

test.each([
  [[], 1],
  [['--ctx', '64'], 1],
  [['--lora-path', 'adapter.gguf'], 0],
  [['--template', 'v3'], 0],
])('a server with %s leaves a note where it answers as its file does: %i', async (flags, notes) => {
  scriptedEngine();
  const {env, model, servers} = setUp();
  writeFileSync(model, scriptedModel('a'));
  writeFileSync(join(dirname(model), 'adapter.gguf'), 'x');
  let seen: number | undefined;
  const captureInterrupt = (end: () => void) => {
    seen = existsSync(servers) ? readdirSync(servers).length : 0;
    setImmediate(end);
    return () => {};
  };
  const io = Object.assign(fakeIo('', env), {cwd: dirname(model), captureInterrupt});
  expect(await run('mistral', ['serve', 'm.gguf', '--port', '0', '--log-level', 'silent', ...flags], io)).toBe(0);
  expect(seen).toBe(notes);
});
