import {describe, expect, test} from 'vitest';
import {EmbeddingBackend} from '../../fakes/embedding-backend.ts';
import {serverOn, testServer} from '../server.ts';

describe('/v1/embeddings', () => {
  test('a text, several, and ids become vectors in their order, with the tokens of all', async () => {
    const {post} = await serverOn(new EmbeddingBackend());
    expect((await post('/v1/embeddings', {model: 'm', input: 'abc'})).json()).toEqual({
      id: expect.stringMatching(/^embd-[0-9a-f-]{36}$/),
      object: 'list',
      model: 'scripted',
      data: [{object: 'embedding', index: 0, embedding: [3, 0.5]}],
      usage: {prompt_tokens: 4, total_tokens: 4},
    });
    const vectors = async (input: unknown) =>
      (await post('/v1/embeddings', {input})).json().data.map(({embedding}: {embedding: number[]}) => embedding);
    expect(await vectors(['a', 'abcd'])).toEqual([
      [1, 0.5],
      [4, 0.5],
    ]);
    expect(await vectors([5, 6, 7])).toEqual([[5, 6, 7]]);
    expect(await vectors([[5, 6], [7]])).toEqual([[5, 6], [7]]);
  });

  test('as base64 of floats, which clients of OpenAI ask for', async () => {
    const {post} = await serverOn(new EmbeddingBackend());
    const reply = await post('/v1/embeddings', {input: 'abc', encoding_format: 'base64'});
    expect(reply.json().data[0].embedding).toBe('AABAQAAAAD8=');
  });

  test.each([
    ['nothing', {}],
    ['an empty list', {input: []}],
    ['a list of both kinds', {input: ['a', 5]}],
    ['an empty text of ids', {input: [[]]}],
    ['a number', {input: 5}],
    ['a token of another vocabulary', {input: [99_999]}],
    ['another length', {input: 'a', dimensions: 2}],
    ['an unknown form', {input: 'a', encoding_format: 'int8'}],
    ['too many texts', {input: Array(2049).fill('a')}],
  ])('%s is refused', async (_, body) => {
    const {post} = await serverOn(new EmbeddingBackend());
    const reply = await post('/v1/embeddings', body);
    expect(reply.status).toBe(400);
    expect(reply.json().error.message).not.toBe('');
  });

  test('where nobody can look into the model it is a 400 that says so', async () => {
    const {post} = await testServer();
    const reply = await post('/v1/embeddings', {model: 'm', input: 'a'});
    expect(reply.status).toBe(400);
    expect(reply.json().error).toMatchObject({code: 'unsupported', type: 'invalid_request_error'});
  });
});
