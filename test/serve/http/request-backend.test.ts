import {expect, test} from 'vitest';
import {testServer} from '../server.ts';

const messages = [{role: 'user', content: 'Hi'}];
const ROUTES = [
  ['/v1/chat/completions', {messages}, 'max_tokens'],
  ['/v1/completions', {prompt: 'a'}, 'max_tokens'],
  ['/v1/fim/completions', {prompt: 'a'}, 'max_tokens'],
  ['/completion', {prompt: 'a'}, 'n_predict'],
  ['/infill', {input_prefix: 'a', input_suffix: 'b'}, 'n_predict'],
  ['/v1/responses', {input: 'a'}, 'max_output_tokens'],
  ['/v1/messages', {messages}, 'max_tokens'],
  ['/predict', {messages}, 'max_tokens'],
  ['/infer', {messages}, 'max_tokens'],
] as const;

test.each(ROUTES)('%s: no answer is longer than the cap, and who asks for more is told', async (url, body, field) => {
  const {post, backend} = await testServer([...'abcdefgh'], {capTokens: 5});
  const ask = async (rest: object) => {
    const {status, headers} = await post(url, {...body, ...rest});
    return {status, told: headers['x-mistral-warnings'], limit: backend.requests.at(-1)?.sampling.maxTokens};
  };
  const told = encodeURIComponent('an answer has at most 5 tokens here');
  expect(await ask({[field]: 3})).toEqual({status: 200, limit: 3});
  expect(await ask({[field]: 4000})).toEqual({status: 200, limit: 5, told});
  expect(await ask({[field]: 4000, stream: true})).toEqual({status: 200, limit: 5, told});
});

test('an answer that the cap ends says that it was too long', async () => {
  const {post} = await testServer([...'abcdefgh'], {capTokens: 5});
  const reply = await post('/v1/chat/completions', {messages});
  expect(reply.json().choices[0]).toMatchObject({message: {content: 'abcde'}, finish_reason: 'length'});
  expect(reply.headers).not.toHaveProperty('x-mistral-warnings');
});

test.each([
  ['/v1/chat/completions', {messages, n: 9}, 'n', 9],
  ['/v1/completions', {prompt: 'a', n: 9}, 'n', 9],
  ['/v1/completions', {prompt: ['a', 'b', 'c'], n: 3}, 'prompt', 9],
  ['/completion', {prompt: 'a', n_cmpl: 9}, 'n_cmpl', 9],
] as const)('%s: more answers than one request may have are a 400', async (url, body, param, count) => {
  const {post, backend} = await testServer(['x']);
  const reply = await post(url, body);
  expect(reply.status).toBe(400);
  expect(reply.json().error.message).toBe(`'${param}' asks for ${count} answers; one request has at most 8`);
  expect(backend.calls).toEqual([]);
  const wide = await testServer(['x'], {maxChoices: 9});
  expect((await wide.post(url, body)).status).toBe(200);
  expect(wide.backend.calls).toHaveLength(9);
});
