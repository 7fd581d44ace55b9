import {describe, expect, test} from 'vitest';
import {EmbeddingBackend} from '../../fakes/embedding-backend.ts';
import {serverOn, testServer} from '../server.ts';

describe.each(['/embedding', '/embeddings'])('%s', (url) => {
  test('gives a list, each with the list of its vectors', async () => {
    const {post} = await serverOn(new EmbeddingBackend());
    expect((await post(url, {content: 'abc'})).json()).toEqual([{index: 0, embedding: [[3, 0.5]]}]);
    expect((await post(url, {input: ['a', 'abcd'], embd_normalize: 2})).json()).toEqual([
      {index: 0, embedding: [[1, 0.5]]},
      {index: 1, embedding: [[4, 0.5]]},
    ]);
    expect((await post(url, {content: [5, 6, 7]})).json()).toEqual([{index: 0, embedding: [[5, 6, 7]]}]);
    expect((await post(url, {input: 'abc', encoding_format: 'base64'})).json()[0].embedding).toEqual([[3, 0.5]]);
  });

  test.each([
    ['nothing', {}],
    ['a number', {content: 5}],
    ['an empty list', {input: []}],
    ['a token of another vocabulary', {content: [99_999]}],
    ["the model's own length", {content: 'a', embd_normalize: -1}],
    ['another norm', {content: 'a', embd_normalize: 1}],
    ['an unknown form', {content: 'a', encoding_format: 'int8'}],
  ])('%s is a 400 in the shape of llama-server', async (_, body) => {
    const {post} = await serverOn(new EmbeddingBackend());
    const reply = await post(url, body);
    expect(reply.status).toBe(400);
    expect(reply.json().error).toMatchObject({code: 400, type: expect.any(String), message: expect.any(String)});
  });

  test('where nobody can look into the model it is a 400', async () => {
    const {post} = await testServer();
    const reply = await post(url, {content: 'a'});
    expect(reply.status).toBe(400);
    expect(reply.json().error.message).toContain('gives no embeddings');
  });
});
