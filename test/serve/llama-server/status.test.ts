import {once} from 'node:events';
import {get as httpGet, type IncomingMessage} from 'node:http';
import {setTimeout as sleep} from 'node:timers/promises';
import {expect, test, vi} from 'vitest';
import {testServer} from '../server.ts';

test('props tell the model without the path to it', async () => {
  const {get} = await testServer();
  expect((await get('/props')).json()).toMatchObject({
    default_generation_settings: {n_ctx: 256},
    total_slots: 1,
    model_alias: 'scripted',
    model_path: 'scripted.gguf',
    chat_template: 'mistral-v3',
  });
});

test('slots tell which are busy', async () => {
  const {get, post, backend} = await testServer([() => sleep(60)], {slots: 2});
  const running = post('/completion', {prompt: 'a'});
  await vi.waitFor(() => expect(backend.running).toBe(1), {interval: 5});
  expect((await get('/slots')).json()).toMatchObject([
    {id: 0, n_ctx: 256, is_processing: true, params: {seed: 4294967295, logit_bias: []}},
    {id: 1, n_ctx: 256, is_processing: false},
  ]);
  await running;
});

test('metrics count tokens under llama-server names and requests by route and status', async () => {
  const {get, post, service} = await testServer(['b', 'c']);
  await post('/completion', {prompt: 'a'});
  await post('/completion', {prompt: 7});
  expect((await get('/metrics')).text).toContain('mistral_token_threads 0\n');
  service.metrics.setThreads(2);
  const {text, headers} = await get('/metrics');
  expect(headers['content-type']).toMatch(/^text\/plain/);
  const lines = text.split('\n');
  expect(lines).toContain('llamacpp:prompt_tokens_total 2');
  expect(lines).toContain('llamacpp:tokens_predicted_total 2');
  expect(lines).toContain('llamacpp:requests_processing 0');
  expect(lines).toContain('mistral_requests_total{route="/completion",status="200"} 1');
  expect(lines).toContain('mistral_requests_total{route="/completion",status="400"} 1');
  expect(lines).toContain('mistral_generations_total{reason="stop"} 1');
  // The script's figures: 10 ms for a prompt of one token, 100 ms for an answer of two, 20 ms to the first of them.
  expect(lines).toContain('llamacpp:prompt_seconds_total 0.01');
  expect(lines).toContain('llamacpp:tokens_predicted_seconds_total 0.1');
  expect(lines).toContain('llamacpp:prompt_tokens_seconds 200');
  expect(lines).toContain('llamacpp:predicted_tokens_seconds 20');
  expect(lines).toContain('mistral_token_threads 2');
  expect(lines).toContain('mistral_time_to_first_token_seconds_sum 0.02');
});

test('metrics count steps, the answers in them and the longest one, and say since when', async () => {
  const pause = () => sleep(5);
  const {get, post} = await testServer(['b', pause, 'c', pause, 'd'], {slots: 2});
  await post('/completion', {prompt: 'aaaa'});
  await post('/completion', {prompt: 'a'});
  const reply = await get('/metrics');
  expect(Number(reply.headers['process-start-time-unix'])).toBeGreaterThan(1_700_000_000);
  const value = (name: string) => Number(new RegExp(`^llamacpp:${name} (.*)$`, 'm').exec(reply.text)?.[1]);
  expect({
    decodes: value('n_decode_total'),
    busy: value('n_busy_slots_per_decode'),
    most: value('n_tokens_max'),
  }).toEqual({decodes: 6, busy: 1, most: 8});
});

test("the time of the start has llama-server's capitals on the wire", async () => {
  const {listen} = await testServer();
  const request = httpGet(`${await listen()}/metrics`);
  const [reply] = (await once(request, 'response')) as [IncomingMessage];
  reply.resume();
  const at = reply.rawHeaders.indexOf('Process-Start-Time-Unix');
  expect(Number(reply.rawHeaders[at + 1])).toBeGreaterThan(1_700_000_000);
});

test('before the first answer they are numbers too', async () => {
  const {get} = await testServer();
  const {text} = await get('/metrics');
  expect(text).toContain('\nllamacpp:n_decode_total 0\n');
  expect(text).toContain('\nllamacpp:n_busy_slots_per_decode 0\n');
});
