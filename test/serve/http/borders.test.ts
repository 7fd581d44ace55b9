import {once} from 'node:events';
import {connect} from 'node:net';
import {gzipSync} from 'node:zlib';
import {expect, test} from 'vitest';
import {EngineError} from '../../../src/base/errors.ts';
import {testServer} from '../server.ts';

const body = {messages: [{role: 'user', content: 'Hi'}]};
const CHAT = '/v1/chat/completions';

const FOREIGN = [
  'http://evil.example',
  'http://localhost.evil.example',
  'http://127.0.0.1.evil.example',
  'http://evil.example:8080',
  'https://localhost@evil.example',
  'file://',
  'null',
];

test.each(FOREIGN)('a page of %s runs nothing, whatever type its body has, and reads nothing', async (origin) => {
  const {post, get, backend} = await testServer(undefined, {bodyLimit: 10});
  for (const type of ['text/plain', 'application/json']) {
    // Refused before its body is read: that is too long, too.
    const reply = await post(CHAT, body, {origin, 'content-type': type});
    expect({status: reply.status, code: reply.json().error.code}).toEqual({status: 403, code: 'origin_not_allowed'});
  }
  const models = await get('/v1/models', {origin});
  expect(models.status).toBe(200);
  expect(models.headers).not.toHaveProperty('access-control-allow-origin');
  expect(backend.calls).toEqual([]);
});

test.each([
  {},
  {origin: 'http://localhost:3000'},
  {origin: 'https://127.0.0.1'},
  {origin: 'http://[::1]:8080'},
  {origin: 'vscode-webview://1b2c3d'},
  {origin: 'app://obsidian.md'},
  {origin: 'tauri://localhost'},
  {origin: 'https://page.example'},
  {'sec-fetch-site': 'same-origin'},
  {'sec-fetch-site': 'none'},
])('a request with %o is answered', async (headers) => {
  const {post} = await testServer(undefined, {corsOrigins: ['https://page.example']});
  expect((await post(CHAT, body, headers)).status).toBe(200);
});

test('a page that hides its origin is refused; a key, which no page has, lets in from anywhere', async () => {
  const {post} = await testServer();
  expect((await post(CHAT, body, {'sec-fetch-site': 'cross-site'})).status).toBe(403);
  const keyed = await testServer(undefined, {apiKeys: ['k']});
  const headers = {origin: 'http://evil.example', authorization: 'Bearer k'};
  expect((await keyed.post(CHAT, body, headers)).status).toBe(200);
});

test.each([
  ['GET', CHAT, 'OPTIONS, POST'],
  ['PUT', CHAT, 'OPTIONS, POST'],
  ['DELETE', '/v1/models/scripted', 'GET, HEAD, OPTIONS'],
  ['POST', '/v1/models', 'GET, HEAD, OPTIONS'],
] as const)('%s %s is a 405 that lists %s, whatever its body', async (method, url, allow) => {
  const {app} = await testServer();
  const payload = method === 'GET' ? {} : {payload: 'no JSON'};
  const reply = await app.inject({method, url: `${url}?a=b`, headers: {host: 'localhost'}, ...payload});
  expect({status: reply.statusCode, allow: reply.headers.allow}).toEqual({status: 405, allow});
  expect(reply.json().error).toEqual({
    message: `${url} takes ${allow}, not ${method}`,
    type: 'invalid_request_error',
    param: null,
    code: 'method_not_allowed',
  });
});

test('a wrong method is told in the shape of the protocol whose path it is', async () => {
  const {get} = await testServer();
  expect((await get('/v1/messages')).json()).toMatchObject({type: 'error', error: {type: 'invalid_request_error'}});
  expect((await get('/completion')).json()).toMatchObject({error: {code: 405, type: 'invalid_request_error'}});
});

test.each([undefined, ['https://page.example']])('OPTIONS reads no body, with the origins %o', async (corsOrigins) => {
  const {app} = await testServer(undefined, corsOrigins && {corsOrigins});
  const reply = await app.inject({method: 'OPTIONS', url: CHAT, headers: {host: 'localhost'}});
  expect(reply.statusCode).toBe(204);
  if (!corsOrigins) expect(reply.headers.allow).toBe('OPTIONS, POST');
  const unknown = await app.inject({method: 'OPTIONS', url: '/nowhere', headers: {host: 'localhost'}});
  expect(unknown.statusCode).toBe(corsOrigins ? 204 : 404);
});

test('HEAD is GET without the body', async () => {
  const {app} = await testServer();
  for (const url of ['/', '/health', '/v1/models']) {
    const reply = await app.inject({method: 'HEAD', url, headers: {host: 'localhost'}});
    expect({url, status: reply.statusCode, body: reply.payload}).toEqual({url, status: 200, body: ''});
  }
});

test.each(['gzip', 'br', 'deflate, gzip'])('a body encoded as %s is a 415 that says what is read', async (encoding) => {
  const {post} = await testServer();
  const reply = await post(CHAT, gzipSync(JSON.stringify(body)), {'content-encoding': encoding});
  expect({status: reply.status, accepts: reply.headers['accept-encoding']}).toEqual({status: 415, accepts: 'identity'});
  expect(reply.json().error.code).toBe('unsupported_encoding');
  expect((await post(CHAT, body, {'content-encoding': 'identity'})).status).toBe(200);
});

test.each([
  [`/v1/models/${'x'.repeat(5000)}`, 404],
  ['/v1/models/%zz', 400],
  ['/%', 400],
])('the name %s is refused in shape', async (url, status) => {
  const {get} = await testServer();
  const reply = await get(url);
  expect(reply.status).toBe(status);
  expect(reply.json()).toMatchObject({error: {message: expect.any(String), type: 'invalid_request_error'}});
  expect(reply.headers['x-request-id']).toMatch(/^req_/);
});

test.each([
  ['no HTTP', 'hello\r\n\r\n', 400],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}', 400],
  ['a long head', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
])('bytes that are no request are refused in shape: %s', async (_what, bytes, status) => {
  const {listen} = await testServer();
  const socket = connect(Number(new URL(await listen()).port), '127.0.0.1');
  let said = '';
  socket.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  socket.on('error', () => {});
  socket.write(bytes);
  await once(socket, 'close');
  const [head = '', json = ''] = said.split('\r\n\r\n');
  expect(head).toContain(`HTTP/1.1 ${status} `);
  expect(head).toMatch(/x-request-id: req_/);
  expect(JSON.parse(json).error.type).toBe('invalid_request_error');
});

test.each([CHAT, '/v1/completions', '/v1/fim/completions', '/completion'])(
  '%s tells how long a prompt was that does not fit, and what does',
  async (url) => {
    const tooLong = () => {
      const context = {promptTokens: 5000, contextSize: 4096};
      throw new EngineError('context_length_exceeded', 'too long', {context});
    };
    const {post} = await testServer([tooLong]);
    const reply = await post(url, {...body, prompt: 'a'});
    expect(reply.status).toBe(400);
    expect(reply.json().error).toMatchObject({n_prompt_tokens: 5000, n_ctx: 4096});
  },
);

test('an embedding that is not to be had is no 5xx, which clients ask for again', async () => {
  const {post} = await testServer();
  const reply = await post('/v1/embeddings', {input: 'a'});
  expect({status: reply.status, code: reply.json().error.code}).toEqual({status: 400, code: 'unsupported'});
});

test('the document asks for a key where one is needed', async () => {
  const security = async (apiKeys: readonly string[]) => {
    const {app} = await testServer(undefined, {apiKeys});
    await app.ready();
    return (app.swagger() as {security?: unknown}).security;
  };
  expect(await security([])).toEqual([{key: []}, {}]);
  expect(await security(['k'])).toEqual([{key: []}]);
});
