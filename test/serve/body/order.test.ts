import {expect, test} from 'vitest';
import {isJsonObject} from '../../../src/base/json.ts';
import {testServer} from '../server.ts';

const TOOL =
  '{"type":"function","function":{"name":"f","parameters":{"b":1.0,"10":2,"9":12345678901234567890,"a":1e-7}}}';
const PARAMETERS = [
  ['b', {source: '1.0'}],
  ['10', {source: '2'}],
  ['9', {source: '12345678901234567890'}],
  ['a', {source: '1e-07'}],
];
const CALL = '{"id":"abcdefghi","function":{"name":"f","arguments":{"b":1.0,"10":2}}}';
const HISTORY = `[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[${CALL}]},{"role":"tool","tool_call_id":"abcdefghi","content":"1"}]`;

test('the order of members and the numbers of a tool reach the request', async () => {
  const {post, backend} = await testServer(['x']);
  await post('/v1/chat/completions', `{"messages":[{"role":"user","content":"x"}],"tools":[${TOOL}]}`);
  const [call] = backend.calls;
  if (call?.kind !== 'chat') throw new Error('no chat');
  const parameters = call.request.tools?.[0]?.parameters;
  expect(isJsonObject(parameters) && [...parameters]).toEqual(PARAMETERS);
});

test.each(['/v1/chat/completions', '/infer', '/predict'])(
  'and so do arguments that come as an object: %s',
  async (url) => {
    const {post, backend} = await testServer(['x']);
    expect((await post(url, `{"messages":${HISTORY}}`)).status).toBe(200);
    const [call] = backend.calls;
    if (call?.kind !== 'chat') throw new Error('no chat');
    expect(call.request.messages[1]).toMatchObject({toolCalls: [{arguments: '{"b": 1.0, "10": 2}'}]});
  },
);

const DEEP = `${'['.repeat(200)}${']'.repeat(200)}`;
const BAD_UTF8 = Buffer.concat([Buffer.from(`{"messages":${DEEP}`), Buffer.of(0xff)]);

test.each<[string, string | Buffer, object]>([
  ['UTF-8 before depth', BAD_UTF8, {code: 'invalid_utf8', message: 'the request body is not valid UTF-8'}],
  [
    'depth before syntax',
    '['.repeat(200),
    {code: 'invalid_json', message: 'the request body nests deeper than 128 levels'},
  ],
  [
    'syntax before shape',
    '{"messages": 7,}',
    {
      code: 'invalid_json',
      message: 'the request body is not JSON: expected a key in double quotes (line 1, character 15)',
    },
  ],
  ['NaN is no JSON', '{"temperature": NaN}', {code: 'invalid_json'}],
  ['Infinity is no JSON', '{"temperature": -Infinity}', {code: 'invalid_json'}],
  ['shape before meaning', '{"messages": 7, "functions": []}', {code: 'invalid_value', param: 'messages'}],
  [
    'meaning last',
    '{"messages": [{"role": "user", "content": "x"}], "functions": []}',
    {code: 'unsupported', param: 'functions'},
  ],
])('%s', async (_what, body, error) => {
  const {post, backend} = await testServer(['x']);
  const reply = await post('/v1/chat/completions', body);
  expect(reply.status).toBe(400);
  expect(reply.json().error).toMatchObject(error);
  expect(backend.calls).toEqual([]);
});

test('128 levels are taken, 129 are not', async () => {
  const {post} = await testServer(['x']);
  const nested = (levels: number) => `{"prompt":"a","x":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
  expect((await post('/v1/completions', nested(128))).status).toBe(200);
  expect((await post('/v1/completions', nested(129))).status).toBe(400);
});
