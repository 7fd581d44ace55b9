import {expect, test} from 'vitest';
import {testServer} from '../server.ts';

test('a text becomes ids, control words stay text where that is asked for', async () => {
  const {post} = await testServer();
  const ids = async (body: object) => (await post('/tokenize', body)).json().tokens;
  expect(await ids({content: 'ab'})).toEqual([197, 198]);
  expect(await ids({content: '', add_special: true})).toEqual([1]);
  expect(await ids({content: '[INST]', parse_special: false})).toHaveLength(6);
  expect(await ids({content: 'é', with_pieces: true})).toEqual([
    {id: 295, piece: [0xc3]},
    {id: 269, piece: [0xa9]},
  ]);
});

test('names of control tokens are these tokens, the longer of two at one place', async () => {
  const {post} = await testServer();
  const ids = async (body: object) => (await post('/tokenize', body)).json().tokens;
  expect(await ids({content: '[INST]a[/INST]'})).toEqual([3, 197, 4]);
  expect(await ids({content: 'a</s>[INST]b', parse_special: true})).toEqual([197, 2, 3, 198]);
  expect(await ids({content: '[INST', parse_special: true})).toHaveLength(5);
  expect(await ids({content: '[/INST][INST]</s></s>'})).toEqual([4, 3, 2, 2]);
});

test('ids become a text, control tokens by their names', async () => {
  const {post} = await testServer();
  expect((await post('/detokenize', {tokens: [1, 3, 295, 269, 4]})).json()).toEqual({content: '<s>[INST]é[/INST]'});
  const refused = await post('/detokenize', {tokens: [1, 99_999]});
  expect(refused.status).toBe(400);
  expect(refused.json().error.message).toBe('there is no token 99999; the vocabulary has 356');
});

test('the prompt of a chat is shown without running it', async () => {
  const {post, backend} = await testServer();
  const reply = await post('/apply-template', {messages: [{role: 'user', content: 'Hi'}]});
  expect(reply.json()).toEqual({prompt: '<s>[INST]Hi[/INST]', tokens: [1, 3, 172, 205, 4]});
  expect(backend.calls).toEqual([]);
});

test('embeddings are refused clearly', async () => {
  const {post} = await testServer();
  const reply = await post('/v1/embeddings', {model: 'm', input: 'a'});
  expect(reply.status).toBe(400);
  expect(reply.json().error).toMatchObject({code: 'unsupported', type: 'invalid_request_error'});
});
