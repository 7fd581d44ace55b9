// Anthropic's own client against the built program with scripted answers.
import Anthropic from '@anthropic-ai/sdk';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {startTwin, type Twin} from './harness/scripted-twin.ts';

const PROGRAM = new URL('../../bin/mistral.js', import.meta.url).pathname;
const city = {
  type: 'object' as const,
  properties: {city: {type: 'string'}},
  required: ['city'],
  additionalProperties: false,
};
const tools = [{name: 'get_weather', input_schema: city}];
const say = (content: string) => ({model: 'm', max_tokens: 64, messages: [{role: 'user' as const, content}]});

let twin: Twin;
let client: Anthropic;
beforeAll(async () => {
  twin = await startTwin(PROGRAM);
  client = new Anthropic({baseURL: twin.url, apiKey: 'none', maxRetries: 0});
});
afterAll(() => twin.close());

test('a message whole and streamed, thought included, with its request id', async () => {
  const whole = await client.messages.create(say('think'));
  expect(whole.content).toMatchObject([
    {type: 'thinking', thinking: 'Two and two.'},
    {type: 'text', text: 'It is 4.'},
  ]);
  expect(whole._request_id?.slice(0, 4)).toBe('req_');
  const stream = client.messages.stream(say('think'));
  const seen = {text: '', thinking: ''};
  stream.on('text', (delta) => {
    seen.text += delta;
  });
  stream.on('thinking', (delta) => {
    seen.thinking += delta;
  });
  const streamed = await stream.finalMessage();
  expect(streamed.content).toEqual(whole.content);
  expect(seen).toEqual({text: 'It is 4.', thinking: 'Two and two.'});
  expect([streamed.stop_reason, streamed.usage]).toEqual(['end_turn', whole.usage]);
});

test('the raw events of a stream, in their order', async () => {
  const types: string[] = [];
  for await (const event of await client.messages.create({...say('hello'), stream: true})) types.push(event.type);
  expect(types).toEqual([
    'message_start',
    'content_block_start',
    'content_block_delta',
    'content_block_delta',
    'content_block_delta',
    'content_block_stop',
    'message_delta',
    'message_stop',
  ]);
});

test('a whole tool loop, streamed', async () => {
  const body = {...say('weather?'), tools};
  const first = await client.messages.stream(body).finalMessage();
  expect(first.stop_reason).toBe('tool_use');
  expect(first.content).toMatchObject([{text: 'I ask.'}, {type: 'tool_use', id: 'aB3dE5fG7', input: {city: 'Paris'}}]);
  const result = {type: 'tool_result' as const, tool_use_id: 'aB3dE5fG7', content: 'rain'};
  const messages: Anthropic.MessageParam[] = [
    ...body.messages,
    {role: 'assistant', content: first.content},
    {role: 'user', content: [result]},
  ];
  const second = await client.messages.create({...body, messages});
  expect(second.content).toMatchObject([{text: 'The tool says: rain'}]);
});

test.each([true, false])("the library's own runner of tools comes to an answer, streamed: %s", async (stream) => {
  const given: unknown[] = [];
  const weather = {
    ...tools[0],
    name: 'get_weather',
    input_schema: city,
    type: 'custom' as const,
    parse: (input: unknown) => input as {city: string},
    run: (input: {city: string}) => {
      given.push(input);
      return 'rain';
    },
  };
  const message = await client.beta.messages.toolRunner({...say('weather?'), tools: [weather], stream});
  expect(message.content).toMatchObject([{type: 'text', text: 'The tool says: rain'}]);
  expect(given).toEqual([{city: 'Paris'}]);
});

test('a conversation that the server should keep is refused, and goes on by its whole history where the client may', async () => {
  const kept = client.beta.messages.thread({model: 'm', max_tokens: 64});
  await expect(kept.send({role: 'user', content: 'hello'})).rejects.toMatchObject({
    status: 400,
    error: {error: {message: "'thread' is not supported: nothing is kept here: send the whole history"}},
  });
  const own = client.beta.messages.thread({
    model: 'm',
    max_tokens: 64,
    unsupportedRequestBehavior: 'continue_unthreaded',
  });
  await own.send({role: 'user', content: 'hello'});
  await own.send({role: 'user', content: 'think'});
  expect(twin.upstream.requests.at(-1)).toMatchObject({
    messages: [
      {role: 'user', content: 'hello'},
      {role: 'assistant', content: 'Hello there.'},
      {role: 'user', content: 'think'},
    ],
  });
});

test('two calls in one answer, and both results', async () => {
  const body = {...say('both cities'), tools};
  const first = await client.messages.create(body);
  expect(first.content).toMatchObject([{input: {city: 'Paris'}}, {input: {city: 'Rome'}}]);
  const results = ['aB3dE5fG7', 'bC4eF6gH8'].map((id) => ({
    type: 'tool_result' as const,
    tool_use_id: id,
    content: [{type: 'text' as const, text: id}],
  }));
  const messages: Anthropic.MessageParam[] = [
    ...body.messages,
    {role: 'assistant', content: first.content},
    {role: 'user', content: results},
  ];
  const second = await client.messages.create({...body, messages});
  expect(second.content).toMatchObject([{text: 'The tool says: bC4eF6gH8'}]);
});

test('an answer that is cut, one that is empty, and one in JSON by the helper of the library', async () => {
  const cut = await client.messages.create({...say('for ever'), max_tokens: 2});
  expect([cut.stop_reason, cut.content]).toMatchObject(['max_tokens', [{text: 'word word '}]]);
  const empty = await client.messages.stream(say('say nothing')).finalMessage();
  expect([empty.stop_reason, empty.content]).toEqual(['end_turn', []]);
  const format = {type: 'json_schema' as const, schema: city};
  const parsed = await client.messages.parse({...say('as JSON'), output_config: {format}});
  expect(parsed.content).toMatchObject([{text: '{"city": "Paris"}'}]);
});

test('system, thinking, choice of tool and cache marks arrive as they are meant', async () => {
  // The library's types leave samplers out, which other clients send.
  const sampling = {temperature: 0.5, top_k: 3};
  await client.messages.create({
    ...say('hello'),
    ...sampling,
    system: [{type: 'text', text: 'Be brief.', cache_control: {type: 'ephemeral'}}],
    thinking: {type: 'adaptive'},
    tools: [{...tools[0], name: 'get_weather', input_schema: city, cache_control: {type: 'ephemeral'}}],
    tool_choice: {type: 'tool', name: 'get_weather', disable_parallel_tool_use: true},
    metadata: {user_id: 'someone'},
  });
  expect(twin.upstream.requests.at(-1)).toMatchObject({
    messages: [
      {role: 'system', content: 'Be brief.'},
      {role: 'user', content: 'hello'},
    ],
    toolChoice: {name: 'get_weather'},
    sampling: {temperature: 0.5, topK: 3, maxTokens: 64},
  });
});

test('a stream that is left frees the model', async () => {
  const stream = client.messages.stream({...say('for ever'), max_tokens: 10_000});
  stream.on('text', () => stream.abort());
  await expect(stream.finalMessage()).rejects.toBeInstanceOf(Anthropic.APIUserAbortError);
  await expect.poll(() => twin.upstream.running, {timeout: 5000}).toBe(0);
});

test('the models by the list and by name', async () => {
  const models = await client.models.list();
  expect(models.data[0]).toMatchObject({id: 'scripted', type: 'model', display_name: 'scripted'});
  expect([models.first_id, models.last_id, models.has_more]).toEqual(['scripted', 'scripted', false]);
  expect((await client.models.retrieve('scripted')).created_at).toMatch(/^\d{4}-\d\d-\d\dT/);
  await expect(client.models.retrieve('nothing')).rejects.toBeInstanceOf(Anthropic.NotFoundError);
});

test('errors by their class, with the id of the request', async () => {
  const image = {
    type: 'image' as const,
    source: {type: 'base64' as const, media_type: 'image/png' as const, data: 'AA=='},
  };
  const refused = client.messages.create({...say('x'), messages: [{role: 'user', content: [image]}]});
  await expect(refused).rejects.toBeInstanceOf(Anthropic.BadRequestError);
  await expect(refused).rejects.toMatchObject({
    requestID: expect.stringMatching(/^req_/),
    error: {type: 'error', error: {type: 'invalid_request_error'}, request_id: expect.stringMatching(/^req_/)},
  });
});

test('a server with keys: theirs as x-api-key and as Bearer, and none', async () => {
  const locked = await startTwin(PROGRAM, ['--api-key', 'secret']);
  try {
    const {url: baseURL} = locked;
    const byHeader = new Anthropic({baseURL, apiKey: 'secret', maxRetries: 0});
    const byToken = new Anthropic({baseURL, apiKey: null, authToken: 'secret', maxRetries: 0});
    const answers = await Promise.all([byHeader, byToken].map((one) => one.messages.create(say('hello'))));
    expect(answers.map(({stop_reason}) => stop_reason)).toEqual(['end_turn', 'end_turn']);
    const without = new Anthropic({baseURL, apiKey: 'wrong', maxRetries: 0});
    await expect(without.messages.create(say('hello'))).rejects.toBeInstanceOf(Anthropic.AuthenticationError);
  } finally {
    await locked.close();
  }
});
