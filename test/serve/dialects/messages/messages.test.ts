import {expect, test} from 'vitest';
import {fromPlain} from '../../../../src/base/json.ts';
import {type MessagesCall, readMessageRequest} from '../../../../src/serve/dialects/messages/read-message-request.ts';
import {ScriptedBackend} from '../../../fakes/scripted-backend.ts';
import {serverOn, testServer} from '../../server.ts';
import {
  ask,
  type GoldenReply,
  type GoldenRequest,
  namedEvents,
  normalised,
  readGoldens,
  wireRequest,
} from '../golden.ts';

const URL = '/v1/messages';
const HI = [{role: 'user', content: 'Hi'}];
const replies = readGoldens<GoldenReply>(import.meta.dirname, 'replies.jsonl');
const requests = readGoldens<GoldenRequest>(import.meta.dirname, 'requests.jsonl');
const read = (body: object): MessagesCall => readMessageRequest(fromPlain(body), {temperature: 0.7});

test('all goldens are there', () => {
  expect([replies.length, requests.length]).toEqual([14, 7]);
});

test.each(replies)('reply: $name', async (golden) => {
  const reply = await ask(golden);
  expect(reply.status).toBe(golden.status);
  expect(reply.contentType.startsWith(golden.contentType)).toBe(true);
  if (golden.retryAfter) expect(reply.retryAfter).toBe(String(golden.retryAfter));
  if (!golden.events) return expect(normalised(JSON.parse(reply.text))).toEqual(normalised(golden.body));
  const events = namedEvents(reply.text);
  expect(events.map(({name}) => name)).toEqual(golden.events.map((event) => (event as {type: string}).type));
  expect(normalised(events.map(({data}) => data))).toEqual(normalised(golden.events));
});

test.each(requests)('request: $name', async ({body, want}) => {
  if (want.error) {
    const {post} = await testServer();
    const reply = await post(URL, body);
    expect(reply.status).toBe(want.error.status);
    expect(reply.json()).toMatchObject({type: 'error', error: {type: 'invalid_request_error'}});
    return expect(reply.json().error.message).toContain(`'${want.error.param}'`);
  }
  const {request, told} = read(body);
  expect(wireRequest(request)).toEqual(want.request);
  expect(told).toEqual(want.told);
});

test('what claude-code says of its version is left out of the system prompt', () => {
  const system = [
    {type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1.197'},
    {type: 'text', text: 'You are helpful.'},
  ];
  expect(read({messages: HI, system}).request.messages[0]).toEqual({role: 'system', content: 'You are helpful.'});
  expect(read({messages: HI, system: system.slice(0, 1)}).request.messages).toEqual([{role: 'user', content: 'Hi'}]);
});

test.each([
  [{thinking: {type: 'disabled'}, output_config: {effort: 'max'}}, 'none', undefined],
  [{thinking: {type: 'adaptive'}}, 'high', undefined],
  [{thinking: {type: 'adaptive'}, output_config: {effort: 'low'}}, 'low', undefined],
  [{thinking: {type: 'enabled', budget_tokens: 100}}, 'high', 100],
  [{output_config: {effort: 'medium'}}, 'medium', undefined],
  [{}, undefined, undefined],
])('%j asks for effort %s and a budget of %s', (body, effort, budget) => {
  const {reasoningEffort, sampling} = read({messages: HI, ...body}).request;
  expect([reasoningEffort, sampling.thinkingBudget]).toEqual([effort, budget]);
});

test('an effort a model has no levels for passes in silence', async () => {
  const {post, backend} = await serverOn(new ScriptedBackend(['ok'], {efforts: {levels: []}}));
  const reply = await post(`${URL}?beta=true`, {messages: HI, thinking: {type: 'adaptive'}, metadata: {user_id: 'u'}});
  expect([reply.status, reply.headers['x-mistral-warnings']]).toEqual([200, undefined]);
  expect('reasoningEffort' in (backend.requests[0] ?? {})).toBe(false);
});

test('limits and stops are the request’s, and no stop of another dialect', () => {
  const {sampling} = read({messages: HI, max_tokens: 5, top_k: 3, stop_sequences: ['END'], stop: ['x']}).request;
  expect(sampling).toEqual({temperature: 0.7, maxTokens: 5, topK: 3, stop: ['END']});
});

test.each([
  [{type: 'any'}, 'any', true],
  [{type: 'none'}, 'none', true],
  [{type: 'tool', name: 'f'}, {name: 'f'}, true],
  [{type: 'auto', disable_parallel_tool_use: true}, 'auto', false],
])('tool_choice %j', (tool_choice, choice, parallel) => {
  const call = read({messages: HI, tools: [{name: 'f', input_schema: {type: 'object'}}], tool_choice});
  expect([call.request.toolChoice, call.parallelCalls]).toEqual([choice, parallel]);
});

test('the model goes on with an answer that stands last', () => {
  const {messages} = read({messages: [...HI, {role: 'assistant', content: [{type: 'text', text: 'Once'}]}]}).request;
  expect(messages.at(-1)).toEqual({role: 'assistant', content: 'Once', prefix: true});
});

test('a thought that cannot be read is told; an image inside a result is refused by its path', async () => {
  const blocks = [
    {type: 'redacted_thinking', data: 'x'},
    {type: 'text', text: 'ok'},
  ];
  const {told} = read({messages: [...HI, {role: 'assistant', content: blocks}, ...HI]});
  expect(told).toEqual(["messages[1].content[0]: a block of type 'redacted_thinking' is passed over"]);
  const content = [{type: 'tool_result', tool_use_id: 't', content: [{type: 'image', source: {}}]}];
  const {post} = await testServer();
  const reply = await post(URL, {messages: [{role: 'user', content}]});
  expect([reply.status, reply.json().error.message]).toEqual([
    400,
    "'messages[0].content[0].content[0].type': 'image' is not taken",
  ]);
});

test('damaged arguments of a call are an empty input, whole and streamed', async () => {
  const script = [
    {type: 'tool_call' as const, call: {id: 'aaaaaaaaa', name: 'f', arguments: '[1'}},
    {finish: 'tool_calls'},
  ] as const;
  const {post} = await testServer(script);
  const body = {messages: HI, tools: [{name: 'f', input_schema: {type: 'object'}}]};
  expect((await post(URL, body)).json().content).toEqual([{type: 'tool_use', id: 'aaaaaaaaa', name: 'f', input: {}}]);
  const events = namedEvents((await post(URL, {...body, stream: true})).text);
  expect(events.map(({data}) => data)).toContainEqual({
    type: 'content_block_delta',
    index: 0,
    delta: {type: 'input_json_delta', partial_json: '{}'},
  });
});

test('errors name the request in the body and in both headers', async () => {
  const {post} = await testServer(undefined, {apiKeys: ['k']});
  const reply = await post(URL, {messages: HI});
  expect(reply.status).toBe(401);
  const {type, error, request_id} = reply.json();
  expect([type, error.type]).toEqual(['error', 'authentication_error']);
  expect(request_id).toMatch(/^req_[0-9a-f]{32}$/);
  expect([reply.headers['request-id'], reply.headers['x-request-id']]).toEqual([request_id, request_id]);
});

test('a server that does not answer now says overloaded_error with 529', async () => {
  const {post, service} = await testServer();
  service.drain();
  const reply = await post(URL, {messages: HI});
  expect([reply.status, reply.json().error.type]).toEqual([529, 'overloaded_error']);
});

test('HEAD / needs no key', async () => {
  const {app} = await testServer(undefined, {apiKeys: ['k']});
  expect((await app.inject({method: 'HEAD', url: '/', headers: {host: 'localhost'}})).statusCode).toBe(200);
});

test('the list of models is one for each vendor', async () => {
  const {get} = await testServer();
  const ours = (await get('/v1/models')).json();
  const theirs = (await get('/v1/models', {'anthropic-version': '2023-06-01'})).json();
  expect([ours.data[0].type, theirs.data[0].type]).toEqual(['base', 'model']);
  expect(theirs).toMatchObject({first_id: 'scripted', last_id: 'mistral-small-latest', has_more: false});
  expect(theirs.data[1]).toMatchObject({id: 'mistral-small-latest', display_name: 'mistral-small-latest'});
  expect(theirs.data[0].created_at).toMatch(/^\d{4}-\d\d-\d\dT/);
  expect((await get('/models')).json()).toEqual(ours);
});

test.each([{type: 'create'}, {type: 'continue', previous_message_id: 'msg_1'}])(
  'a conversation the server should keep is refused in the words by which clients send it whole: %o',
  async (thread) => {
    const {post, backend} = await testServer();
    const reply = await post(URL, {max_tokens: 5, messages: HI, thread});
    expect(reply.status).toBe(400);
    expect(reply.json().error).toEqual({
      type: 'invalid_request_error',
      message: "'thread' is not supported: nothing is kept here: send the whole history",
      details: {error_code: 'thread_unsupported_request', unsupported: ['thread']},
    });
    expect(backend.requests).toEqual([]);
  },
);
