import {expect, test} from 'vitest';
import {EmbeddingBackend} from '../../fakes/embedding-backend.ts';
import {serverOn, testServer} from '../server.ts';

test('/api/embed gives a vector for each text, under the name that was asked for', async () => {
  const {post} = await serverOn(new EmbeddingBackend());
  const one = (await post('/api/embed', {model: 'm:latest', input: 'abc', keep_alive: '5m', options: {}})).json();
  expect(one).toEqual({
    model: 'm:latest',
    embeddings: [[3, 0.5]],
    total_duration: expect.any(Number),
    load_duration: 0,
    prompt_eval_count: 4,
  });
  expect(Number.isInteger(one.total_duration) && one.total_duration > 0).toBe(true);
  const several = (await post('/api/embed', {input: ['a', 'abcd']})).json();
  expect(several).toMatchObject({
    model: 'scripted',
    embeddings: [
      [1, 0.5],
      [4, 0.5],
    ],
    prompt_eval_count: 7,
  });
});

test.each([{}, {input: ''}, {input: []}])('/api/embed of no text gives no vector: %j', async (body) => {
  const {post} = await serverOn(new EmbeddingBackend());
  const reply = await post('/api/embed', body);
  expect([reply.status, reply.json().embeddings]).toEqual([200, []]);
});

test('/api/embeddings, the older form, gives one vector and nothing else', async () => {
  const {post} = await serverOn(new EmbeddingBackend());
  expect((await post('/api/embeddings', {model: 'm', prompt: 'abc'})).json()).toEqual({embedding: [3, 0.5]});
  expect((await post('/api/embeddings', {model: 'm'})).json()).toEqual({embedding: []});
});

test.each([
  ['embed', {input: 5}],
  ['embed', {input: ['a', 5]}],
  ['embed', {input: [[1]]}],
  ['embed', {input: 'a', dimensions: 2}],
  ['embed', {input: Array(2049).fill('a')}],
  ['embeddings', {prompt: ['a']}],
])('/api/%s of %j is a 400 in the shape of Ollama', async (name, body) => {
  const {post} = await serverOn(new EmbeddingBackend());
  const reply = await post(`/api/${name}`, body);
  expect([reply.status, Object.keys(reply.json())]).toEqual([400, ['error']]);
});

test('a text is never shortened, which is told to those who ask for it', async () => {
  const {post} = await serverOn(new EmbeddingBackend());
  const reply = await post('/api/embed', {input: 'a', truncate: true});
  expect(reply.status).toBe(200);
  expect(decodeURIComponent(String(reply.headers['x-mistral-warnings']))).toContain("'truncate' is ignored");
});

test('where nobody can look into the model both are a 400', async () => {
  const {post} = await testServer();
  for (const name of ['embed', 'embeddings']) {
    const reply = await post(`/api/${name}`, {model: 'm', input: 'a', prompt: 'a'});
    expect([reply.status, Object.keys(reply.json())]).toEqual([400, ['error']]);
    expect(reply.json().error).toContain('gives no embeddings');
  }
});
