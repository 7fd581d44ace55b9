import {expect, test} from 'vitest';
import * as wire from '../../contract/wire.ts';
import {testServer} from '../server.ts';

const URL = '/v1/fim/completions';

test('the middle comes in the shape of a chat completion, from the likeliest tokens', async () => {
  const {post, backend} = await testServer(['a, b']);
  const reply = await post(URL, {model: 'codestral-latest', prompt: 'def add(', suffix: '):', random_seed: 1});
  expect(wire.chatCompletion.parse(reply.json()).choices[0]?.message.content).toBe('a, b');
  expect(backend.calls).toEqual([
    {kind: 'fim', request: {prompt: 'def add(', suffix: '):', sampling: {temperature: 0, seed: 1}}},
  ]);
});

test('its stream carries the usage on the finish chunk', async () => {
  const {post} = await testServer(['a']);
  const chunks = wire.checkChatStream((await post(URL, {prompt: 'x', stream: true})).events());
  expect(chunks.at(-1)?.usage).toMatchObject({completion_tokens: 1});
});

test('without a suffix the model goes on from the prompt', async () => {
  const {post, backend} = await testServer(['a']);
  await post(URL, {prompt: 'x', suffix: null});
  expect(backend.calls[0]?.request).not.toHaveProperty('suffix');
});
