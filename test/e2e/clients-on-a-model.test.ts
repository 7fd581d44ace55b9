// The vendors' own clients against the built program with the embedded model: what needs a vocabulary and a real engine.
import {type ChildProcess, spawn} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import {Ollama} from 'ollama';
import OpenAI6 from 'openai';
import OpenAI7 from 'openai-7';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {listeningUrl} from './harness/scripted-twin.ts';

const PROGRAM = new URL('../../bin/mistral.js', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'clients-'));
const CAPITAL = 'What is the capital of France?';
const LONG = 'word '.repeat(3000);

let child: ChildProcess;
let url = '';
beforeAll(async () => {
  const env = {...process.env, MISTRAL_STATE_DIR: folder};
  const argv = [PROGRAM, 'serve', '--port', '0', '--ctx', '1024'];
  child = spawn(process.execPath, argv, {stdio: ['ignore', 'ignore', 'pipe'], env});
  url = await listeningUrl(child);
});
afterAll(() => {
  child.kill('SIGKILL');
  rmSync(folder, {recursive: true});
});

describe.each([
  ['6', OpenAI6],
  ['7', OpenAI7 as unknown as typeof OpenAI6],
])('openai %s', (_major, OpenAI) => {
  const openai = () => new OpenAI({baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0});

  test('counts what a response then reads', async () => {
    const {input_tokens} = await openai().responses.inputTokens.count({model: 'm', input: CAPITAL});
    const {usage} = await openai().responses.create({model: 'm', input: CAPITAL, max_output_tokens: 4});
    expect(usage?.input_tokens).toBe(input_tokens);
    expect(input_tokens).toBeGreaterThan(5);
  });

  test('log-probabilities, several choices, vectors', async () => {
    const messages = [{role: 'user' as const, content: CAPITAL}];
    const body = {model: 'm', messages, logprobs: true, top_logprobs: 3, n: 2, max_tokens: 3};
    const {choices} = await openai().chat.completions.create(body);
    expect(choices.map(({logprobs}) => logprobs?.content?.map(({top_logprobs}) => top_logprobs.length))).toEqual([
      [3, 3, 3],
      [3, 3, 3],
    ]);
    const include: OpenAI6.Responses.ResponseIncludable[] = ['message.output_text.logprobs'];
    const response = await openai().responses.create({
      model: 'm',
      input: CAPITAL,
      include,
      top_logprobs: 2,
      max_output_tokens: 3,
    });
    const [item] = response.output;
    expect(item).toMatchObject({content: [{logprobs: [{top_logprobs: [{}, {}]}, {}, {}]}]});
    const {data} = await openai().embeddings.create({model: 'm', input: ['a', 'b']});
    expect(data.map(({index}) => index)).toEqual([0, 1]);
    expect(data[0]?.embedding.reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(1, 3);
  });

  test('a prompt that is too long, by code', async () => {
    const long = openai().responses.create({model: 'm', input: LONG});
    await expect(long).rejects.toMatchObject({status: 400, code: 'context_length_exceeded'});
    const stream = openai().responses.create({model: 'm', input: LONG, stream: true});
    await expect(stream).rejects.toMatchObject({status: 400, code: 'context_length_exceeded'});
  });
});

describe('anthropic', () => {
  const anthropic = () => new Anthropic({baseURL: url, apiKey: 'none', maxRetries: 0});
  const messages = [{role: 'user' as const, content: CAPITAL}];

  test('counts what a message then reads', async () => {
    const counted = await anthropic().messages.countTokens({model: 'm', messages});
    expect(Object.keys(counted)).toEqual(['input_tokens']);
    const {usage} = await anthropic().messages.create({model: 'm', max_tokens: 4, messages});
    expect(usage.input_tokens + (usage.cache_read_input_tokens ?? 0)).toBe(counted.input_tokens);
  });

  test('a stop sequence ends the message and is named', async () => {
    const body = {model: 'm', max_tokens: 40, messages, stop_sequences: ['Paris']};
    const whole = await anthropic().messages.create(body);
    expect([whole.stop_reason, whole.stop_sequence]).toEqual(['stop_sequence', 'Paris']);
    const streamed = await anthropic().messages.stream(body).finalMessage();
    expect([streamed.stop_reason, streamed.stop_sequence, streamed.content]).toEqual([
      'stop_sequence',
      'Paris',
      whole.content,
    ]);
  });

  test('a prompt that is too long says the two numbers', async () => {
    const long = anthropic().messages.create({
      model: 'm',
      max_tokens: 4,
      messages: [{role: 'user', content: LONG}],
    });
    await expect(long).rejects.toThrow(/prompt is too long: \d{4,} tokens > 1024 maximum/);
  });
});

describe('ollama', () => {
  const ollama = () => new Ollama({host: url});

  test('asks for a thought of a model that has none: a 400 in words', async () => {
    const asked = ollama().chat({model: 'm', messages: [{role: 'user', content: CAPITAL}], think: true});
    await expect(asked).rejects.toMatchObject({
      status_code: 400,
      message: expect.stringContaining('does not support thinking'),
    });
  });

  test('log-probabilities, vectors, raw', async () => {
    const options = {num_predict: 3, temperature: 0};
    const chat = await ollama().chat({
      model: 'm',
      messages: [{role: 'user', content: CAPITAL}],
      logprobs: true,
      top_logprobs: 2,
      options,
    });
    expect(chat.logprobs?.map(({top_logprobs}) => top_logprobs?.length)).toEqual([2, 2, 2]);
    const {embeddings} = await ollama().embed({model: 'm', input: ['a', 'b']});
    expect(embeddings.length).toBe(2);
    const raw = await ollama().generate({model: 'm', prompt: `[INST] ${CAPITAL} [/INST]`, raw: true, options});
    expect([raw.eval_count, raw.done_reason]).toEqual([3, 'length']);
  });
});
