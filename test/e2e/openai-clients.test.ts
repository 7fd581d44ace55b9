// OpenAI's own client, both majors, against the built program with scripted answers.
import OpenAI6 from 'openai';
import OpenAI7 from 'openai-7';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {startTwin, type Twin} from './harness/scripted-twin.ts';

const PROGRAM = new URL('../../bin/mistral.js', import.meta.url).pathname;
const PARIS = '{"city": "Paris"}';
const city = {
  type: 'object' as const,
  properties: {city: {type: 'string'}},
  required: ['city'],
  additionalProperties: false,
};
const flat = [{type: 'function' as const, name: 'get_weather', parameters: city, strict: true}];
const nested = [{type: 'function' as const, function: {name: 'get_weather', parameters: city}}];
const say = (content: string) => ({model: 'm', messages: [{role: 'user' as const, content}]});

let twin: Twin;
beforeAll(async () => {
  twin = await startTwin(PROGRAM);
});
afterAll(() => twin.close());

describe.each([
  ['6', OpenAI6],
  // The same calls, with types of its own.
  ['7', OpenAI7 as unknown as typeof OpenAI6],
])('openai %s', (_major, OpenAI) => {
  const openai = () => new OpenAI({baseURL: `${twin.url}/v1`, apiKey: 'none', maxRetries: 0});

  test('models by the list and by name', async () => {
    const {data} = await openai().models.list();
    expect(data.map(({id}) => id)).toEqual(['scripted']);
    expect((await openai().models.retrieve('scripted')).object).toBe('model');
    await expect(openai().models.retrieve('nothing')).rejects.toMatchObject({status: 404, code: 'model_not_found'});
  });

  test('a chat whole and streamed, by its helper too, with usage', async () => {
    const whole = await openai().chat.completions.create(say('hello'));
    expect(whole.choices[0]).toMatchObject({finish_reason: 'stop', message: {content: 'Hello there.'}});
    const body = {...say('hello'), stream_options: {include_usage: true}};
    let text = '';
    for await (const {choices} of await openai().chat.completions.create({...body, stream: true})) {
      text += choices[0]?.delta.content ?? '';
    }
    const final = await openai().chat.completions.stream(body).finalChatCompletion();
    expect([text, final.choices[0]?.message.content, final.usage]).toEqual([
      'Hello there.',
      'Hello there.',
      whole.usage,
    ]);
  });

  test("a chat's tool loop by the library's own runner", async () => {
    const given: string[] = [];
    const weather = {
      type: 'function' as const,
      function: {
        name: 'get_weather',
        description: 'weather',
        parameters: city,
        function: (args: string) => {
          given.push(args);
          return 'rain';
        },
      },
    };
    const runner = openai().chat.completions.runTools({...say('weather?'), tools: [weather], stream: true});
    expect([await runner.finalContent(), given]).toEqual(['The tool says: rain', [PARIS]]);
  });

  test('a chat: two calls, JSON by the helper, an answer that is cut', async () => {
    const {choices} = await openai().chat.completions.create({...say('both cities'), tools: nested});
    expect(choices[0]?.message.tool_calls).toMatchObject([
      {function: {arguments: PARIS}},
      {function: {arguments: '{"city": "Rome"}'}},
    ]);
    const response_format = {
      type: 'json_schema' as const,
      json_schema: {name: 'city', schema: city, strict: true},
    };
    const parsed = await openai().chat.completions.parse({...say('as JSON'), response_format});
    expect(JSON.parse(parsed.choices[0]?.message.content ?? '')).toEqual({city: 'Paris'});
    const cut = await openai().chat.completions.create({...say('for ever'), max_completion_tokens: 2});
    expect(cut.choices[0]).toMatchObject({finish_reason: 'length', message: {content: 'word word '}});
  });

  test('a text completed', async () => {
    const whole = await openai().completions.create({model: 'm', prompt: 'Say', max_tokens: 8});
    expect(whole.choices[0]).toMatchObject({text: 'Hello there.', finish_reason: 'stop'});
    let text = '';
    for await (const {choices} of await openai().completions.create({model: 'm', prompt: 'Say', stream: true})) {
      text += choices[0]?.text ?? '';
    }
    expect(text).toBe('Hello there.');
  });

  test('a response whole and streamed, with its request id', async () => {
    const whole = await openai().responses.create({model: 'm', input: 'hello'});
    expect([whole.status, whole.output_text, whole._request_id?.slice(0, 4)]).toEqual([
      'completed',
      'Hello there.',
      'req_',
    ]);
    const stream = openai().responses.stream({model: 'm', input: 'hello'});
    let text = '';
    stream.on('response.output_text.delta', ({delta}) => {
      text += delta;
    });
    const final = await stream.finalResponse();
    expect([text, final.output_text, final.usage]).toEqual(['Hello there.', 'Hello there.', whole.usage]);
  });

  test('a whole tool loop by Responses, text beside the call included', async () => {
    const input: OpenAI6.Responses.ResponseInput = [{role: 'user', content: 'weather?'}];
    const first = await openai().responses.stream({model: 'm', input, tools: flat}).finalResponse();
    const call = first.output.find((item) => item.type === 'function_call');
    expect(call).toMatchObject({name: 'get_weather', arguments: PARIS, call_id: 'aB3dE5fG7'});
    const output = {type: 'function_call_output' as const, call_id: 'aB3dE5fG7', output: 'rain'};
    const history = [...input, ...(first.output as OpenAI6.Responses.ResponseInput), output];
    const second = await openai().responses.create({model: 'm', input: history, tools: flat});
    expect(second.output_text).toBe('The tool says: rain');
  });

  test('two calls by Responses, each an item with a place of its own', async () => {
    const stream = openai().responses.stream({model: 'm', input: 'both cities', tools: flat});
    const places: number[] = [];
    stream.on('response.function_call_arguments.delta', ({output_index}) => void places.push(output_index));
    const {output} = await stream.finalResponse();
    expect(output).toMatchObject([{call_id: 'aB3dE5fG7'}, {call_id: 'bC4eF6gH8'}]);
    expect(places).toEqual([0, 1]);
  });

  test('a form: JSON by the helper of the library', async () => {
    const format = {type: 'json_schema' as const, name: 'city', schema: city, strict: true};
    const whole = await openai().responses.parse({model: 'm', input: 'as JSON', text: {format}});
    expect(JSON.parse(whole.output_text)).toEqual({city: 'Paris'});
  });

  test.each(['summary', 'content'] as const)('thoughts as %s, whole and streamed', async (where) => {
    const reasoning = where === 'summary' ? {summary: 'auto' as const} : {};
    const include: OpenAI6.Responses.ResponseIncludable[] = ['reasoning.encrypted_content'];
    const body = {model: 'm', input: 'think', reasoning, include};
    const whole = await openai().responses.create(body);
    const thought = {type: 'reasoning', [where]: [{text: 'Two and two.'}], encrypted_content: expect.any(String)};
    expect(whole.output).toMatchObject([thought, {type: 'message'}]);
    const {output} = await openai().responses.stream(body).finalResponse();
    expect(output).toMatchObject([thought, {type: 'message', content: [{text: 'It is 4.'}]}]);
    const input = [...(whole.output as OpenAI6.Responses.ResponseInput), {role: 'user' as const, content: 'hello'}];
    expect((await openai().responses.create({model: 'm', input})).output_text).toBe('Hello there.');
  });

  test('a response that is cut, and one without a word', async () => {
    const body = {model: 'm', input: 'for ever', max_output_tokens: 2};
    const whole = await openai().responses.create(body);
    expect(whole).toMatchObject({status: 'incomplete', incomplete_details: {reason: 'max_output_tokens'}});
    const types: string[] = [];
    for await (const {type} of await openai().responses.create({...body, stream: true})) types.push(type);
    expect(types.at(-1)).toBe('response.incomplete');
    const empty = await openai().responses.stream({model: 'm', input: 'say nothing'}).finalResponse();
    expect([empty.status, empty.output]).toEqual(['completed', []]);
  });

  test("tools of OpenAI's own hosts are left out, those in a namespace come back to it", async () => {
    const hosted = {type: 'web_search'} as const;
    const space = {type: 'namespace', name: 'home', description: 'at home', tools: flat};
    const tools = [hosted, space] as unknown as OpenAI6.Responses.Tool[];
    const {output_text} = await openai().responses.create({model: 'm', input: 'hello', tools});
    expect(output_text).toBe('Hello there.');
    expect(twin.upstream.requests.at(-1)).toMatchObject({tools: [{name: 'home__get_weather'}]});
  });

  test('a stream that is left frees the model', async () => {
    const controller = new AbortController();
    const {signal} = controller;
    const stream = await openai().responses.create({model: 'm', input: 'for ever', stream: true}, {signal});
    for await (const {type} of stream) if (type === 'response.output_text.delta') controller.abort();
    await expect.poll(() => twin.upstream.running, {timeout: 5000}).toBe(0);
  });

  test('errors by their class, code and member', async () => {
    const unknown = openai().responses.create({model: 'm', input: 'x', previous_response_id: 'resp_1'});
    await expect(unknown).rejects.toMatchObject({
      status: 400,
      code: 'previous_response_not_found',
      param: 'previous_response_id',
    });
    await expect(openai().responses.retrieve('resp_1')).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    const background = openai().responses.create({model: 'm', input: 'x', background: true});
    await expect(background).rejects.toMatchObject({status: 400, code: 'unsupported', param: 'background'});
    const role = openai().chat.completions.create({model: 'm', messages: [{role: 'x' as 'user', content: 'x'}]});
    await expect(role).rejects.toMatchObject({
      status: 400,
      param: 'messages[0].role',
      requestID: expect.stringMatching(/^req_/),
    });
    await expect(openai().embeddings.create({model: 'm', input: 'a'})).rejects.toMatchObject({status: 400});
  });
});
