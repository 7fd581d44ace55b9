import {request} from 'node:http';
import {setTimeout as sleep} from 'node:timers/promises';
import {pino} from 'pino';
import {expect, onTestFinished, test, vi} from 'vitest';
import {EngineError} from '../../src/base/errors.ts';
import type {Backend} from '../../src/engine/contract/backend.ts';
import {createApp} from '../../src/serve/app.ts';
import {stepWatch} from '../../src/serve/engine-watch.ts';
import {ScriptedBackend, type Step} from '../fakes/scripted-backend.ts';
import {OPTIONS} from './app-options.ts';
import {parseEvents} from './events.ts';
import {testServer} from './server.ts';

/** A generation that goes on until it is aborted. */
const ENDLESS: readonly Step[] = ['tick', ...Array.from({length: 10_000}, () => [() => sleep(1), 'tick']).flat()];

const engineFails = () => {
  throw new EngineError('engine_failed', 'the engine failed while generating: Eval has failed');
};

const untilAborted = (signal: AbortSignal) =>
  new Promise((resolve) => signal.addEventListener('abort', resolve, {once: true}));

test('while the model loads, health and routes answer 503 with a time to come back', async () => {
  let loaded = (_backend: Backend) => {};
  const backend = new Promise<Backend>((resolve) => {
    loaded = resolve;
  });
  const {app} = await createApp(backend, OPTIONS);
  onTestFinished(() => app.close());
  const ask = (url: string) => app.inject({url, headers: {host: 'localhost'}});
  expect(await ask('/health')).toMatchObject({statusCode: 503});
  const models = await ask('/v1/models');
  expect(models).toMatchObject({statusCode: 503, headers: {'retry-after': '2'}});
  expect(models.json()).toEqual({
    error: {message: 'the model is still loading', type: 'unavailable_error', param: null, code: 'loading'},
  });
  loaded(new ScriptedBackend());
  await sleep(0);
  expect(await ask('/health')).toMatchObject({statusCode: 200});
});

test('draining finishes what runs and refuses what comes', async () => {
  let finish = () => {};
  const gate = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const {service, post, get, backend} = await testServer([() => gate, 'done']);
  const running = post('/v1/completions', {prompt: 'a'});
  await vi.waitFor(() => expect(backend.running).toBe(1));
  service.drain();
  expect(await post('/v1/completions', {prompt: 'b'})).toMatchObject({status: 503, headers: {'retry-after': '5'}});
  expect(await get('/health')).toMatchObject({status: 503});
  finish();
  expect((await running).json().choices[0].text).toBe('done');
});

test('stopping ends a stream with an error and without [DONE], and a waiting reply with 503', async () => {
  const {service, post, backend} = await testServer(['half', untilAborted]);
  const stream = post('/v1/completions', {prompt: 'a', stream: true});
  await vi.waitFor(() => expect(backend.running).toBe(1));
  const queued = post('/v1/completions', {prompt: 'b'});
  await vi.waitFor(() => expect(service.admission.waiting).toBe(1));
  service.stop();
  const events = (await stream).events();
  expect(events.at(-1)).toEqual({
    error: {message: 'the server was stopped', type: 'unavailable_error', param: null, code: 'draining'},
  });
  expect(await queued).toMatchObject({status: 503});
});

test.each([
  ['a stream', true],
  ['a whole reply', false],
])('a client that leaves during %s frees its slot', async (_name, stream) => {
  const {listen, backend, service} = await testServer(ENDLESS);
  const url = await listen();
  const controller = new AbortController();
  const body = JSON.stringify({prompt: 'a', max_tokens: 5000, stream});
  const reply = fetch(`${url}/v1/completions`, {method: 'POST', body, signal: controller.signal}).then((r) => r.text());
  await vi.waitFor(() => expect(backend.running).toBe(1));
  controller.abort();
  await expect(reply).rejects.toThrow();
  await vi.waitFor(() => expect(backend.finished).toEqual(['aborted']));
  await vi.waitFor(() => expect(service.admission.active).toBe(0));
});

test('a client that leaves the queue never reaches the backend', async () => {
  const {listen, backend, service} = await testServer(ENDLESS);
  const url = await listen();
  const post = (signal: AbortSignal) =>
    fetch(`${url}/v1/completions`, {method: 'POST', body: '{"prompt":"a","max_tokens":5000}', signal}).catch(() => {});
  const [first, second] = [new AbortController(), new AbortController()];
  const replies = [post(first.signal)];
  await vi.waitFor(() => expect(backend.running).toBe(1));
  replies.push(post(second.signal));
  await vi.waitFor(() => expect(service.admission.waiting).toBe(1));
  second.abort();
  await vi.waitFor(() => expect(service.admission.waiting).toBe(0));
  first.abort();
  await Promise.all(replies);
  await vi.waitFor(() => expect(service.admission.active).toBe(0));
  expect(backend.calls).toHaveLength(1);
});

test('a client that never reads stops the generation, then loses its connection', async () => {
  const wide: readonly Step[] = Array.from({length: 3000}, () => 'x'.repeat(10_000));
  const {listen, backend, service} = await testServer(wide, {stallMs: 50});
  const url = await listen();
  const socket = request(`${url}/v1/completions`, {method: 'POST'}, (response) => response.pause());
  socket.on('error', () => {});
  socket.end('{"prompt":"a","stream":true,"max_tokens":3000}');
  await vi.waitFor(() => expect(backend.finished).toEqual(['aborted']), 20_000);
  expect(service.admission.active).toBe(0);
  socket.destroy();
});

test('a stream that waits sends comments, so that nobody on the way cuts it', async () => {
  const {post} = await testServer([() => sleep(50), 'late'], {heartbeatMs: 10});
  const {text} = await post('/v1/completions', {prompt: 'a', stream: true});
  expect(text).toMatch(/^:\n\n/m);
  expect(parseEvents(text).at(-1)).toBe('[DONE]');
});

test('three requests on one slot with a queue of one: two answers and a 429', async () => {
  const {post} = await testServer([() => sleep(20), 'ok'], {maxQueue: 1});
  const replies = await Promise.all([1, 2, 3].map(() => post('/v1/completions', {prompt: 'a'})));
  expect(replies.map(({status}) => status).sort()).toEqual([200, 200, 429]);
  expect(replies.find(({status}) => status === 429)?.headers['retry-after']).toBe('1');
});

test('an engine that breaks down: 500 for the answers it was computing, then 503 everywhere and a death to report', async () => {
  const {service, post, get} = await testServer([engineFails]);
  const reply = await post('/v1/completions', {prompt: 'a'});
  expect(reply.status).toBe(500);
  expect(reply.json().error).toMatchObject({type: 'server_error', code: 'engine_failed'});
  expect(await service.dead).toMatchObject({code: 'engine_failed'});
  expect(await post('/v1/completions', {prompt: 'a'})).toMatchObject({status: 503, headers: {'retry-after': '2'}});
  expect((await get('/health')).json()).toEqual({
    error: {code: 503, message: 'The engine failed', type: 'unavailable_error'},
  });
  expect(service.admission.active).toBe(0);
});

test('an engine that is busy with one step for too long is down until that ends', async () => {
  const {service, post, get} = await testServer(['fine']);
  const log: string[] = [];
  const watch = stepWatch(service, pino({level: 'info'}, {write: (line) => void log.push(line)}), 120_000);
  expect(watch.limitMs).toBe(120_000);
  watch.onStall(true);
  expect(JSON.parse(log[0] ?? '')).toMatchObject({level: 50, seconds: 120, msg: 'a step of the engine does not end'});
  expect((await get('/health')).status).toBe(503);
  const reply = await post('/v1/completions', {prompt: 'a'});
  expect(reply.status).toBe(503);
  expect(reply.json().error.message).toBe('the engine has been busy with one step for more than 120 s');
  watch.onStall(false);
  expect(log[1]).toContain('the engine has recovered');
  expect((await get('/health')).status).toBe(200);
  expect((await post('/v1/completions', {prompt: 'a'})).status).toBe(200);
});

test('a stream that was open when the engine broke down ends with its error', async () => {
  const scripts: Step[][] = [['half', engineFails], ['alive']];
  const {post, get} = await testServer(() => scripts.shift() ?? []);
  const events = (await post('/v1/completions', {prompt: 'a', stream: true})).events();
  expect(events.at(-1).error.code).toBe('engine_failed');
  await vi.waitFor(async () => expect((await get('/health')).status).toBe(200));
});
