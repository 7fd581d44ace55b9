// Ollama's own client against the built program with scripted answers.
import {Ollama, type Message as OllamaMessage} from 'ollama';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {startTwin, type Twin} from './harness/scripted-twin.ts';

const PROGRAM = new URL('../../bin/mistral.js', import.meta.url).pathname;
const city = {type: 'object' as const, properties: {city: {type: 'string'}}, required: ['city']};
const tools = [{type: 'function', function: {name: 'get_weather', description: 'weather', parameters: city}}];
const say = (content: string) => ({model: 'm', messages: [{role: 'user', content}]});

let twin: Twin;
let client: Ollama;
beforeAll(async () => {
  twin = await startTwin(PROGRAM);
  client = new Ollama({host: twin.url});
});
afterAll(() => twin.close());

test('a chat whole and streamed, thought included, with its figures', async () => {
  const whole = await client.chat(say('think'));
  expect(whole.message).toMatchObject({thinking: 'Two and two.', content: 'It is 4.'});
  expect([whole.done, whole.done_reason, whole.eval_count > 0]).toEqual([true, 'stop', true]);
  const seen = {text: '', thinking: ''};
  for await (const {message} of await client.chat({...say('think'), stream: true})) {
    seen.text += message.content;
    seen.thinking += message.thinking ?? '';
  }
  expect(seen).toEqual({text: 'It is 4.', thinking: 'Two and two.'});
});

test('think: false hides thoughts', async () => {
  expect((await client.chat({...say('think'), think: false})).message).toEqual({
    role: 'assistant',
    content: 'It is 4.',
  });
});

test('generate whole and streamed', async () => {
  const generated = await client.generate({model: 'm', prompt: 'hello', options: {temperature: 0.5, num_predict: 8}});
  expect([generated.response, generated.done_reason]).toEqual(['Hello there.', 'stop']);
  let text = '';
  for await (const {response} of await client.generate({model: 'm', prompt: 'hello', stream: true})) text += response;
  expect(text).toBe('Hello there.');
});

test('options arrive as they are meant', async () => {
  const options = {temperature: 0.5, top_k: 3, num_predict: 8, seed: 7, stop: ['x'], num_gpu: 1};
  await client.chat({...say('hello'), options});
  expect(twin.upstream.requests.at(-1)?.sampling).toMatchObject({
    temperature: 0.5,
    topK: 3,
    maxTokens: 8,
    seed: 7,
    stop: ['x'],
  });
});

test.each([true, false])('a whole tool loop, streamed: %s', async (stream) => {
  const body = {...say('weather?'), tools};
  const message: OllamaMessage = {role: 'assistant', content: ''};
  if (stream) {
    for await (const part of await client.chat({...body, stream})) {
      message.content += part.message.content;
      message.tool_calls = [...(message.tool_calls ?? []), ...(part.message.tool_calls ?? [])];
    }
  } else Object.assign(message, (await client.chat(body)).message);
  expect(message.tool_calls?.map((call) => call.function)).toMatchObject([
    {name: 'get_weather', arguments: {city: 'Paris'}},
  ]);
  const messages = [...body.messages, message, {role: 'tool', content: 'rain', tool_name: 'get_weather'}];
  expect((await client.chat({...body, messages})).message.content).toBe('The tool says: rain');
});

test('two calls, an answer that is cut, one that is empty, and one in a form', async () => {
  const {message} = await client.chat({...say('both cities'), tools});
  expect(message.tool_calls?.map((call) => call.function.arguments)).toEqual([{city: 'Paris'}, {city: 'Rome'}]);
  const cut = await client.chat({...say('for ever'), options: {num_predict: 2}});
  expect([cut.done_reason, cut.message.content]).toEqual(['length', 'word word ']);
  const empty = await client.chat(say('say nothing'));
  expect([empty.done_reason, empty.message.content]).toEqual(['stop', '']);
  const formed = await client.chat({...say('as JSON'), format: city});
  expect(JSON.parse(formed.message.content)).toEqual({city: 'Paris'});
});

test('no messages: the model is loaded', async () => {
  expect(await client.chat({model: 'm', messages: []})).toMatchObject({done: true, done_reason: 'load'});
});

test('what the models are', async () => {
  expect((await client.list()).models[0]?.name).toBe('scripted:latest');
  expect((await client.show({model: 'scripted'})).capabilities).toContain('completion');
  expect((await client.ps()).models).toHaveLength(1);
  expect((await client.version()).version).toBe('0.33.0');
});

test('a stream that is left frees the model', async () => {
  const stream = await client.chat({...say('for ever'), stream: true});
  const read = async () => {
    for await (const _part of stream) stream.abort();
  };
  await expect(read()).rejects.toThrow(/abort/);
  await expect.poll(() => twin.upstream.running, {timeout: 5000}).toBe(0);
});

test('errors in words', async () => {
  await expect(client.embed({model: 'm', input: 'x'})).rejects.toThrow('gives no embeddings');
  await expect(client.pull({model: 'x'})).rejects.toMatchObject({status_code: 403});
  await expect(client.delete({model: 'x'})).rejects.toMatchObject({status_code: 403});
  const pictured = {model: 'm', messages: [{role: 'user', content: 'x', images: ['AA==']}]};
  await expect(client.chat(pictured)).rejects.toMatchObject({status_code: 400});
  const streamed = async () => {
    for await (const _part of await client.chat({...say('x'), format: 'zebra', stream: true}));
  };
  await expect(streamed()).rejects.toMatchObject({status_code: 400});
});
