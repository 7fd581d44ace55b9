import {expect, test} from 'vitest';
import {fromPlain} from '../../../src/base/json.ts';
import {testServer} from '../server.ts';

const BODIES = {
  '/v1/chat/completions': {messages: [{role: 'user', content: 'Hi'}]},
  '/v1/completions': {prompt: 'a'},
  '/v1/fim/completions': {prompt: 'a'},
  '/completion': {prompt: 'a'},
  '/infill': {input_prefix: 'a', input_suffix: 'b'},
} as const;
const ROUTES = Object.entries(BODIES);

const schema = {type: 'boolean'};
const asSchema = {type: 'json_schema', schema: fromPlain(schema)};
const gbnf = 'root ::= "yes" | "no"';

const FORMS: readonly [string, object, object][] = [
  ['OpenAI', {response_format: {type: 'json_schema', json_schema: {name: 'x', schema}}}, asSchema],
  ['any object', {response_format: {type: 'json_object'}}, {type: 'json_object'}],
  ['llama-server, an object', {response_format: {type: 'json_object', schema}}, asSchema],
  ['Together', {response_format: {type: 'json_schema', schema}}, asSchema],
  ['json_schema', {json_schema: schema}, asSchema],
  ['anything at all', {json_schema: true}, {type: 'json_schema', schema: true}],
  ['grammar', {grammar: gbnf}, {type: 'grammar', gbnf}],
  ['guided_json', {guided_json: schema}, asSchema],
  ['guided_grammar', {guided_grammar: gbnf}, {type: 'grammar', gbnf}],
  ['guided_choice', {guided_choice: ['a "b"', 'c']}, {type: 'grammar', gbnf: 'root ::= "a \\"b\\"" | "c"\n'}],
  ['guided_regex', {guided_regex: '[ab]{2}"'}, {type: 'grammar', gbnf: 'root ::= ([a-b]){2,2} [\\x22]\n'}],
  ['structured_outputs.json', {structured_outputs: {json: schema}}, asSchema],
  ['structured_outputs.grammar', {structured_outputs: {grammar: gbnf}}, {type: 'grammar', gbnf}],
  ['structured_outputs.choice', {structured_outputs: {choice: ['a']}}, {type: 'grammar', gbnf: 'root ::= "a"\n'}],
  ['structured_outputs.regex', {structured_outputs: {regex: '^a$'}}, {type: 'grammar', gbnf: 'root ::= [a]\n'}],
  ['structured_outputs.json_object', {structured_outputs: {json_object: true}}, {type: 'json_object'}],
];

test.each(ROUTES)('%s takes a form in the words of every server', async (url, body) => {
  const {post, backend} = await testServer();
  for (const [name, form, expected] of FORMS) {
    const reply = await post(url, {...body, ...form});
    expect({name, status: reply.status, warnings: reply.json().warnings}).toEqual({name, status: 200});
    expect({name, format: backend.requests.at(-1)}).toMatchObject({name, format: {responseFormat: expected}});
  }
});

const NONE: readonly object[] = [
  {},
  {grammar: ''},
  {response_format: {type: 'text'}},
  {response_format: null, json_schema: null},
  {structured_outputs: {json: null, json_object: false}},
];

test.each(ROUTES)('%s: a form that asks for nothing is none', async (url, body) => {
  const {post, backend} = await testServer();
  for (const form of NONE) {
    expect((await post(url, {...body, ...form})).status).toBe(200);
    expect(backend.requests.at(-1)?.responseFormat).toBeUndefined();
  }
});

const BAD: readonly [string, object][] = [
  ['response_format.schema', {response_format: {type: 'json_object', schema: 123}}],
  ['response_format.schema', {response_format: {type: 'json_object', schema: {type: 123}}}],
  ['response_format.schema', {response_format: {type: 'json_object', schema: {type: 'hiccup'}}}],
  ['response_format.json_schema.schema', {response_format: {type: 'json_schema', json_schema: {schema: {type: 1}}}}],
  ['response_format.json_schema', {response_format: {type: 'json_schema'}}],
  ['json_schema', {json_schema: {type: 'hiccup'}}],
  ['json_schema', {json_schema: 'x'}],
  ['json_schema', {json_schema: false}],
  ['guided_json', {guided_json: {properties: 7}}],
  ['structured_outputs.json', {structured_outputs: {json: {enum: 7}}}],
  ['structured_outputs.structural_tag', {structured_outputs: {structural_tag: {}}}],
  ['grammar', {grammar: 'yes or no'}],
  ['grammar', {grammar: `root ::= ${'('.repeat(1000)}`}],
  ['guided_grammar', {guided_grammar: 'start ::= "a"'}],
  ['guided_regex', {guided_regex: '(?=a)b'}],
  ['guided_regex', {guided_regex: '(a)\\1'}],
  ['guided_choice', {guided_choice: []}],
  // Two at once.
  ['json_schema', {response_format: {type: 'json_object'}, json_schema: schema}],
  ['grammar', {json_schema: schema, grammar: gbnf}],
  ['structured_outputs.choice', {guided_choice: ['a'], structured_outputs: {choice: ['a']}}],
];

test.each(ROUTES)('%s refuses by its path what is no form, and runs nothing', async (url, body) => {
  const {post, backend} = await testServer();
  for (const [param, form] of BAD) {
    const reply = await post(url, {...body, ...form});
    expect({param, form, status: reply.status}).toEqual({param, form, status: 400});
    expect(reply.json().error.message).toContain(`'${param}`);
  }
  expect(backend.calls).toEqual([]);
});
