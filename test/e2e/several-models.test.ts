// The built program serving several tiny models: a process each, loaded on demand, within a budget, and none of them left behind.
import {type ChildProcess, spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, onTestFinished, test, vi} from 'vitest';
import {randomModel, TINY_SHAPE} from '../fixtures/random-model.ts';
import {parseEvents} from '../serve/events.ts';

const PROGRAM = new URL('../../bin/mistral.js', import.meta.url).pathname;
const DEMO = new URL('../../models/demo/mistral-demo-q8_0.gguf', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'several-'));
const models = join(folder, 'models');
const temporary = join(folder, 'tmp');
beforeAll(() => {
  mkdirSync(join(models, 'below'), {recursive: true});
  mkdirSync(temporary);
  writeFileSync(join(models, 'tiny-Q8_0.gguf'), randomModel(TINY_SHAPE));
  writeFileSync(join(models, 'below', 'small.gguf'), readFileSync(DEMO));
  writeFileSync(join(models, 'cut.gguf'), readFileSync(DEMO).subarray(0, 1000));
});
afterAll(() => rmSync(folder, {recursive: true}));

const env = {...process.env, MISTRAL_STATE_DIR: join(folder, 'state'), TMPDIR: temporary};
const FLAGS = ['--port', '0', '--ctx', '256', '--gpu', 'off', '--threads', '1', '--parallel', '2'];

async function serve(...flags: string[]) {
  const child = spawn(process.execPath, [PROGRAM, 'serve', '--models', models, ...FLAGS, ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env,
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const stderr = () => text;
  const url = await vi.waitFor(() => /models at (http:\S+) /.exec(stderr())?.[1] ?? Promise.reject(text), 30_000);
  const post = (path: string, body: object, init: RequestInit = {}) =>
    fetch(`${url}${path}`, {method: 'POST', body: JSON.stringify(body), ...init});
  const states = async () => {
    const list = (await (await fetch(`${url}/v1/models`)).json()) as {data: {id: string; status: {value: string}}[]};
    return Object.fromEntries(list.data.map(({id, status}) => [id, status.value]));
  };
  return {child, stderr, url, post, states};
}

const exitOf = async (child: ChildProcess) => (await once(child, 'exit')) as [number | null, string | null];
const HI = {messages: [{role: 'user', content: 'What is the capital of France?'}], temperature: 0};
const ENDLESS = {...HI, max_tokens: 200, logit_bias: {2: -100}, stream: true};

/** Ids of the processes that have this folder in their environment and run the program of a model. */
const modelProcesses = () =>
  readdirSync('/proc').filter((id) => {
    try {
      const line = readFileSync(`/proc/${id}/cmdline`, 'utf8');
      return line.includes('model-program') && readFileSync(`/proc/${id}/environ`, 'utf8').includes(folder);
    } catch {
      return false;
    }
  });

test('each is loaded when it is asked for, answers under its names, and all end with the server', async () => {
  const {post, states, child, stderr} = await serve('--alias', 'claude-sonnet-5=small');
  expect(stderr()).toContain('cut.gguf is not served');
  expect(await states()).toEqual({'tiny-Q8_0': 'unloaded', small: 'unloaded'});
  const reply = await post('/v1/chat/completions', {...HI, model: 'SMALL:latest'});
  expect((await reply.json()).choices[0].message.content).toBe('The capital of France is Paris.');
  const message = await post('/v1/messages', {...HI, model: 'claude-sonnet-5', max_tokens: 20});
  expect((await message.json()).content[0].text).toBe('The capital of France is Paris.');
  expect(await states()).toEqual({'tiny-Q8_0': 'unloaded', small: 'loaded'});
  const stream = await post('/v1/chat/completions', {...ENDLESS, model: 'tiny:q8_0'});
  expect(parseEvents(await stream.text()).at(-1)).toBe('[DONE]');
  expect(await states()).toEqual({'tiny-Q8_0': 'loaded', small: 'loaded'});
  child.kill('SIGTERM');
  expect(await exitOf(child)).toEqual([0, null]);
  if (process.platform === 'linux') expect(modelProcesses()).toEqual([]);
  expect(readdirSync(temporary)).toEqual([]);
});

test('a vocabulary counts as the whole model does, and loads nothing else', async () => {
  const {post, states} = await serve();
  const body = {...HI, model: 'small', max_tokens: 5};
  const counted = await (await post('/v1/messages/count_tokens', body)).json();
  expect(await states()).toEqual({'tiny-Q8_0': 'unloaded', small: 'unloaded'});
  const answered = await (await post('/v1/messages', body)).json();
  expect(counted).toEqual({input_tokens: answered.usage.input_tokens});
  expect(await (await post('/v1/messages/count_tokens', body)).json()).toEqual(counted);
});

test('where there is room for one, the idle one makes room for the next', async () => {
  const {post, states, stderr} = await serve('--memory', '28MB');
  for (const model of ['small', 'tiny', 'small']) {
    expect((await post('/v1/chat/completions', {...HI, max_tokens: 2, model})).status).toBe(200);
  }
  expect(await states()).toEqual({'tiny-Q8_0': 'sleeping', small: 'loaded'});
  expect(stderr().match(/^loading .*$/gm)).toEqual(['loading small', 'loading tiny-Q8_0', 'loading small']);
});

test('a model that does not fit is refused with the numbers', async () => {
  const {post} = await serve('--memory', '5MB');
  const reply = await post('/v1/chat/completions', {...HI, model: 'small'});
  expect(reply.status).toBe(400);
  const {code, message} = (await reply.json()).error;
  expect(code).toBe('model_too_large');
  expect(message).toMatch(/^the model 'small' needs \d+\.\d MB of memory, and all models together may have 5\.00 MB$/);
});

test.runIf(process.platform === 'linux')(
  'a crash ends one model alone, and kill -9 of the router leaves none',
  async () => {
    const {post, states, child, stderr} = await serve('--keep-alive', '-1');
    await post('/models/load', {model: 'small'});
    const [first] = modelProcesses();
    await post('/models/load', {model: 'tiny'});
    const stream = await post('/v1/chat/completions', {...ENDLESS, model: 'small'});
    const other = post('/v1/chat/completions', {...HI, max_tokens: 100, model: 'tiny'});
    process.kill(Number(first), 'SIGKILL');
    expect(parseEvents(await stream.text()).at(-1).error).toMatchObject({code: 'engine_failed'});
    expect((await other).status).toBe(200);
    await vi.waitFor(() => expect(stderr()).toContain('the process of the model small ended (SIGKILL, 137)'));
    expect(await states()).toEqual({'tiny-Q8_0': 'loaded', small: 'unloaded'});
    expect((await post('/v1/chat/completions', {...HI, model: 'small'})).status).toBe(200);
    expect(modelProcesses()).toHaveLength(2);
    child.kill('SIGKILL');
    await vi.waitFor(() => expect(modelProcesses()).toEqual([]), 20_000);
  },
);

test('SIGTERM lets running answers finish and takes no new ones, a second one cuts them off and says so', async () => {
  const {post, child, stderr} = await serve();
  await post('/models/load', {model: 'tiny'});
  const endless = {...ENDLESS, max_tokens: 240, model: 'tiny'};
  const streams = await Promise.all([post('/v1/chat/completions', endless), post('/v1/chat/completions', endless)]);
  child.kill('SIGTERM');
  await vi.waitFor(() => expect(stderr()).toMatch(/stopping; [12] request/));
  child.kill('SIGTERM');
  const last = await Promise.all(streams.map(async (stream) => parseEvents(await stream.text()).at(-1)));
  for (const event of last) if (event !== '[DONE]') expect(event.error.code).toBe('draining');
  expect(await exitOf(child)).toEqual([0, null]);
});

test.each([
  [['--models', '.', '--url', 'http://127.0.0.1:1'], '--url is about one model, and --models serves several'],
  [['--models', '.', '--model-path', 'x.gguf'], 'the model x.gguf is about one model'],
  [['--models', models, '--alias', 'fast'], '--alias fast does not say which model it means'],
  [['--models', models, '--alias', 'fast=nix'], "there is no model 'nix' among those served"],
  [['--models', models, '--alias', 'tiny=small'], "'tiny' is a name of 'tiny-Q8_0' already"],
  [['--models', models, '--keep-alive', '5 m'], 'Expected a time such as 5m'],
  [['--models', models, '--memory', 'much'], 'Expected a size such as 16GB'],
  [['--keep-alive', '5m'], '--keep-alive is for --models'],
])('serve %j ends before anything is loaded', (flags, message) => {
  const {status, stderr} = spawnSync(process.execPath, [PROGRAM, 'serve', ...flags], {env, encoding: 'utf8'});
  expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
});

test('a name that means nothing ends the server with what to do', () => {
  const argv = [PROGRAM, 'serve', '--models', 'no-such-model'];
  const {status, stderr} = spawnSync(process.execPath, argv, {env, encoding: 'utf8'});
  expect([status, stderr]).toEqual([3, expect.stringContaining('no-such-model')]);
});
