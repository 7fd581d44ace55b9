import {describe, expect, test} from 'vitest';
import {testServer} from '../server.ts';

const parameters = {type: 'object', properties: {}};
const schema = {type: 'object', properties: {}};
const call = {id: 'aB3dE5fG7', type: 'function', function: {name: 'f', arguments: '{}'}};
const tools = [{type: 'function', function: {name: 'f', description: '', parameters}}];
const chat = {
  messages: [
    {role: 'user', content: [{type: 'text', text: 'Hi'}]},
    {role: 'assistant', content: '', tool_calls: [call]},
    {role: 'tool', content: 'x', tool_call_id: 'aB3dE5fG7'},
  ],
  tools,
  tool_choice: {type: 'function', function: {name: 'f'}},
  stream_options: {include_usage: true},
};
const form = {response_format: {type: 'json_schema', json_schema: {name: 'a', schema}}};
const ollamaCall = {function: {name: 'f', arguments: {}}};
const BODIES = {
  '/v1/chat/completions': chat,
  '/v1/completions': {prompt: 'a', stream_options: {}, ...form},
  '/v1/fim/completions': {prompt: 'a', ...form},
  '/completion': {prompt: 'a', ...form},
  '/infill': {input_prefix: 'a', input_suffix: 'b', ...form},
  '/v1/responses': {
    input: [{role: 'user', content: 'Hi'}],
    tools: [{type: 'function', name: 'f', parameters}],
    tool_choice: {type: 'function', name: 'f'},
    text: {format: {type: 'text'}},
    reasoning: {},
  },
  '/v1/messages': {
    messages: [{role: 'user', content: [{type: 'text', text: 'Hi'}]}],
    tools: [{name: 'f', input_schema: parameters}],
    tool_choice: {type: 'auto'},
    thinking: {type: 'disabled'},
    output_config: {},
  },
  '/api/chat': {
    messages: [
      {role: 'user', content: 'Hi'},
      {role: 'assistant', content: '', tool_calls: [ollamaCall]},
      {role: 'tool', content: 'x', tool_name: 'f'},
    ],
    tools,
    stream: false,
  },
} as const;

/** Every object within each body, by its path; what is inside of schemas and arguments is the client's own. */
const PLACES: Record<keyof typeof BODIES, string[]> = {
  '/v1/chat/completions': [
    'messages[1]',
    'messages[0].content[0]',
    'messages[1].tool_calls[0]',
    'messages[1].tool_calls[0].function',
    'tools[0]',
    'tools[0].function',
    'tool_choice',
    'stream_options',
  ],
  '/v1/completions': ['stream_options', 'response_format', 'response_format.json_schema'],
  '/v1/fim/completions': ['response_format', 'response_format.json_schema'],
  '/completion': ['response_format', 'response_format.json_schema'],
  '/infill': ['response_format', 'response_format.json_schema'],
  '/v1/responses': ['input[0]', 'tools[0]', 'tool_choice', 'text', 'text.format', 'reasoning'],
  '/v1/messages': ['messages[0]', 'messages[0].content[0]', 'tools[0]', 'tool_choice', 'thinking', 'output_config'],
  '/api/chat': [
    'messages[0]',
    'messages[1].tool_calls[0]',
    'messages[1].tool_calls[0].function',
    'tools[0]',
    'tools[0].function',
  ],
};

/** A copy of `body` with another member in the object at `path`. */
function withMember(body: object, path: string, name: string, value: unknown): object {
  const copy = structuredClone(body);
  // biome-ignore lint/suspicious/noExplicitAny: bodies of eight shapes
  let at: any = copy;
  for (const key of path.split(/[.[\]]+/).filter((part) => part !== '')) at = at[key];
  at[name] = value;
  return copy;
}

async function toldOf(url: string, body: object) {
  const {post} = await testServer();
  const {status, headers} = await post(url, body);
  const notes = String(headers['x-mistral-warnings'] ?? '')
    .split('; ')
    .filter((note) => note !== '')
    .map(decodeURIComponent);
  return {status, notes};
}

const CASES = Object.entries(PLACES).flatMap(([url, paths]) =>
  paths.map((path) => [url as keyof typeof BODIES, path] as const),
);

test.each(Object.keys(PLACES) as (keyof typeof BODIES)[])(
  '%s: nothing is told of a body whose members are all read',
  async (url) => {
    expect(await toldOf(url, BODIES[url])).toEqual({status: 200, notes: []});
  },
);

test.each(CASES)('%s: a member of nobody in %s is told by its path, null is none', async (url, path) => {
  const body = BODIES[url];
  const note = `'${path}.zebra' is not a field of this route: ignored`;
  expect(await toldOf(url, withMember(body, path, 'zebra', 'x'))).toEqual({status: 200, notes: [note]});
  expect(await toldOf(url, withMember(body, path, 'zebra', null))).toEqual({status: 200, notes: []});
});

describe('members of other servers', () => {
  test.each([
    ['/v1/chat/completions', 'stream_options', 'include_obfuscation'],
    ['/v1/chat/completions', 'messages[1]', 'annotations'],
    ['/v1/chat/completions', 'messages[1].tool_calls[0]', 'index'],
    ['/v1/chat/completions', 'tools[0].function', 'cache_control'],
    ['/v1/responses', 'input[0]', 'id'],
    ['/v1/responses', 'tools[0]', 'defer_loading'],
    ['/v1/messages', 'tools[0]', 'eager_input_streaming'],
    ['/v1/messages', 'tools[0]', 'allowed_callers'],
    ['/v1/messages', 'messages[0].content[0]', 'cache_control'],
    ['/api/chat', 'messages[1].tool_calls[0].function', 'index'],
  ] as const)('%s: %s.%s cannot change the answer', async (url, path, name) => {
    expect(await toldOf(url, withMember(BODIES[url], path, name, 'x'))).toEqual({status: 200, notes: []});
  });

  test.each([
    ['/v1/chat/completions', 'stream_options', 'continuous_usage_stats', 'the usage is in the last event'],
    ['/v1/chat/completions', 'messages[1]', 'reasoning_content', 'thoughts of the history are parts of its content'],
    ['/v1/messages', 'tools[0]', 'input_examples', 'the model is shown no examples'],
    ['/v1/messages', 'thinking', 'display', 'thoughts are given whole'],
    ['/v1/responses', 'reasoning', 'generate_summary', "use 'reasoning.summary'"],
  ] as const)('%s: %s.%s is told with the reason', async (url, path, name, why) => {
    const notes = [`'${path}.${name}' is ignored: ${why}`];
    expect(await toldOf(url, withMember(BODIES[url], path, name, 'x'))).toEqual({status: 200, notes});
  });

  test.each([
    ['/v1/chat/completions', 'messages[1]', 'function_call'],
    ['/v1/chat/completions', 'messages[1]', 'audio'],
    ['/v1/chat/completions', 'messages[0]', 'images'],
    ['/api/chat', 'messages[0]', 'images'],
  ] as const)('%s: %s.%s is refused by its path, and nothing runs', async (url, path, name) => {
    const {post, backend} = await testServer();
    const {status, text} = await post(url, withMember(BODIES[url], path, name, [{name: 'x'}]));
    expect([status, backend.calls]).toEqual([400, []]);
    expect(text).toContain(`${path}.${name}`);
  });

  test('those of a hosted tool are not told one by one: the tool itself is', async () => {
    const tool = {type: 'web_search', search_context_size: 'low'};
    const {notes} = await toldOf('/v1/responses', {input: 'Hi', tools: [tool]});
    expect(notes).toEqual(["tools[0]: a tool of type 'web_search' can't be offered to the model"]);
  });
});

test('a member that a thousand messages have is told once; of many such twenty are named', async () => {
  const message = {role: 'user', content: 'Hi', zebra: 1};
  const many = {messages: Array(1000).fill(message)};
  expect((await toldOf('/v1/chat/completions', many)).notes).toEqual([
    "'messages[0].zebra' is not a field of this route: ignored",
  ]);
  const names = Object.fromEntries(Array.from({length: 25}, (_, at) => [`field${at}`, 1]));
  const {notes} = await toldOf('/v1/chat/completions', {messages: [{...message, zebra: null, ...names}]});
  expect([notes.length, notes[0], notes.at(-1)]).toEqual([
    21,
    "'messages[0].field0' is not a field of this route: ignored",
    '5 more fields are not of this route: ignored',
  ]);
});
