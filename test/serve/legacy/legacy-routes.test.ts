import {expect, test} from 'vitest';
import * as wire from '../../contract/wire.ts';
import {testServer} from '../server.ts';

const messages = [{role: 'user', content: 'Hi'}];
const fastApi422 = (loc: (string | number)[]) => ({detail: [{loc, msg: expect.any(String), type: 'value_error'}]});

test('/v1/engines/completions: the prompt is a user message, model is echoed', async () => {
  const {post, backend} = await testServer(['Hello']);
  const reply = (await post('/v1/engines/completions', {model: 'mamba', prompt: 'Hi', dtype: 'float16'})).json();
  expect(wire.textCompletion.parse(reply)).toMatchObject({
    id: expect.stringMatching(/^cmpl-/),
    model: 'mamba',
    choices: [{text: 'Hello', index: 0, logprobs: null, finish_reason: 'stop'}],
    usage: {prompt_tokens: 5, completion_tokens: 1, total_tokens: 6},
  });
  expect(backend.calls[0]?.request).toEqual({messages, sampling: {temperature: 0.35, maxTokens: 256}});
});

test('/v1/engines/completions says length when the cap cut it, and takes its defaults from the options', async () => {
  const {post} = await testServer(['a', 'b'], {seedDefaults: {temperature: 0, maxTokens: 1}});
  const reply = (await post('/v1/engines/completions', {model: 'm', prompt: 'Hi'})).json();
  expect(reply.choices[0]).toMatchObject({text: 'a', finish_reason: 'length'});
});

test('/v1/engines/completions refuses as FastAPI does', async () => {
  const {post} = await testServer([], {slots: 0, maxQueue: 0});
  const missing = await post('/v1/engines/completions', {model: 'm'});
  expect([missing.status, missing.json()]).toEqual([422, fastApi422(['body', 'prompt'])]);
  const busy = await post('/v1/engines/completions', {model: 'm', prompt: 'Hi'});
  expect([busy.status, busy.json()]).toEqual([429, {detail: expect.stringContaining('queue is full')}]);
});

test.each(['/predict', '/production/predict'])('%s answers with a JSON string', async (url) => {
  const {post, backend} = await testServer(['Hel', 'lo "x"']);
  const reply = await post(url, {messages}, {authorization: 'Api-Key any'});
  expect([reply.text, reply.headers['content-type']]).toEqual(['"Hello \\"x\\""', 'application/json; charset=utf-8']);
  expect(backend.calls[0]?.request).toEqual({
    messages,
    sampling: {temperature: 1, topP: 0.95, topK: 50, maxTokens: 512, repeatPenalty: 1, noRepeatNgramSize: 0},
  });
});

test('/predict takes both names of the cap, nulls as defaults, and do_sample: false as greedy', async () => {
  const {post, backend} = await testServer(['x']);
  await post('/predict', {messages, max_tokens: 5, top_k: null, do_sample: false, temperature: 0.9, use_cache: true});
  await post('/predict', {messages, max_new_tokens: 6, no_repeat_ngram_size: 3, repetition_penalty: 1.1});
  expect(backend.calls.map(({request: {sampling}}) => sampling)).toMatchObject([
    {maxTokens: 5, topK: 50, temperature: 0},
    {maxTokens: 6, noRepeatNgramSize: 3, repeatPenalty: 1.1},
  ]);
});

test('/predict streams the bare text', async () => {
  const {post} = await testServer(['Hel', 'lo']);
  const reply = await post('/predict', {messages, stream: true});
  expect([reply.text, reply.headers['content-type']]).toEqual(['Hello', 'text/plain; charset=utf-8']);
});

test('a raw stream that fails breaks off', async () => {
  const fail = () => {
    throw new Error('kaput');
  };
  const {listen, service} = await testServer(['half', fail]);
  const body = JSON.stringify({messages, stream: true});
  const reply = await fetch(`${await listen()}/predict`, {method: 'POST', body});
  await expect(reply.text()).rejects.toThrow();
  expect(service.admission.active).toBe(0);
});

test('/infer wraps a chat completion', async () => {
  const {post, backend} = await testServer(['Hello']);
  const reply = (await post('/infer', {messages, stop: [], seed: null, max_tokens: null})).json();
  expect(Object.keys(reply)).toEqual(['resp']);
  expect(wire.chatCompletion.parse(reply.resp).choices[0]?.message.content).toBe('Hello');
  expect(backend.calls[0]?.request.sampling).toEqual({temperature: 0.2, topP: 0.95, stop: []});
});

test('/infer streams chunks, greets at the root, and refuses as FastAPI does', async () => {
  const {post, get} = await testServer(['Hello']);
  wire.checkChatStream((await post('/infer', {messages, stream: true})).events());
  expect((await get('/')).json()).toEqual({Hello: 'World'});
  const refused = await post('/infer', {messages: [{role: 'user', content: 1}]});
  expect([refused.status, refused.json()]).toEqual([422, fastApi422(['body', 'messages', 0, 'content'])]);
});

test('the older routes take the values that every route takes', async () => {
  const {post, backend} = await testServer(['x']);
  await post('/v1/engines/completions', {model: 'm', prompt: 'Hi', max_tokens: -1, temperature: null});
  await post('/infer', {messages, top_p: null, max_tokens: 4_000_000_000, seed: 4294967301});
  await post('/predict', {messages, max_new_tokens: -1, top_p: 0});
  expect(backend.calls.map(({request: {sampling}}) => sampling)).toEqual([
    {temperature: 0.35},
    {temperature: 0.2, topP: 0.95, maxTokens: 2147483647, seed: 5},
    {temperature: 1, topP: 0.95, topK: 1, repeatPenalty: 1, noRepeatNgramSize: 0},
  ]);
});

test.each([
  [
    '/v1/engines/completions',
    {model: 'm', prompt: 'Hi', max_tokens: 1.5},
    422,
    'expected an integer, at least 0, or -1',
  ],
  ['/v1/engines/completions', {model: 'm', prompt: 'Hi', temperature: 101}, 422, 'expected a number from 0 to 100'],
  ['/predict', {messages, max_new_tokens: 4097}, 400, 'expected an integer from 0 to 4096, or -1'],
  ['/predict', {messages, repetition_penalty: 0}, 400, 'expected a number above 0, up to 100'],
  ['/infer', {messages, top_p: 1.01}, 422, 'expected a number from 0 to 1'],
])('%s refuses %j', async (url, body, status, message) => {
  const {post} = await testServer(['x']);
  const reply = await post(url, body);
  expect([reply.status, reply.text]).toEqual([status, expect.stringContaining(message)]);
});
