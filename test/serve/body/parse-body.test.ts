import {expect, test} from 'vitest';
import {atOnce} from '../../../src/base/in-turns.ts';
import {bodySteps} from '../../../src/serve/body/parse-body.ts';
import {testServer} from '../server.ts';

const parseBody = (body: Uint8Array) => atOnce(bodySteps(body));
const bytes = (text: string) => new TextEncoder().encode(text);

test('the order of members and the spelling of numbers are kept', () => {
  const json = parseBody(bytes('{"b":1.0,"10":12345678901234567890,"2":1e3}'));
  expect([...(json as ReadonlyMap<string, unknown>)]).toEqual([
    ['b', {source: '1.0'}],
    ['10', {source: '12345678901234567890'}],
    ['2', {source: '1000.0'}],
  ]);
});

test.each([
  ['no JSON', bytes('{'), 'invalid_json'],
  ['nothing', bytes(''), 'invalid_json'],
  ['deep nesting', bytes(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), 'invalid_json'],
  ['many lists', bytes(`[${'[],'.repeat(50_000)}1]`), 'invalid_json'],
  ['bytes that are no UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 'invalid_utf8'],
])('%s is a 400', (_name, body, code) => {
  expect(() => parseBody(body)).toThrow(expect.objectContaining({status: 400, code}));
});

test('brackets inside strings nest nothing', () => {
  const text = '[{"\\'.repeat(1000);
  expect(parseBody(bytes(JSON.stringify({a: text})))).toEqual(new Map([['a', text]]));
});

test.each(['application/x-www-form-urlencoded', 'text/plain', 'application/json; charset=utf-8', 'nonsense'])(
  'JSON is read whatever the content type says: %s',
  async (type) => {
    const server = await testServer(['ok']);
    const reply = await server.post('/v1/completions', '{"prompt":"a"}', {'content-type': type});
    expect(reply.json().choices[0].text).toBe('ok');
  },
);

test('a body over the limit is a 413', async () => {
  const server = await testServer([], {bodyLimit: 100});
  const reply = await server.post('/v1/completions', {prompt: 'x'.repeat(100)});
  expect(reply).toMatchObject({status: 413});
  expect(reply.json().error).toMatchObject({
    message: 'the request body is too large',
    type: 'invalid_request_error',
    param: null,
  });
});
