import {expect, test} from 'vitest';
import {LocalBackend} from '../../../src/engine/local/local-backend.ts';
import {stated} from '../../../src/engine/template/version/detect.ts';
import {TekkenTokenizer} from '../../../src/engine/tokenizer/tekken/tekken.ts';
import {parseTekken} from '../../../src/engine/tokenizer/tekken/tekken-file.ts';
import {ScriptedTokenModel} from '../../fakes/scripted-token-model.ts';
import {longestTurn} from '../../fixtures/longest-turn.ts';
import {tekkenJson} from '../../fixtures/vocabularies.ts';
import {serverOn, type TestServer, testServer} from '../server.ts';

const LARGE = {bodyLimit: 10_000_000};
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({length: count}, (_, index) => make(index));
const user = {role: 'user', content: 'a'};
const chat = (more: object) => JSON.stringify({messages: [user], max_tokens: 2, ...more});
const named = (count: number, value: unknown) => Object.fromEntries(many(count, (index) => [`f${index}`, value]));

const biases = (count: number) => Object.fromEntries(many(count, (index) => [String(index), 1]));
const messages = (list: readonly object[], more: object = {}) =>
  JSON.stringify({messages: list, max_tokens: 2, ...more});
const history = many(9001, (index) => ({role: index % 2 ? 'assistant' : 'user', content: 'a'}));
const calls = many(5000, (index) => ({type: 'tool_use', id: `c${index}`, name: 'f', input: {}}));
const results = many(5000, (index) => ({type: 'tool_result', tool_use_id: `c${index}`, content: 'a'}));

/** Bodies of any kind that took seconds of the thread, and the status each has. */
const BODIES: readonly (readonly [name: string, url: string, body: string, status: number])[] = [
  ['many lists', '/v1/chat/completions', chat({metadata: many(1_000_000, () => [])}), 400],
  ['many objects', '/completion', `{"prompt":"a","x":[${'{},'.repeat(1_500_000)}{}]}`, 400],
  ['many numbers', '/v1/chat/completions', chat({metadata: many(2_000_000, () => 1)}), 200],
  ['many unknown fields', '/v1/chat/completions', chat(named(200_000, 1)), 400],
  ['many settings', '/v1/chat/completions', chat({model_settings: named(200_000, 1)}), 200],
  ['half a document', '/v1/messages', `{"messages":[${'1,'.repeat(2_000_000)}`, 400],
  ['half a document of lines', '/v1/messages', `{"messages":[${'\n'.repeat(3_000_000)}`, 400],
  ['escapes', '/infill', `{"input_prefix":"${'\\n'.repeat(2_000_000)}`, 400],
  ['many messages', '/v1/chat/completions', JSON.stringify({messages: many(49_000, () => user)}), 400],
  ['many wrong messages', '/v1/chat/completions', JSON.stringify({messages: many(9000, () => 7)}), 400],
  ['many items', '/v1/responses', JSON.stringify({input: many(49_000, () => user)}), 400],
  [
    'many blocks',
    '/v1/messages',
    JSON.stringify({messages: [{role: 'user', content: many(60_000, () => ({type: 'text', text: 'a'}))}]}),
    400,
  ],
  ['many of Ollama', '/api/chat', JSON.stringify({messages: many(49_000, () => user)}), 400],
  [
    'many tools',
    '/v1/chat/completions',
    chat({tools: many(10_000, () => ({type: 'function', function: {name: 'f'}}))}),
    400,
  ],
  ['many wrong biases', '/v1/chat/completions', chat({logit_bias: named(200_000, 1)}), 400],
  ['many stop texts', '/v1/chat/completions', chat({stop: many(300_000, String)}), 400],
  ['too many biases', '/v1/chat/completions', chat({logit_bias: biases(20_001)}), 400],
  ['many biases', '/v1/chat/completions', chat({logit_bias: biases(20_000)}), 200],
  ['long stop texts', '/v1/chat/completions', chat({stop: ['a'.repeat(3_000_000), 'b'.repeat(3_000_000)]}), 400],
  ['long stop texts of Messages', '/v1/messages', messages([user], {stop_sequences: ['a'.repeat(5_000_000)]}), 400],
  ['long stop texts of Ollama', '/api/chat', chat({options: {stop: ['a'.repeat(5_000_000)]}}), 400],
  ['a long history', '/v1/messages', messages(history), 200],
  ['a long history of Ollama', '/api/chat', JSON.stringify({messages: history}), 200],
  ['a long history of items', '/v1/responses', JSON.stringify({input: history}), 200],
  [
    'many results',
    '/v1/messages',
    messages([user, {role: 'assistant', content: calls}, {role: 'user', content: results}]),
    200,
  ],
  ['many prompts', '/v1/completions', JSON.stringify({prompt: many(600_000, () => 'a')}), 400],
  ['many wrong ids', '/detokenize', JSON.stringify({tokens: many(600_000, () => 'a')}), 400],
];

/** Texts that took seconds of the thread to become tokens, on every route that makes tokens of them. */
const spaces = ' '.repeat(1_000_000);
const words = 'the cat '.repeat(100_000);
const result = [
  user,
  {role: 'assistant', content: '', tool_calls: [{id: '123456789', function: {name: 'f', arguments: '{}'}}]},
  {role: 'tool', tool_call_id: '123456789', content: words},
];
const TEXTS: readonly (readonly [name: string, url: string, body: object, status: number])[] = [
  ['spaces', '/tokenize', {content: spaces}, 200],
  ['pieces', '/tokenize', {content: words, with_pieces: true}, 200],
  ['brackets', '/tokenize', {content: '['.repeat(1_000_000)}, 200],
  ['control tokens', '/tokenize', {content: '[INST]'.repeat(150_000)}, 200],
  ['ids', '/detokenize', {tokens: many(400_000, () => 70)}, 200],
  ['a chat as text', '/apply-template', {messages: [{role: 'user', content: words}]}, 200],
  ['the length of a chat', '/v1/chat/completions/input_tokens', {messages: result}, 200],
  ['the length of items', '/v1/responses/input_tokens', {input: spaces}, 200],
  ['the length of messages', '/v1/messages/count_tokens', {messages: [{role: 'user', content: words}]}, 200],
  ['a chat', '/v1/chat/completions', {messages: [{role: 'user', content: words}]}, 400],
  ['a result', '/v1/chat/completions', {messages: result}, 400],
  ['a text', '/v1/completions', {prompt: words}, 400],
  ['named tokens', '/v1/completions', {prompt: '[INST]'.repeat(40_000)}, 400],
  ['a mixed prompt', '/completion', {prompt: many(400_000, (index) => (index % 2 ? 'a' : 70))}, 400],
  [
    'files',
    '/infill',
    {input_prefix: words, input_suffix: spaces, input_extra: many(9000, () => ({text: 'the cat'}))},
    200,
  ],
];

/** Schemas that took seconds of the thread, or minutes. */
const chained = (count: number, of: (next: object) => object) => ({
  $ref: '#/$defs/f0',
  $defs: Object.fromEntries(many(count, (index) => [`f${index}`, of({$ref: `#/$defs/f${(index + 1) % count}`})])),
});
const SCHEMAS: readonly (readonly [name: string, schema: object, status: number])[] = [
  ['many values', {enum: many(50_000, (index) => `value ${index}`)}, 200],
  ['values that begin with each other', {enum: many(1300, (index) => 'a'.repeat(index))}, 200],
  ['values beside a pattern', {enum: many(20_000, (index) => `value ${index}`), pattern: '^(a|v)*.*[0-9]$'}, 200],
  ['many properties', {type: 'object', properties: named(5000, {type: 'integer'})}, 200],
  ['too many properties', {type: 'object', properties: named(20_000, {type: 'integer'})}, 400],
  ['counted properties', {type: 'object', properties: named(140, {}), minProperties: 99, maxProperties: 139}, 200],
  ['many alternatives', {anyOf: many(5000, (index) => ({const: `a${index}`}))}, 200],
  ['alternatives of many properties', {properties: named(200, {}), anyOf: many(2000, () => ({minProperties: 1}))}, 400],
  ['too many alternatives', {anyOf: many(10_000, () => ({type: 'string'}))}, 400],
  [
    'alternatives that exclude each other',
    {oneOf: many(140, (at) => ({enum: many(190, (one) => at * 1000 + one)}))},
    200,
  ],
  ['references in a circle', chained(5000, (next) => next), 200],
  ['objects in a circle', chained(1400, (next) => ({properties: {a: next}, required: ['a']})), 200],
  ['alternatives in a circle', {enum: [1], ...chained(1, (next) => ({anyOf: [next, next]}))}, 200],
  ['many patterns', {properties: named(2500, {pattern: '^[a-z]{3,900}$', minLength: 5})}, 200],
  ['many multiples', {properties: named(2500, {type: 'integer', multipleOf: 997})}, 400],
  ['a long pattern', {enum: many(900, (at) => `${'a'.repeat(at)}b`), pattern: '((((a*)*b)*a)*c)*$'}, 200],
];

test.each(SCHEMAS)('one schema keeps nobody waiting: %s', async (_name, schema, status) => {
  const tokenizer = new TekkenTokenizer(parseTekken('tekken.json', Buffer.from(tekkenJson('v7'))).vocabulary);
  const parts = {tokenizer, template: stated('v7', 'as asked for'), id: 'toy', device: 'script'};
  const tokenModel = new ScriptedTokenModel({answer: () => [2]});
  await keepsNobodyWaiting(
    await serverOn(new LocalBackend({...parts, tokenModel, path: undefined, trainedContextSize: undefined}), LARGE),
    '/v1/chat/completions',
    chat({response_format: {type: 'json_schema', json_schema: {name: 'a', schema}}}),
    status,
  );
});

test.each(TEXTS)('one text keeps nobody waiting: %s', async (_name, url, body, status) => {
  const tokenizer = new TekkenTokenizer(parseTekken('tekken.json', Buffer.from(tekkenJson('v7'))).vocabulary);
  const parts = {tokenizer, template: stated('v7', 'as asked for'), id: 'toy', device: 'script'};
  const tokenModel = new ScriptedTokenModel({answer: () => [2]});
  await keepsNobodyWaiting(
    await serverOn(new LocalBackend({...parts, tokenModel, path: undefined, trainedContextSize: undefined}), LARGE),
    url,
    JSON.stringify(body),
    status,
  );
});

test.each(BODIES)('one body keeps nobody waiting: %s', async (_name, url, payload, status) => {
  await keepsNobodyWaiting(await testServer(undefined, LARGE), url, payload, status);
});

async function keepsNobodyWaiting({app}: Pick<TestServer, 'app'>, url: string, payload: string, status: number) {
  const send = (body: string) =>
    app.inject({method: 'POST', url, payload: body, headers: {host: 'localhost', 'content-type': 'application/json'}});
  await send('{}');
  let answered = 0;
  const longest = await longestTurn(async () => {
    answered = (await send(payload)).statusCode;
  });
  expect(answered).toBe(status);
  expect(longest).toBeLessThan(100);
}
