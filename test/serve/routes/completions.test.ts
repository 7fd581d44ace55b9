import {expect, test} from 'vitest';
import * as wire from '../../contract/wire.ts';
import {testServer} from '../server.ts';

const URL = '/v1/completions';

test('a text is continued for 16 tokens unless told otherwise', async () => {
  const {post, backend} = await testServer(['b', 'c']);
  const {choices, usage} = wire.textCompletion.parse((await post(URL, {prompt: 'a'})).json());
  expect(choices).toEqual([{text: 'bc', index: 0, logprobs: null, finish_reason: 'stop'}]);
  expect(usage).toMatchObject({prompt_tokens: 2, completion_tokens: 2});
  expect(backend.calls).toEqual([
    {kind: 'complete', request: {parseSpecial: true, prompt: 'a', sampling: {temperature: 0.7, maxTokens: 16}}},
  ]);
});

test('a suffix makes it fill-in-the-middle', async () => {
  const {post, backend} = await testServer(['b']);
  await post(URL, {prompt: 'a', suffix: 'c', temperature: 0});
  expect(backend.calls).toEqual([
    {kind: 'fim', request: {prompt: 'a', suffix: 'c', sampling: {temperature: 0, maxTokens: 16}}},
  ]);
});

test('several prompts, several choices of each: in order, prompts counted once', async () => {
  const {post, backend} = await testServer(['x']);
  const {choices, usage} = wire.textCompletion.parse((await post(URL, {prompt: ['a', 'bb'], n: 2})).json());
  expect(choices.map(({index}) => index)).toEqual([0, 1, 2, 3]);
  expect(backend.calls.map(({request}) => 'prompt' in request && request.prompt)).toEqual(['a', 'a', 'bb', 'bb']);
  expect(usage).toMatchObject({prompt_tokens: 2 + 3, completion_tokens: 4});
});

test('token ids are a prompt, one or a list of them', async () => {
  const {post, backend} = await testServer(['x']);
  await post(URL, {prompt: [1, 197]});
  await post(URL, {prompt: [[1, 197], [1]], echo: true});
  expect(backend.calls.map(({request}) => 'prompt' in request && request.prompt)).toEqual([[1, 197], [1, 197], [1]]);
});

test('echo repeats the prompt, in a stream as a chunk of its own', async () => {
  const {post} = await testServer(['b']);
  expect((await post(URL, {prompt: [1, 197], echo: true})).json().choices[0].text).toBe('ab');
  const events = (await post(URL, {prompt: 'a', echo: true, stream: true})).events();
  expect(events.map((event) => event.choices?.[0].text)).toEqual(['a', 'b', '', undefined]);
});

test('log-probabilities with offsets into the text, streamed and whole alike', async () => {
  const {post} = await testServer(['bc', 'd']);
  const body = {prompt: 'a', logprobs: 1};
  const {choices} = wire.textCompletion.parse((await post(URL, body)).json());
  expect(choices[0]?.logprobs).toEqual({
    tokens: ['b', 'c', 'd'],
    token_logprobs: [-0.25, -0.25, -0.25],
    top_logprobs: [{b: -0.25}, {c: -0.25}, {d: -0.25}],
    text_offset: [0, 1, 2],
  });
  const events = (await post(URL, {...body, stream: true})).events();
  expect(events.flatMap((event) => event.choices?.[0].logprobs?.text_offset ?? [])).toEqual([0, 1, 2]);
});

test('every chunk of a stream satisfies the field table', async () => {
  const {post} = await testServer(['b']);
  const events = (await post(URL, {prompt: 'a', stream: true, stream_options: {include_usage: true}})).events();
  expect(events.at(-1)).toBe('[DONE]');
  const chunks = events.slice(0, -1).map((event) => wire.textCompletion.parse(event));
  expect(chunks.at(-1)).toMatchObject({choices: [], usage: {completion_tokens: 1}});
});

test.each([
  ['prompt', {}],
  ['prompt', {prompt: []}],
  ['prompt', {prompt: [1, 2], suffix: 'x'}],
  ['prompt', {prompt: ['a', 'b'], n: 100}],
  ['best_of', {prompt: 'a', best_of: 2}],
  ['echo', {prompt: 'a', echo: true, logprobs: 1}],
  ['logprobs', {prompt: 'a', logprobs: 6}],
  ['logprobs', {prompt: 'a', suffix: 'b', logprobs: 1}],
])('%s is refused in %o', async (param, body) => {
  const {post, backend} = await testServer();
  const reply = await post(URL, body);
  expect(reply.status).toBe(400);
  expect(wire.error.parse(reply.json()).error.param).toBe(param);
  expect(backend.calls).toEqual([]);
});
