import {expect, test} from 'vitest';
import type {GenerationEvent} from '../../../src/engine/contract/backend.ts';
import {RunningTimings} from '../../../src/serve/reply/timings.ts';
import {testServer} from '../server.ts';

const PREFILLS: readonly GenerationEvent[] = [
  {type: 'prefill', done: 32, total: 64},
  {type: 'prefill', done: 64, total: 64},
];
const messages = [{role: 'user', content: 'Hi'}];

test('timings of an answer that is being written are never infinite, nor negative', () => {
  let now = 100;
  const running = new RunningTimings(() => now);
  const at = (time: number, event: GenerationEvent) => {
    now = time;
    running.take(event);
    return [running.timings, running.progress];
  };
  const zero = {prompt_ms: 0, prompt_per_token_ms: 0, prompt_per_second: 0, predicted_ms: 0};
  const start = {type: 'prompt', tokens: Array.from({length: 70}, () => 5), cached: 6} as const;
  const none = {...zero, predicted_n: 0, predicted_per_token_ms: 0, predicted_per_second: 0};
  expect(at(100, start)).toEqual([
    {...none, cache_n: 6, prompt_n: 0},
    {total: 70, cache: 6, processed: 6, time_ms: 0},
  ]);
  expect(at(110, {type: 'prefill', done: 32, total: 64})[1]).toEqual({total: 70, cache: 6, processed: 38, time_ms: 10});
  expect(at(120, {type: 'text', text: 'a'})[0]).toMatchObject({
    prompt_n: 64,
    prompt_ms: 20,
    prompt_per_second: 3200,
    predicted_n: 1,
    predicted_per_second: 0,
  });
  expect(at(170, {type: 'text', text: 'bc', tokens: [5, 6]})[0]).toMatchObject({
    predicted_n: 3,
    predicted_ms: 50,
    predicted_per_second: 40,
  });
});

test.each([
  ['/completion', {prompt: 'a'}],
  ['/v1/chat/completions', {messages}],
] as const)('%s: return_progress tells how much of the prompt is read', async (url, body) => {
  const {post} = await testServer([...PREFILLS, 'b']);
  const progress = async (fields: object) =>
    (await post(url, {...body, stream: true, ...fields})).events().flatMap((one) => one.prompt_progress ?? []);
  const told = await progress({return_progress: true});
  expect(told.map(({processed, cache}) => [processed, cache])).toEqual([
    [0, 0],
    [32, 0],
    [64, 0],
  ]);
  expect(await progress({})).toEqual([]);
});

test.each([
  ['/completion', {prompt: 'a'}],
  ['/v1/chat/completions', {messages}],
] as const)('%s: timings_per_token has the timings in every event of text', async (url, body) => {
  const {post} = await testServer(['b', 'c']);
  const events = async (fields: object) =>
    (await post(url, {...body, stream: true, ...fields})).events().filter((one) => one !== '[DONE]');
  const said = (one: {content?: string; choices?: [{delta: {content?: string}}]}) =>
    one.content || one.choices?.[0].delta.content;
  const with_ = (await events({timings_per_token: true})).filter(said);
  expect(with_.map(({timings}) => timings.predicted_n)).toEqual([1, 2]);
  expect((await events({})).filter(said).some((one) => 'timings' in one)).toBe(false);
});

test('a chat that asks for timings has them where the usage is, whole and streamed', async () => {
  const {post} = await testServer(['b', 'c']);
  const body = {messages, timings_per_token: true};
  expect((await post('/v1/chat/completions', body)).json().timings.predicted_n).toBe(2);
  const streamed = await post('/v1/chat/completions', {...body, stream: true, stream_options: {include_usage: true}});
  const last = streamed.events().at(-2);
  expect({choices: last.choices, predicted: last.timings.predicted_n}).toEqual({choices: [], predicted: 2});
});
