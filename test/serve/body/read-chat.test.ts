import {expect, test} from 'vitest';
import {parseJson, toPlain} from '../../../src/base/json.ts';
import {ChatRequestSchema} from '../../../src/serve/body/chat-schema.ts';
import {readChat} from '../../../src/serve/body/read-chat.ts';
import {testServer} from '../server.ts';

/** The engine's request of a body in JSON text. */
function read(body: string) {
  const json = parseJson(body);
  ChatRequestSchema.parse(toPlain(json));
  return readChat(json, {temperature: 0.7}).request;
}
const withMessages = (messages: unknown, rest: object = {}) => read(JSON.stringify({messages, ...rest}));

test('schemas keep their key order and exact numbers', () => {
  const {tools} = read(
    '{"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"b":1.0,"10":2,"9":12345678901234567890}}}]}',
  );
  expect(tools?.[0]?.parameters).toEqual(parseJson('{"b":1.0,"10":2,"9":12345678901234567890}'));
});

test('a tool without parameters takes none', () => {
  const {tools} = withMessages([{role: 'user', content: 'x'}], {tools: [{type: 'function', function: {name: 'f'}}]});
  expect(tools).toEqual([{name: 'f', description: '', parameters: new Map()}]);
});

test('developer is system, null content of a caller is none, parts stay parts', () => {
  const {messages} = withMessages([
    {role: 'developer', content: 'be brief'},
    {
      role: 'user',
      content: [
        {type: 'text', text: 'a'},
        {type: 'image_url', image_url: 'http://x/y.png'},
      ],
    },
    {role: 'assistant', content: null, tool_calls: [{id: 'abcdefghi', function: {name: 'f', arguments: {b: 1}}}]},
    {role: 'tool', tool_call_id: 'abcdefghi', content: 'ok'},
  ]);
  expect(messages).toEqual([
    {role: 'system', content: 'be brief'},
    {role: 'user', content: [{type: 'text', text: 'a'}, {type: 'image_url'}]},
    {role: 'assistant', toolCalls: [{id: 'abcdefghi', name: 'f', arguments: '{"b": 1}'}]},
    {role: 'tool', content: 'ok', toolCallId: 'abcdefghi'},
  ]);
});

test('thinking parts are thoughts, closed unless they say otherwise', () => {
  const {messages} = withMessages([
    {role: 'user', content: 'x'},
    {
      role: 'assistant',
      prefix: true,
      content: [{type: 'thinking', thinking: [{type: 'text', text: 'hm'}], closed: false}],
    },
  ]);
  expect(messages[1]).toEqual({
    role: 'assistant',
    prefix: true,
    content: [{type: 'thinking', thinking: 'hm', closed: false}],
  });
});

test('foreign call ids become 9 characters, and calls and results stay pairs', () => {
  const {messages} = withMessages([
    {role: 'user', content: 'x'},
    {
      role: 'assistant',
      tool_calls: [
        {id: 'call_1', function: {name: 'f', arguments: '{}'}},
        {id: 'call_2', function: {name: 'g', arguments: '{}'}},
      ],
    },
    {role: 'tool', tool_call_id: 'call_2', content: '2'},
    {role: 'tool', tool_call_id: 'call_1', content: '1'},
  ]);
  const [, caller, second, first] = messages;
  if (caller?.role !== 'assistant' || second?.role !== 'tool' || first?.role !== 'tool') throw new Error('roles');
  const ids = caller.toolCalls?.map(({id}) => id);
  expect(ids).toEqual([first.toolCallId, second.toolCallId]);
  expect(new Set(ids).size).toBe(2);
  expect(ids?.every((id) => /^[a-zA-Z0-9]{9}$/.test(id))).toBe(true);
});

test('allowed_tools leaves the others out', () => {
  const tool = (name: string) => ({type: 'function', function: {name}});
  const request = withMessages([{role: 'user', content: 'x'}], {
    tools: [tool('f'), tool('g')],
    tool_choice: {type: 'allowed_tools', allowed_tools: {mode: 'required', tools: [tool('g')]}},
  });
  expect(request).toMatchObject({tools: [{name: 'g'}], toolChoice: 'any'});
});

test.each([
  ['required', 'any'],
  ['any', 'any'],
  ['auto', 'auto'],
  ['none', 'none'],
  [{type: 'function', function: {name: 'f'}}, {name: 'f'}],
])('tool_choice %o is %o', (tool_choice, toolChoice) => {
  const tools = [{type: 'function', function: {name: 'f'}}];
  expect(withMessages([{role: 'user', content: 'x'}], {tools, tool_choice})).toMatchObject({toolChoice});
});

test('a JSON schema needs no name', () => {
  const json_schema = {schema: {type: 'object'}};
  const request = withMessages([{role: 'user', content: 'x'}], {response_format: {type: 'json_schema', json_schema}});
  expect(request.responseFormat).toEqual({type: 'json_schema', schema: new Map([['type', 'object']])});
});

test('safe_prompt puts a system message in front', () => {
  const {messages} = withMessages([{role: 'user', content: 'x'}], {safe_prompt: true});
  expect(messages.map(({role}) => role)).toEqual(['system', 'user']);
});

test('both names of the token cap and of the seed, and null everywhere', () => {
  const sampling = (rest: object) => withMessages([{role: 'user', content: 'x'}], rest).sampling;
  expect(sampling({max_completion_tokens: 5})).toEqual({temperature: 0.7, maxTokens: 5});
  expect(sampling({max_tokens: 5, random_seed: -3})).toEqual({temperature: 0.7, maxTokens: 5, seed: 2 ** 32 - 3});
  expect(
    sampling({temperature: null, top_p: null, stop: null, seed: null, logprobs: null, tools: null, n: null}),
  ).toEqual({
    temperature: 0.7,
  });
  expect(sampling({stop: ['', 'a'], top_k: -1, seed: -1, logit_bias: {'5': -100}, logprobs: true})).toEqual({
    temperature: 0.7,
    stop: ['a'],
    logitBias: new Map([[5, -100]]),
    topLogprobs: 0,
  });
});

test('an answer cannot go on with the last message and begin behind it', async () => {
  const {post} = await testServer(['x']);
  const messages = [
    {role: 'user', content: 'a'},
    {role: 'assistant', content: 'b'},
  ];
  const both = {messages, continue_final_message: true, add_generation_prompt: true};
  const refused = await post('/v1/chat/completions', both);
  expect({status: refused.status, param: refused.json().error.param}).toEqual({
    status: 400,
    param: 'add_generation_prompt',
  });
  expect(
    (await post('/v1/chat/completions', {...both, continue_final_message: false, messages: [messages[0]]})).status,
  ).toBe(200);
});
