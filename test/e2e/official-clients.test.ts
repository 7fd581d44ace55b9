// The vendors' own clients against the built program. It is a gateway here, so that the answers behind it are scripted.
import {type ChildProcess, spawn} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import {Ollama, type Message as OllamaMessage} from 'ollama';
import OpenAI from 'openai';
import {afterAll, beforeAll, expect, test, vi} from 'vitest';
import type {Message} from '../../src/engine/contract/requests.ts';
import {createApp} from '../../src/serve/app.ts';
import {type Call, ScriptedBackend, type Step} from '../fakes/scripted-backend.ts';
import {OPTIONS} from '../serve/server.ts';

const PROGRAM = new URL('../../bin/mistral.js', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'clients-'));
const city = {
  type: 'object' as const,
  properties: {city: {type: 'string'}},
  required: ['city'],
  additionalProperties: false,
};
const PARIS = '{"city": "Paris"}';

/** By what was said last: a call for the weather, its result told, a thought, or a greeting. */
function answer({request}: Call): Step[] {
  const messages: readonly Message[] = 'messages' in request ? request.messages : [];
  const last = messages.at(-1);
  const text = typeof last?.content === 'string' ? last.content : '';
  if (last?.role === 'tool') return ['The tool says: ', text];
  if (text.includes('weather')) {
    return [
      'I ask.',
      {type: 'tool_call', call: {id: 'aB3dE5fG7', name: 'get_weather', arguments: PARIS}},
      {finish: 'tool_calls'},
    ];
  }
  if (text.includes('think')) return [{type: 'reasoning', text: 'Two and two.'}, 'It is ', '4.'];
  return ['Hello', ' there', '.'];
}

const upstream = new ScriptedBackend(answer);
let url = '';
let child: ChildProcess | undefined;
let close: (() => Promise<unknown>) | undefined;

beforeAll(async () => {
  const {app} = await createApp(Promise.resolve(upstream), {...OPTIONS, slots: 4, bodyLimit: 10_000_000});
  close = () => app.close();
  const behind = await app.listen({port: 0, host: '127.0.0.1'});
  const env = {...process.env, MISTRAL_STATE_DIR: join(folder, 'state')};
  const argv = [PROGRAM, 'serve', '--url', `${behind}/v1`, '--port', '0', '--parallel', '4'];
  child = spawn(process.execPath, argv, {stdio: ['ignore', 'ignore', 'pipe'], env});
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  url = await vi.waitFor(() => /at (http:\S+)/.exec(stderr)?.[1] ?? Promise.reject(new Error(stderr)), 20_000);
}, 30_000);
afterAll(async () => {
  child?.kill('SIGKILL');
  await close?.();
  rmSync(folder, {recursive: true});
});

const openai = () => new OpenAI({baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0});
const anthropic = () => new Anthropic({baseURL: url, apiKey: 'none', maxRetries: 0});
const ollama = () => new Ollama({host: url});

test('openai: a response whole and streamed, with its request id', async () => {
  const client = openai();
  const whole = await client.responses.create({model: 'm', input: 'hello'});
  expect([whole.status, whole.output_text, whole._request_id?.slice(0, 4)]).toEqual([
    'completed',
    'Hello there.',
    'req_',
  ]);
  const stream = client.responses.stream({model: 'm', input: 'hello'});
  let text = '';
  stream.on('response.output_text.delta', ({delta}) => {
    text += delta;
  });
  const final = await stream.finalResponse();
  expect([text, final.output_text]).toEqual(['Hello there.', 'Hello there.']);
});

test('openai: a whole tool loop by Responses, thought and text beside the call included', async () => {
  const client = openai();
  const tools = [{type: 'function' as const, name: 'get_weather', parameters: city, strict: true}];
  const input: OpenAI.Responses.ResponseInput = [{role: 'user', content: 'weather?'}];
  const first = await client.responses.stream({model: 'm', input, tools}).finalResponse();
  const call = first.output.find((item) => item.type === 'function_call');
  expect(call).toMatchObject({name: 'get_weather', arguments: PARIS, call_id: 'aB3dE5fG7'});
  const output = {type: 'function_call_output' as const, call_id: 'aB3dE5fG7', output: 'rain'};
  const history = [...input, ...(first.output as OpenAI.Responses.ResponseInput), output];
  const second = await client.responses.create({model: 'm', input: history, tools});
  expect(second.output_text).toBe('The tool says: rain');
});

test('openai: thoughts, and the error of a request that cannot be answered', async () => {
  const client = openai();
  const {output} = await client.responses.create({model: 'm', input: 'think', reasoning: {summary: 'auto'}});
  expect(output).toMatchObject([{type: 'reasoning', summary: [{text: 'Two and two.'}]}, {type: 'message'}]);
  const refused = client.responses.create({model: 'm', input: 'x', previous_response_id: 'resp_1'});
  await expect(refused).rejects.toMatchObject({status: 400, code: 'previous_response_not_found'});
});

test('anthropic: a message whole and streamed', async () => {
  const client = anthropic();
  const body = {model: 'm', max_tokens: 64, messages: [{role: 'user' as const, content: 'think'}]};
  const whole = await client.messages.create(body);
  expect(whole.content).toMatchObject([
    {type: 'thinking', thinking: 'Two and two.'},
    {type: 'text', text: 'It is 4.'},
  ]);
  expect(whole._request_id?.slice(0, 4)).toBe('req_');
  const streamed = await client.messages.stream(body).finalMessage();
  expect(streamed.content).toEqual(whole.content);
  expect(streamed.stop_reason).toBe('end_turn');
});

test('anthropic: a whole tool loop, streamed', async () => {
  const client = anthropic();
  const tools = [{name: 'get_weather', input_schema: city}];
  const messages: Anthropic.MessageParam[] = [{role: 'user', content: 'weather?'}];
  const first = await client.messages.stream({model: 'm', max_tokens: 64, messages, tools}).finalMessage();
  expect(first.stop_reason).toBe('tool_use');
  expect(first.content).toMatchObject([{text: 'I ask.'}, {type: 'tool_use', id: 'aB3dE5fG7', input: {city: 'Paris'}}]);
  const result = {type: 'tool_result' as const, tool_use_id: 'aB3dE5fG7', content: 'rain'};
  const history = [
    ...messages,
    {role: 'assistant' as const, content: first.content},
    {role: 'user' as const, content: [result]},
  ];
  const second = await client.messages.create({model: 'm', max_tokens: 64, messages: history, tools});
  expect(second.content).toMatchObject([{text: 'The tool says: rain'}]);
});

test('anthropic: the list of models, and an error by its class', async () => {
  const client = anthropic();
  const models = await client.models.list();
  expect(models.data[0]).toMatchObject({id: 'scripted', type: 'model', display_name: 'scripted'});
  const image = {
    type: 'image' as const,
    source: {type: 'base64' as const, media_type: 'image/png' as const, data: 'AA=='},
  };
  const refused = client.messages.create({model: 'm', max_tokens: 5, messages: [{role: 'user', content: [image]}]});
  await expect(refused).rejects.toBeInstanceOf(Anthropic.BadRequestError);
});

test('ollama: chat whole and streamed, generate, and what the model is', async () => {
  const client = ollama();
  const messages = [{role: 'user', content: 'think'}];
  const whole = await client.chat({model: 'm', messages});
  expect(whole.message).toMatchObject({thinking: 'Two and two.', content: 'It is 4.'});
  let text = '';
  for await (const part of await client.chat({model: 'm', messages, stream: true})) text += part.message.content;
  expect(text).toBe('It is 4.');
  const generated = await client.generate({model: 'm', prompt: 'hello'});
  expect([generated.response, generated.done_reason]).toEqual(['Hello there.', 'stop']);
  expect((await client.list()).models[0]?.name).toBe('scripted:latest');
  expect((await client.show({model: 'scripted'})).capabilities).toContain('completion');
  expect((await client.ps()).models).toHaveLength(1);
  expect((await client.version()).version).toBe('0.33.0');
});

test('ollama: a whole tool loop, and an error in words', async () => {
  const client = ollama();
  const tools = [{type: 'function', function: {name: 'get_weather', description: 'weather', parameters: city}}];
  const messages: OllamaMessage[] = [{role: 'user', content: 'weather?'}];
  const first = await client.chat({model: 'm', messages, tools});
  expect(first.message.tool_calls?.[0]?.function).toMatchObject({name: 'get_weather', arguments: {city: 'Paris'}});
  const history = [...messages, first.message, {role: 'tool', content: 'rain', tool_name: 'get_weather'}];
  expect((await client.chat({model: 'm', messages: history, tools})).message.content).toBe('The tool says: rain');
  await expect(client.embed({model: 'm', input: 'x'})).rejects.toThrow('gives no embeddings');
});
