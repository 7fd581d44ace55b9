import {expect, test} from 'vitest';
import {fromPlain} from '../../../../src/base/json.ts';
import {type ResponsesCall, readResponses} from '../../../../src/serve/dialects/responses/read-responses.ts';
import {testServer} from '../../server.ts';
import {
  ask,
  type GoldenReply,
  type GoldenRequest,
  namedEvents,
  normalised,
  readGoldens,
  wireRequest,
} from '../golden.ts';

const URL = '/v1/responses';
const replies = readGoldens<GoldenReply>(import.meta.dirname, 'replies.jsonl');
const requests = readGoldens<GoldenRequest>(import.meta.dirname, 'requests.jsonl');
const read = (body: object): ResponsesCall => readResponses(fromPlain(body), {temperature: 0.7});

test('all goldens are there', () => {
  expect([replies.length, requests.length]).toEqual([17, 6]);
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
    return expect(reply.json().error).toMatchObject({param: want.error.param, code: want.error.code});
  }
  const {request, told, parallelCalls} = read(body);
  expect(wireRequest(request)).toEqual(want.request);
  expect([told, parallelCalls]).toEqual([want.told, true]);
});

test('items of one answer become one message, and a thought comes back from our own encrypted content', () => {
  const {request, told} = read({
    input: [
      {role: 'user', content: 'x'},
      {type: 'reasoning', summary: [], content: null, encrypted_content: 'mistral-chat:aG0='},
      {type: 'message', role: 'assistant', content: [{type: 'output_text', text: 'I look.'}]},
      {type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{"a":1}'},
      {type: 'function_call', call_id: 'call_2', name: 'g', namespace: 'fs', arguments: '{}'},
      {type: 'function_call_output', call_id: 'call_1', output: 'one'},
      {type: 'function_call_output', call_id: 'call_2', output: [{type: 'input_text', text: 'two'}]},
      {type: 'web_search_call', id: 'ws_1', status: 'completed'},
    ],
  });
  expect(request.messages).toEqual([
    {role: 'user', content: 'x'},
    {
      role: 'assistant',
      content: [
        {type: 'thinking', thinking: 'hm', closed: true},
        {type: 'text', text: 'I look.'},
      ],
      toolCalls: [
        {id: 'call_1', name: 'f', arguments: '{"a":1}'},
        {id: 'call_2', name: 'fs__g', arguments: '{}'},
      ],
    },
    {role: 'tool', toolCallId: 'call_1', content: 'one'},
    {role: 'tool', toolCallId: 'call_2', content: 'two'},
  ]);
  expect(told).toEqual(["input[7]: an item of type 'web_search_call' is passed over"]);
});

test('what another maker encrypted is not taken for a thought; its summary is', () => {
  const summary = [
    {type: 'summary_text', text: 'A'},
    {type: 'summary_text', text: 'B'},
  ];
  const item = {type: 'reasoning', encrypted_content: 'gAAAA', summary};
  const {request} = read({input: [{role: 'user', content: 'x'}, item]});
  expect(request.messages[1]).toEqual({
    role: 'assistant',
    content: [{type: 'thinking', thinking: 'A\n\nB', closed: true}],
  });
});

test('a tool of a namespace is called by its own name again, also one that no Mistral template can carry', async () => {
  const tools = [
    {type: 'namespace', name: 'fs', tools: [{type: 'function', name: 'read'}]},
    {type: 'function', name: 'mcp.server/list files'},
  ];
  const names = read({input: 'x', tools}).request.tools?.map(({name}) => name) ?? [];
  expect(names).toEqual(['fs__read', 'mcp_server_list_files_389d18bc']);
  const calls = names.map((name, index) => ({
    type: 'tool_call' as const,
    call: {id: `aB3dE5fG${index}`, name, arguments: '{}'},
  }));
  const {post} = await testServer([...calls, {finish: 'tool_calls'}]);
  const {output} = (await post(URL, {input: 'x', tools})).json();
  expect(output).toMatchObject([
    {type: 'function_call', call_id: 'aB3dE5fG0', namespace: 'fs', name: 'read'},
    {type: 'function_call', call_id: 'aB3dE5fG1', name: 'mcp.server/list files'},
  ]);
  expect('namespace' in output[1]).toBe(false);
});

test.each([
  [{input: 'x', previous_response_id: 'resp_1'}, 'previous_response_id', 'previous_response_not_found'],
  [{input: 'x', background: true}, 'background', 'unsupported'],
  [{input: 'x', prompt: {id: 'p'}}, 'prompt', 'unsupported'],
  [{input: 'x', context_management: [{type: 'compaction'}]}, 'context_management', 'unsupported'],
  [{input: 'x', tools: [], tool_choice: {type: 'web_search'}}, 'tool_choice.type', 'unsupported'],
  [{input: 'x', tool_choice: 'required'}, 'tool_choice', 'invalid_request'],
  [{input: [{type: 'item_reference', id: 'msg_1'}]}, 'input[0].type', 'unsupported'],
  [{input: [{role: 'user', content: [{type: 'input_file'}]}]}, 'input[0].content[0].type', 'unsupported'],
  [{input: [{role: 'critic', content: 'x'}]}, 'input[0].role', 'invalid_request'],
  [{input: 'x', max_output_tokens: 'many'}, 'max_output_tokens', 'invalid_value'],
  [{input: 'x', text: {format: {type: 'json_schema', schema: 5}}}, 'text.format.schema', 'invalid_request'],
])('%j is refused at %s', async (body, param, code) => {
  const {post} = await testServer();
  const reply = await post('/responses', body);
  expect(reply.status).toBe(400);
  expect(reply.json().error).toMatchObject({param, code, type: 'invalid_request_error'});
});

test('allowed_tools offers some of the tools', () => {
  const tools = ['a', 'b', 'c'].map((name) => ({type: 'function', name}));
  const allowed = [{type: 'function', name: 'a'}, {type: 'web_search'}, {type: 'function', name: 'c'}];
  const {request} = read({input: 'x', tools, tool_choice: {type: 'allowed_tools', mode: 'required', tools: allowed}});
  expect(request.tools?.map(({name}) => name)).toEqual(['a', 'c']);
  expect(request.toolChoice).toBe('any');
});

test('parallel_tool_calls false ends the answer after its first call', async () => {
  const call = (id: string) => ({type: 'tool_call' as const, call: {id, name: 'f', arguments: '{}'}});
  const {post} = await testServer([call('aaaaaaaaa'), call('bbbbbbbbb'), {finish: 'tool_calls'}]);
  const body = {input: 'x', tools: [{type: 'function', name: 'f'}], parallel_tool_calls: false};
  const reply = (await post(URL, body)).json();
  expect(reply.output).toHaveLength(1);
  expect(reply.status).toBe('completed');
});

test('log-probabilities are given where they are asked for', async () => {
  const {post} = await testServer(['Hi']);
  const body = {input: 'x', include: ['message.output_text.logprobs'], top_logprobs: 1};
  const {output} = (await post(URL, body)).json();
  expect(output[0].content[0].logprobs[0]).toMatchObject({token: 'H', logprob: -0.25, bytes: [72]});
  expect(output[0].content[0].logprobs[0].top_logprobs).toHaveLength(1);
});

test('a thought the end of the answer tells of is a thought in the whole reply', async () => {
  const usage = {promptTokens: 1, cachedTokens: 0, completionTokens: 3};
  const whole = {reasoning: 'hm', content: 'four'};
  const engine = [
    {type: 'text', text: 'hm[/THINK]four'},
    {type: 'finish', reason: 'stop', usage, whole},
  ] as unknown as GoldenReply['engine'];
  const golden = {name: '', path: URL, request: {input: 'x'}, ...(engine && {engine}), status: 200, contentType: ''};
  const {output} = JSON.parse((await ask(golden)).text);
  expect(output.map((item: {type: string}) => item.type)).toEqual(['reasoning', 'message']);
  expect(output[1].content[0].text).toBe('four');
});
