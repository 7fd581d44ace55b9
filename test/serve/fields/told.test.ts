import {pino} from 'pino';
import {expect, test} from 'vitest';
import {testServer} from '../server.ts';

const messages = [{role: 'user', content: 'Hi'}];
const BODIES = {
  '/v1/chat/completions': {messages},
  '/v1/completions': {prompt: 'a'},
  '/v1/fim/completions': {prompt: 'a'},
  '/completion': {prompt: 'a'},
  '/infill': {input_prefix: 'a', input_suffix: 'b'},
} as const;
const ROUTES = Object.entries(BODIES);

/** The notes of a reply's header. */
const told = (headers: Record<string, unknown>) =>
  String(headers['x-mistral-warnings'] ?? '')
    .split('; ')
    .filter((note) => note !== '')
    .map(decodeURIComponent);

test.each(ROUTES)('%s tells a field of nobody, whole and streamed', async (url, body) => {
  const {post} = await testServer();
  const note = "'zebra' is not a field of this route: ignored";
  const whole = await post(url, {...body, zebra: 'secret'});
  expect(told(whole.headers)).toEqual([note]);
  expect(whole.json().warnings).toEqual([note]);
  const streamed = await post(url, {...body, zebra: 'secret', stream: true});
  expect(told(streamed.headers)).toEqual([note]);
  expect(streamed.text).not.toContain('secret');
});

test.each(ROUTES)('%s says nothing where there is nothing to say', async (url, body) => {
  const {post} = await testServer();
  const reply = await post(url, {...body, user: 'me', store: true, xtc_threshold: 0.1, dry_multiplier: 0, zebra: null});
  expect(reply.status).toBe(200);
  expect(reply.headers).not.toHaveProperty('x-mistral-warnings');
  expect(reply.json()).not.toHaveProperty('warnings');
});

test.each(ROUTES)('%s refuses by its name what would be another answer, and runs nothing', async (url, body) => {
  const {post, backend} = await testServer();
  for (const [field, value] of [
    ['xtc_probability', 0.5],
    ['mirostat', 2],
    ['typical_p', 0.9],
    ['top_n_sigma', 1],
    ['use_beam_search', true],
    ['length_penalty', 2],
    ['lora', [{id: 0, scale: 1}]],
  ] as const) {
    const reply = await post(url, {...body, [field]: value});
    expect({field, status: reply.status}).toEqual({field, status: 400});
    expect(reply.json().error.message).toContain(`'${field}' is not supported`);
  }
  expect(backend.calls).toEqual([]);
});

test('the values of these fields that ask for nothing pass in silence', async () => {
  const {post} = await testServer();
  const neutral = {
    xtc_probability: 0,
    dry_multiplier: 0,
    mirostat: 0,
    typical_p: 1,
    top_n_sigma: -1,
    dynatemp_range: 0,
    length_penalty: 1,
    use_beam_search: false,
    lora: [],
    guardrails: [],
    modalities: ['text'],
    samplers: ['penalties', 'dry', 'top_n_sigma', 'top_k', 'typ_p', 'top_p', 'min_p', 'xtc', 'temperature'],
  };
  const reply = await post('/v1/chat/completions', {messages, ...neutral});
  expect({status: reply.status, told: told(reply.headers)}).toEqual({status: 200, told: []});
});

test('another order of the samplers is refused; editors that ask for a gap always send one, which is told', async () => {
  const {post} = await testServer();
  const samplers = ['top_k', 'top_p', 'infill'];
  const refused = await post('/completion', {prompt: 'a', samplers});
  expect({status: refused.status, message: refused.json().error.message}).toEqual({
    status: 400,
    message: "'samplers' is not supported: the order is fixed: penalties, top_k, top_p, min_p, temperature",
  });
  const filled = await post('/infill', {input_prefix: 'a', input_suffix: 'b', samplers});
  expect({status: filled.status, told: told(filled.headers)}).toEqual({
    status: 200,
    told: ["'samplers' is ignored: the order is fixed: penalties, top_k, top_p, min_p, temperature"],
  });
});

test('a name that no header could hold is told all the same', async () => {
  const {post} = await testServer();
  const reply = await post('/v1/completions', '{"prompt":"a","\\ud800; \\r\\nx-evil: 1 é":1}');
  expect(reply.status).toBe(200);
  expect(told(reply.headers)).toEqual(["'\uFFFD; \r\nx-evil: 1 é' is not a field of this route: ignored"]);
  expect(reply.headers).not.toHaveProperty('x-evil');
});

test('a refused request lists no warnings in its body', async () => {
  const {post} = await testServer();
  const reply = await post('/v1/completions', {prompt: 'a', zebra: 1, best_of: 7});
  expect({status: reply.status, keys: Object.keys(reply.json())}).toEqual({status: 400, keys: ['error']});
});

test('what is told is in the log under the id of the request, which the reply has too', async () => {
  const lines: {notes?: string[]; reqId?: string; msg: string}[] = [];
  const logger = pino({level: 'info'}, {write: (line) => void lines.push(JSON.parse(line))});
  const {post} = await testServer(['x'], {logger});
  const {headers} = await post('/v1/completions', {prompt: 'a', zebra: 'secret', ['y'.repeat(500)]: 1});
  expect(headers['x-request-id']).toMatch(/^req_[0-9a-f]{32}$/);
  expect(lines.map(({reqId}) => reqId)).toEqual([headers['x-request-id'], headers['x-request-id']]);
  expect(lines[0]?.notes).toEqual([
    "'zebra' is not a field of this route: ignored",
    `'${'y'.repeat(64)}' is not a field of this route: ignored`,
  ]);
  expect(JSON.stringify(lines)).not.toContain('secret');
});

test('of many such fields twenty are named', async () => {
  const {post} = await testServer();
  const names = Array.from({length: 25}, (_, at) => `field${at}`);
  const reply = await post('/v1/completions', {prompt: 'a', ...Object.fromEntries(names.map((name) => [name, 1]))});
  expect(reply.json().warnings).toEqual([
    ...names.slice(0, 20).map((name) => `'${name}' is not a field of this route: ignored`),
    '5 more fields are not of this route: ignored',
  ]);
});

test.each([
  ['an answer', '/v1/chat/completions', {messages}, 200],
  ['a stream', '/v1/chat/completions', {messages, stream: true}, 200],
  ['a body that is none', '/v1/chat/completions', 'x', 400],
  ['a body of another shape', '/completion', {}, 400],
  ['a route that is not there', '/v1/nowhere', {}, 404],
  ['a key that is none', '/v1/completions', {prompt: 'a'}, 401],
] as const)('every reply names its request: %s', async (_name, url, body, status) => {
  const {post} = await testServer(undefined, {apiKeys: ['k']});
  const key = status === 401 ? 'no' : 'k';
  const replies = await Promise.all([1, 2].map(() => post(url, body, {authorization: `Bearer ${key}`})));
  expect(replies.map((reply) => reply.status)).toEqual([status, status]);
  const ids = replies.map(({headers}) => headers['x-request-id']);
  expect(ids).toEqual([expect.stringMatching(/^req_/), expect.stringMatching(/^req_/)]);
  expect(ids[0]).not.toBe(ids[1]);
});
