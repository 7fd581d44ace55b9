import {expect, test} from 'vitest';
import type {ParsedToolCall} from '../../../src/engine/contract/backend.ts';
import * as wire from '../../contract/wire.ts';
import type {Step} from '../../fakes/scripted-backend.ts';
import {toyBackend} from '../../fakes/toy-backend.ts';
import {serverOn, testServer} from '../server.ts';

const URL = '/v1/chat/completions';
const HI = {model: 'm', messages: [{role: 'user', content: 'Hi'}]};
const call = (id: string, name: string, args: string): Step => ({
  type: 'tool_call',
  call: {id, name, arguments: args} satisfies ParsedToolCall,
});
const TOOLS = [{type: 'function', function: {name: 'now', parameters: {type: 'object', properties: {}}}}];

test('a whole reply satisfies both field tables', async () => {
  const {post} = await testServer(['Hello', ' there']);
  const reply = await post(URL, HI);
  expect(reply.status).toBe(200);
  const {choices, usage} = wire.chatCompletion.parse(reply.json());
  expect(choices[0]).toMatchObject({message: {content: 'Hello there'}, finish_reason: 'stop'});
  expect(usage).toMatchObject({prompt_tokens: 5, completion_tokens: 2, total_tokens: 7});
});

test('a stream says the same as the whole reply, and its finish chunk carries the usage', async () => {
  const {post} = await testServer(['Hello', ' there']);
  const chunks = wire.checkChatStream((await post(URL, {...HI, stream: true})).events());
  expect(chunks[0]?.choices[0]?.delta).toEqual({role: 'assistant', content: ''});
  expect(chunks.map(({choices: [choice]}) => choice?.delta.content ?? '').join('')).toBe('Hello there');
  expect(chunks.at(-1)?.usage).toMatchObject({completion_tokens: 2});
});

test('include_usage moves the usage to a last chunk without choices; false leaves it out', async () => {
  const {post} = await testServer(['a']);
  const stream = async (include_usage: boolean) =>
    wire.checkChatStream((await post(URL, {...HI, stream: true, stream_options: {include_usage}})).events());
  const included = await stream(true);
  expect(included.at(-1)).toMatchObject({choices: [], usage: {total_tokens: 6}});
  expect(included.slice(0, -1).every(({usage}) => usage === null)).toBe(true);
  expect((await stream(false)).every(({usage}) => usage === undefined)).toBe(true);
});

test('tool calls: content null in a whole reply, each call whole in one delta of a stream', async () => {
  const script = [
    call('abcdefghi', 'now', '{}'),
    call('123456789', 'then', '{"a": 1}'),
    {finish: 'tool_calls'},
  ] as const;
  const {post} = await testServer(script);
  const body = {...HI, tools: TOOLS};
  const {choices} = wire.chatCompletion.parse((await post(URL, body)).json());
  expect(choices[0]).toMatchObject({finish_reason: 'tool_calls', message: {content: null}});
  expect(choices[0]?.message.tool_calls?.map(({function: {name}}) => name)).toEqual(['now', 'then']);
  const chunks = wire.checkChatStream((await post(URL, {...body, stream: true})).events());
  const calls = chunks.flatMap(({choices: [choice]}) => choice?.delta.tool_calls ?? []);
  expect(calls.map(({index, id}) => [index, id])).toEqual([
    [0, 'abcdefghi'],
    [1, '123456789'],
  ]);
});

test('parallel_tool_calls: false ends the answer after the first call', async () => {
  const later = (signal: AbortSignal) => expect(signal.aborted).toBe(true);
  const {post, backend} = await testServer([call('abcdefghi', 'now', '{}'), later, call('123456789', 'then', '{}')]);
  const reply = await post(URL, {...HI, tools: TOOLS, parallel_tool_calls: false});
  const {choices} = wire.chatCompletion.parse(reply.json());
  expect(choices[0]?.finish_reason).toBe('tool_calls');
  expect(choices[0]?.message.tool_calls).toHaveLength(1);
  expect(backend.finished).toEqual(['aborted']);
});

test('log-probabilities come with each token, its bytes and its alternatives', async () => {
  const {post} = await testServer(['é!']);
  const body = {...HI, logprobs: true, top_logprobs: 2};
  const {choices} = wire.chatCompletion.parse((await post(URL, body)).json());
  const content = choices[0]?.logprobs?.content ?? [];
  expect(content.map(({bytes}) => bytes)).toEqual([[0xc3], [0xa9], [0x21]]);
  expect(content[2]?.top_logprobs).toMatchObject([
    {token: '!', logprob: -0.25},
    {token: '"', logprob: -1.25},
  ]);
  const chunks = wire.checkChatStream((await post(URL, {...body, stream: true})).events());
  expect(chunks[1]?.choices[0]?.logprobs).toEqual(choices[0]?.logprobs);
});

test('n choices run one after the other with seeds of their own, and the prompt counts once', async () => {
  const {post, backend} = await testServer(['x']);
  const reply = wire.chatCompletion.parse((await post(URL, {...HI, n: 3, seed: 7})).json());
  expect(reply.choices.map(({index}) => index)).toEqual([0, 1, 2]);
  expect(reply.usage).toMatchObject({prompt_tokens: 5, completion_tokens: 3});
  expect(backend.calls.map(({request}) => request.sampling.seed)).toEqual([7, 8, 9]);
});

test('reasoning is a field of its own, or parts of the content when Mistral asks for it', async () => {
  const {post} = await testServer([{type: 'reasoning', text: 'hm'}, 'yes']);
  expect((await post(URL, HI)).json().choices[0].message).toMatchObject({content: 'yes', reasoning_content: 'hm'});
  const reply = wire.chatCompletion.parse((await post(URL, {...HI, prompt_mode: 'reasoning'})).json());
  expect(reply.choices[0]?.message.content).toEqual([
    {type: 'thinking', thinking: [{type: 'text', text: 'hm'}]},
    {type: 'text', text: 'yes'},
  ]);
});

test('streamed reasoning is a field of its own too, or parts of the content when Mistral asks for it', async () => {
  const {post} = await testServer([{type: 'reasoning', text: 'hm'}, 'yes']);
  const deltas = async (more: object) =>
    (await post(URL, {...HI, ...more, stream: true})).events().flatMap((event) => event.choices?.[0]?.delta ?? []);
  expect(await deltas({})).toEqual([{role: 'assistant', content: ''}, {reasoning_content: 'hm'}, {content: 'yes'}, {}]);
  expect((await deltas({prompt_mode: 'reasoning'})).slice(1, -1)).toEqual([
    {content: [{type: 'thinking', thinking: [{type: 'text', text: 'hm'}]}]},
    {content: 'yes'},
  ]);
});

test.each(['length', 'context'] as const)('an answer cut by %s says length', async (finish) => {
  const {post} = await testServer(['x', {finish}]);
  expect((await post(URL, HI)).json().choices[0].finish_reason).toBe('length');
});

const ULTRA = '{"reasoning_effort": {"values": ["none", "high", "ultra"], "default": "none"}}';

test('every effort that clients know and the file has is taken, the nearest one is told, another one is refused', async () => {
  const {backend, model} = toyBackend({answer: () => [2]}, {settings: ULTRA});
  const {post, get} = await serverOn(backend);
  const known = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];
  for (const reasoning_effort of known) expect((await post(URL, {...HI, reasoning_effort})).status).toBe(200);
  expect((await post(URL, {...HI, reasoning_effort: 'ultra'})).json().choices[0]).not.toHaveProperty('notes');
  expect(backend.tokenizer.encode('"ultra"').every((id) => model.calls.at(-1)?.prompt.includes(id))).toBe(true);
  const notes = ["reasoning_effort max is not among this model's (none, high, ultra): high was used"];
  const max = {...HI, reasoning_effort: 'max'};
  expect((await post(URL, max)).json().choices[0]).toMatchObject({notes});
  const chunks = (await post(URL, {...max, stream: true})).events();
  expect(chunks.flatMap((chunk) => chunk.choices?.[0]?.notes ?? [])).toEqual(notes);
  const refused = await post(URL, {...HI, reasoning_effort: 'enormous'});
  expect({status: refused.status, param: refused.json().error.param}).toEqual({status: 400, param: 'reasoning_effort'});
  const {paths} = (await get('/openapi.json')).json();
  const {schema} = paths[URL].post.requestBody.content['application/json'];
  expect(JSON.stringify(schema.properties.reasoning_effort)).toContain(JSON.stringify(known));
});

test.each(['thinking_budget', 'thinking_token_budget', 'thinking_budget_tokens'])(
  'a thought is ended at its %s',
  async (field) => {
    const thinks = (said: readonly number[]) =>
      said.includes(36) ? [said.at(-1) === 36 ? 165 : 2] : said.length ? [120] : [35];
    const {backend} = toyBackend({answer: () => [], ranked: thinks}, {settings: ULTRA});
    const {post} = await serverOn(backend, {
      sampling: {asked: {thinkingBudget: 5}, otherwise: {temperature: 0}},
    });
    const reply = (await post(URL, {...HI, [field]: 3})).json();
    wire.chatCompletion.parse(reply);
    expect(reply.choices[0]).toMatchObject({
      message: {content: 'A', reasoning_content: '\u0014\u0014\u0014'},
      thinking_cut: true,
    });
    expect(reply.usage).toMatchObject({completion_tokens: 7, completion_tokens_details: {reasoning_tokens: 3}});
    const chunks = (await post(URL, {...HI, [field]: 3, stream: true})).events();
    expect(chunks.at(-2)).toMatchObject({
      choices: [{thinking_cut: true}],
      usage: {completion_tokens_details: {reasoning_tokens: 3}},
    });
    expect((await post(URL, HI)).json().usage.completion_tokens_details).toEqual({reasoning_tokens: 5});
    expect((await post(URL, {...HI, [field]: -2})).status).toBe(400);
  },
);

test('max_tokens 0 gives an empty answer', async () => {
  const {post} = await testServer(['x']);
  const {choices} = wire.chatCompletion.parse((await post(URL, {...HI, max_tokens: 0})).json());
  expect(choices[0]).toMatchObject({message: {content: ''}, finish_reason: 'length'});
});

test('a failure in mid-stream is one error event, and no [DONE] follows', async () => {
  const fail = () => {
    throw new Error('kaput');
  };
  const {post, service} = await testServer(['half', fail]);
  const events = (await post(URL, {...HI, stream: true})).events();
  expect(wire.error.parse(events.at(-1)).error).toMatchObject({type: 'server_error'});
  expect(JSON.stringify(events)).not.toContain('kaput');
  expect(service.admission.active).toBe(0);
});

const message = (role: string, rest: object = {}) => ({role, content: 'x', ...rest});
test.each([
  ['messages', {messages: 'Hi'}],
  ['messages', {messages: []}],
  ['messages[0].role', {messages: [message('zzz')]}],
  ['messages[0].content', {messages: [{role: 'user', content: 7}]}],
  ['messages[0].content[0].type', {messages: [{role: 'user', content: [{type: 'hologram'}]}]}],
  ['messages[0].content[0].type', {messages: [{role: 'user', content: [{text: 'x'}]}]}],
  [
    'messages[1].tool_calls[0].function.name',
    {messages: [message('user'), message('assistant', {tool_calls: [{id: 'a', function: {arguments: '{}'}}]})]},
  ],
  ['temperature', {temperature: 'hot'}],
  ['top_p', {top_p: 2}],
  ['n', {n: 0}],
  ['tools', {tools: {}}],
  ['tools[0].type', {tools: [{type: 'retrieval'}]}],
  ['tool_choice', {tool_choice: 'required'}],
  ['tool_choice', {tool_choice: {type: 'function', function: {name: 'other'}}, tools: TOOLS}],
  ['top_logprobs', {top_logprobs: 2}],
  ['response_format.type', {response_format: {type: 'xml'}}],
  ['response_format.json_schema', {response_format: {type: 'json_schema'}}],
  ['functions', {functions: []}],
  ['stream_options.include_usage', {stream_options: {include_usage: 1}}],
  ['logit_bias.x', {logit_bias: {x: 'often'}}],
])('a wrong %s is a 400 that names it', async (param, wrong) => {
  const {post, backend} = await testServer();
  const reply = await post(URL, {...HI, ...wrong});
  expect(reply.status).toBe(400);
  expect(wire.error.parse(reply.json()).error).toMatchObject({param, type: 'invalid_request_error'});
  expect(backend.calls).toEqual([]);
});
