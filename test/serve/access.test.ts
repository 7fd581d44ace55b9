import {expect, test} from 'vitest';
import {hostCheck, isLoopback, keyCheck} from '../../src/serve/access.ts';
import {testServer} from './server.ts';

test.each([
  {authorization: 'Bearer one'},
  {authorization: 'bearer two'},
  {authorization: 'Api-Key one'},
  {'x-api-key': 'two'},
  {'api-key': 'one'},
])('a key is accepted as %o', (headers) => {
  expect(() => keyCheck(['one', 'two'])(headers)).not.toThrow();
});

test.each([{}, {authorization: 'Bearer on'}, {authorization: 'one'}, {authorization: 'Basic one'}, {'x-api-key': ''}])(
  'without a right key: 401 for %o',
  (headers) => {
    expect(() => keyCheck(['one', 'two'])(headers)).toThrow(
      expect.objectContaining({status: 401, code: 'invalid_api_key'}),
    );
  },
);

test.each(['localhost', 'LOCALHOST:8080', '127.0.0.1:1', '[::1]:8080', 'box.lan:80'])('host %s is ours', (host) => {
  expect(() => hostCheck(['box.lan'])({host})).not.toThrow();
});

test.each([
  'evil.example',
  'evil.example:8080',
  '127.0.0.1.evil.example',
  'evil127.0.0.1',
  'evillocalhost',
  'localhost.evil',
  'localhost.',
  'box.lan',
  '',
])('host %s is refused', (host) => {
  expect(() => hostCheck([])({host})).toThrow(expect.objectContaining({status: 403}));
});

test('loopback addresses', () => {
  expect(['127.0.0.1', '127.1.2.3', '::1', 'localhost'].every(isLoopback)).toBe(true);
  const others = [
    '0.0.0.0',
    '::',
    '192.168.0.1',
    '127.0.0.1.example',
    'evil.127.0.0.1',
    '1127.0.0.1',
    '127.0.0',
    '::11',
  ];
  expect(others.filter(isLoopback)).toEqual([]);
});

test('a wrong key is refused before the body is read', async () => {
  const server = await testServer([], {apiKeys: ['right'], bodyLimit: 10});
  const huge = 'x'.repeat(1000);
  const refused = await server.post('/v1/completions', huge, {authorization: 'Bearer wrong'});
  expect(refused.status).toBe(401);
  expect(refused.headers['www-authenticate']).toBe('Bearer');
  expect((await server.post('/v1/completions', huge, {authorization: 'Bearer right'})).status).toBe(413);
});

test('health, docs and the OpenAPI document need no key; models do', async () => {
  const server = await testServer([], {apiKeys: ['right']});
  const status = async (url: string) => (await server.get(url)).status;
  expect(await Promise.all(['/health', '/v1/health', '/docs', '/openapi.json'].map(status))).toEqual([
    200, 200, 200, 200,
  ]);
  expect(await Promise.all(['/v1/models', '/metrics'].map(status))).toEqual([401, 401]);
});

test('a page of another site is told nothing, unless its origin is allowed', async () => {
  const origin = {origin: 'https://page.example'};
  const closed = await testServer();
  expect((await closed.get('/v1/models', origin)).headers).not.toHaveProperty('access-control-allow-origin');
  expect((await closed.get('/v1/models', {host: 'page.example'})).status).toBe(403);
  const open = await testServer([], {corsOrigins: ['https://page.example']});
  expect((await open.get('/v1/models', origin)).headers['access-control-allow-origin']).toBe('https://page.example');
});
