import {expect, test} from 'vitest';
import {testServer} from '../server.ts';

const BODIES = {
  '/v1/chat/completions': {messages: [{role: 'user', content: 'Hi'}]},
  '/v1/completions': {prompt: 'a'},
  '/v1/fim/completions': {prompt: 'a'},
  '/completion': {prompt: 'a'},
  '/infill': {input_prefix: 'a', input_suffix: 'b'},
  '/v1/responses': {input: 'a'},
  '/v1/messages': {messages: [{role: 'user', content: 'Hi'}], max_tokens: 5},
  '/api/chat': {messages: [{role: 'user', content: 'Hi'}]},
  '/api/generate': {prompt: 'a', raw: true},
} as const;

test.each(Object.entries(BODIES))('%s: a prompt is kept for its key and its salt', async (url, body) => {
  const {post, backend} = await testServer(undefined, {apiKeys: ['alice', 'bob']});
  const ownerOf = async (key: string, rest: object = {}) => {
    expect((await post(url, {...body, ...rest}, {authorization: `Bearer ${key}`})).status).toBe(200);
    return backend.requests.at(-1)?.cacheOwner;
  };
  const alice = await ownerOf('alice');
  expect(await ownerOf('alice')).toBe(alice);
  const all = [
    alice,
    await ownerOf('bob'),
    await ownerOf('alice', {cache_salt: 'x'}),
    await ownerOf('alice', {cache_salt: 'y'}),
  ];
  expect(new Set(all).size).toBe(4);
  expect(all).not.toContain(undefined);
  expect(await ownerOf('alice', {cache_salt: 'x'})).toBe(all[2]);
  expect(JSON.stringify(all)).not.toContain('alice');
});

test('without keys and salts all are one owner, and so they are where the cache is shared', async () => {
  const open = await testServer();
  await open.post('/v1/completions', {prompt: 'a'});
  await open.post('/v1/completions', {prompt: 'a', cache_salt: 'x'});
  expect(open.backend.requests.map(({cacheOwner}) => cacheOwner)).toEqual([undefined, ':x']);
  const shared = await testServer(undefined, {apiKeys: ['k'], shareCache: true});
  await shared.post('/v1/completions', {prompt: 'a'}, {authorization: 'Bearer k'});
  expect(shared.backend.requests[0]).not.toHaveProperty('cacheOwner');
});
