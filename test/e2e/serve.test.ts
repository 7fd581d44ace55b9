// The built program serving a tiny random model: start, answers of the real engine, signals, exit codes.
import {type ChildProcess, execFile, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {Ollama} from 'ollama';
import {afterAll, beforeAll, expect, onTestFinished, test, vi} from 'vitest';
import * as wire from '../contract/wire.ts';
import {randomModel, TINY_SHAPE} from '../fixtures/random-model.ts';
import {parseEvents} from '../serve/events.ts';

const PROGRAM = new URL('../../bin/mistral.js', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'serve-'));
const model = join(folder, 'tiny.gguf');
beforeAll(() => writeFileSync(model, randomModel(TINY_SHAPE)));
afterAll(() => rmSync(folder, {recursive: true}));

interface Server {
  readonly child: ChildProcess;
  readonly stderr: () => string;
  readonly url: string;
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
}

/** Where the servers of this test leave their notes. */
const env = {...process.env, MISTRAL_STATE_DIR: join(folder, 'state')};

function start(...flags: string[]): {child: ChildProcess; stderr: () => string} {
  const usual = {'--port': '0', '--ctx': '256'};
  const argv = ['serve', model, '--gpu', 'off', '--threads', '1', ...flags];
  for (const [name, value] of Object.entries(usual)) if (!flags.includes(name)) argv.push(name, value);
  const child = spawn(process.execPath, [PROGRAM, ...argv], {stdio: ['ignore', 'ignore', 'pipe'], env});
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return {child, stderr: () => text};
}

async function serve(...flags: string[]): Promise<Server> {
  const {child, stderr} = start(...flags);
  const url = await vi.waitFor(
    () => /serving tiny at (http:\S+)/.exec(stderr())?.[1] ?? Promise.reject(stderr()),
    20_000,
  );
  const post = (path: string, body: unknown, init: RequestInit = {}) =>
    fetch(`${url}${path}`, {method: 'POST', body: JSON.stringify(body), ...init});
  return {child, stderr, url, post};
}

const exitOf = async (child: ChildProcess) => (await once(child, 'exit')) as [number | null, string | null];
/** Room for an answer that runs for as long as a test may take. */
const ROOM = ['--ctx', '65536'];
const ENDLESS = {max_tokens: 60_000, logit_bias: {2: -100}, stream: true};
const HI = {messages: [{role: 'user', content: 'Hi'}], max_tokens: 6, temperature: 0};

test('embeddings: the same vector of length 1 by each dialect, by the clients of Ollama and by none', async () => {
  const {post, url} = await serve();
  const {data} = (await (await post('/v1/embeddings', {input: 'Hello'})).json()) as {data: {embedding: number[]}[]};
  const vector = data[0]?.embedding ?? [];
  expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
  const client = new Ollama({host: url});
  const {embeddings, prompt_eval_count} = await client.embed({model: 'tiny', input: ['Hello', 'Good morning']});
  expect([embeddings.length, embeddings[0]]).toEqual([2, vector]);
  expect(prompt_eval_count).toBeGreaterThan(3);
  expect(await client.embeddings({model: 'tiny', prompt: 'Hello'})).toEqual({embedding: vector});
  expect(await (await post('/embedding', {content: 'Hello'})).json()).toEqual([{index: 0, embedding: [vector]}]);
  await expect(client.embed({model: 'tiny', input: 'a '.repeat(300)})).rejects.toMatchObject({status_code: 400});
});

test('the real engine answers, streamed and whole alike, and SIGTERM ends it with 0', async () => {
  const {post, child, url} = await serve();
  const whole = wire.chatCompletion.parse(await (await post('/v1/chat/completions', HI)).json());
  expect(whole.usage.completion_tokens).toBe(6);
  const stream = await (await post('/v1/chat/completions', {...HI, stream: true})).text();
  const events = parseEvents(stream);
  const chunks = wire.checkChatStream(events);
  const text = chunks.map(({choices: [choice]}) => choice?.delta.content ?? '').join('');
  expect(text).toBe(whole.choices[0]?.message.content);
  const {prompt_tokens, num_cached_tokens} = events.at(-2).usage;
  expect(num_cached_tokens).toBe(prompt_tokens - 1);
  const slots = await (await fetch(`${url}/slots`)).json();
  expect(slots).toHaveLength(4);
  child.kill('SIGTERM');
  expect(await exitOf(child)).toEqual([0, null]);
});

test('more requests than slots are answered side by side, a client that leaves frees its slot', async () => {
  const {post, url, child} = await serve(...ROOM, '--parallel', '2', '--max-queue', '20');
  const replies = Array.from({length: 8}, async (_, index) => {
    const body = {...HI, messages: [{role: 'user', content: `Number ${index}`}]};
    return wire.chatCompletion.parse(await (await post('/v1/chat/completions', body)).json()).usage.completion_tokens;
  });
  expect(await Promise.all(replies)).toEqual(Array.from({length: 8}, () => 6));
  const controller = new AbortController();
  const left = await post('/v1/chat/completions', {...HI, ...ENDLESS}, {signal: controller.signal});
  controller.abort();
  await expect(left.text()).rejects.toThrow();
  const idle = async () => {
    const slots = (await (await fetch(`${url}/slots`)).json()) as {is_processing: boolean}[];
    expect(slots.some(({is_processing}) => is_processing)).toBe(false);
  };
  await vi.waitFor(idle, 5000);
  child.kill('SIGTERM');
  expect(await exitOf(child)).toEqual([0, null]);
});

test('a prompt over the context is a 400 with the code clients look for', async () => {
  const {post} = await serve();
  const reply = await post('/v1/chat/completions', {messages: [{role: 'user', content: 'long '.repeat(300)}]});
  expect(reply.status).toBe(400);
  expect(wire.error.parse(await reply.json()).error.code).toBe('context_length_exceeded');
  const infill = {input_prefix: 'x = 1\n'.repeat(200), input_suffix: '\nprint(x)'.repeat(50), n_predict: 4};
  expect((await post('/infill', infill)).status).toBe(200);
  const native = await post('/completion', {prompt: 'long '.repeat(300)});
  expect(await native.json()).toMatchObject({error: {type: 'exceed_context_size_error', n_ctx: 256}});
});

test('SIGTERM lets a running answer finish, a second one cuts it off', async () => {
  const {post, child} = await serve(...ROOM, '--parallel', '2');
  const reply = await post('/v1/chat/completions', {...HI, ...ENDLESS});
  child.kill('SIGTERM');
  const refused = async () => expect((await post('/v1/completions', {prompt: 'x'})).status).toBe(503);
  await vi.waitFor(refused, 20_000);
  child.kill('SIGTERM');
  const events = parseEvents(await reply.text());
  expect(events.at(-1).error?.code).toBe('draining');
  expect(await exitOf(child)).toEqual([0, null]);
});

test('an infill of no tokens evaluates the prompt for the one that follows', async () => {
  const {post} = await serve();
  const texts = {input_prefix: 'def add(a, b):\n', input_suffix: '\n', temperature: 0};
  await post('/infill', {...texts, n_predict: 0});
  const reply = (await (await post('/infill', {...texts, n_predict: 2})).json()) as {timings: object};
  expect(reply.timings).toMatchObject({prompt_n: 1});
});

test('fill-in-the-middle uses the server that runs, key or not, unless told otherwise', async () => {
  const {url, child} = await serve('--api-key', 'secret');
  const run = promisify(execFile);
  const argv = [
    PROGRAM.replace('mistral.js', 'mistral-fim.js'),
    model,
    '--prefix',
    'def add(',
    '--suffix',
    ': pass',
    '--max-tokens',
    '4',
  ];
  const headers = {authorization: 'Bearer secret'};
  const asked = async () => {
    const text = await (await fetch(`${url}/metrics`, {headers})).text();
    return /route="\/v1\/fim\/completions",status="200"} (\d+)/.exec(text)?.[1] ?? '0';
  };
  const {stdout: attached} = await run(process.execPath, argv, {env});
  expect(await asked()).toBe('1');
  const {stdout: own} = await run(process.execPath, [...argv, '--no-attach'], {env});
  expect(await asked()).toBe('1');
  expect(attached).toBe(own);
  child.kill('SIGTERM');
  await exitOf(child);
  expect(readdirSync(join(folder, 'state', 'servers'))).toEqual([]);
});

test.each([
  ['SIGSEGV', 'SIGSEGV, 139'],
  ['SIGKILL', 'SIGKILL, 137'],
] as const)(
  'a crash of the process with the engine (%s) is told in a line and by the exit code',
  async (signal, told) => {
    const {child, stderr} = await serve();
    const [note] = readdirSync(join(folder, 'state', 'servers'));
    process.kill(Number.parseInt(note ?? '', 10), signal);
    expect(await exitOf(child)).toEqual([5, null]);
    expect(stderr()).toContain(`error: the engine crashed (${told})`);
    rmSync(join(folder, 'state', 'servers', note ?? ''));
  },
);

test('a server whose supervisor is killed ends too', async () => {
  const {child, url} = await serve();
  child.kill('SIGKILL');
  const reached = () =>
    fetch(`${url}/health`).then(
      ({ok}) => ok,
      () => false,
    );
  await vi.waitFor(async () => expect(await reached()).toBe(false), 10_000);
});

test('a port in use is told in one line', async () => {
  const blocker = createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  onTestFinished(() => void blocker.close());
  const {port} = blocker.address() as {port: number};
  const {child, stderr} = start('--port', String(port));
  expect(await exitOf(child)).toEqual([1, null]);
  expect(stderr()).toContain(`error: 127.0.0.1:${port} is in use`);
});

test('another machine is let in only with a key', async () => {
  const {child, stderr} = start('--host', '0.0.0.0');
  expect(await exitOf(child)).toEqual([2, null]);
  expect(stderr()).toContain('--api-key');
});

test('grammars of a client that would keep the engine busy for ever, or overflow it, are a 400 at once', {
  timeout: 120_000,
}, async () => {
  const {post, url} = await serve();
  const chain = Array.from({length: 3000}, (_, at) => `r${at} ::= r${at + 1}\n`).join('');
  const hostile = {
    empty: ' ',
    'left-recursive': 'root ::= root "a"',
    'left-recursive behind nothing': 'root ::= x? root "b" | "c"\nx ::= "x"',
    'a thousand million repetitions': 'root ::= "a"{1000000000}',
    'repetitions in each other': 'root ::= (((("a"{1000}){1000}){1000}){1000}){1000}',
    'many alternatives': `root ::= ${Array.from({length: 5000}, (_, at) => `"${at}"`).join(' | ')}`,
    'deep brackets': `root ::= ${'('.repeat(5000)}"a"${')'.repeat(5000)}`,
    'a chain of rules': `root ::= r0\n${chain}r3000 ::= "a"`,
    'ten times ten times ten of the same': `root ::= ${'x '.repeat(10)}\nx ::= ${'y '.repeat(10)}\ny ::= ${'z '.repeat(10)}\nz ::= ("a" | "a" "a")*`,
    'what may be nothing': 'root ::= ("a"?){1000}',
    'a token nobody has': 'root ::= <[99999999]>',
    'an unknown rule': 'root ::= nope',
    unclosed: 'root ::= [a-',
  };
  for (const [name, grammar] of Object.entries(hostile)) {
    const signal = AbortSignal.timeout(20_000);
    const reply = await post('/completion', {prompt: 'a', n_predict: 4, grammar}, {signal});
    expect({name, status: reply.status}).toEqual({name, status: 400});
    expect(await (await fetch(`${url}/health`, {signal})).json()).toEqual({status: 'ok'});
  }
  const good = await post('/completion', {prompt: 'a', n_predict: 4, grammar: 'root ::= "yes" | "no"'});
  expect((await good.json()) as object).toMatchObject({content: expect.stringMatching(/^(yes|no)$/)});
});
