import {describe, expect, test} from 'vitest';
import {EngineError} from '../../../src/base/errors.ts';
import type {GenerationEvent} from '../../../src/engine/contract/backend.ts';
import {textPrompt} from '../../../src/engine/contract/prompt.ts';
import type {SamplingParams} from '../../../src/engine/contract/sampling.ts';
import {generate, type OutputReader} from '../../../src/engine/local/generate.ts';
import {type Script, ScriptedTokenModel} from '../../fakes/scripted-token-model.ts';
import {medium, promptOf} from '../../fixtures/media-prompt.ts';

/** Every id is a letter: 97 is "a". */
const letters: OutputReader = {
  push: (token) => (token === 2 ? [] : [{type: 'text', text: String.fromCharCode(token)}]),
  end: (reason) => ({events: [], reason}),
};
const idsOf = (text: string) => [...text].map((letter) => letter.charCodeAt(0));

interface Options {
  readonly sampling?: Partial<SamplingParams>;
  readonly script?: Partial<Script>;
  readonly prompt?: readonly number[];
  readonly signal?: AbortSignal;
  readonly reader?: OutputReader;
}

async function run(answer: string, options: Options = {}): Promise<GenerationEvent[]> {
  const model = new ScriptedTokenModel({answer: () => [...idsOf(answer), 2], ...options.script});
  let clock = 0;
  const events: GenerationEvent[] = [];
  const input = {
    model,
    prompt: textPrompt(options.prompt ?? [1, 5, 6]),
    sampling: {temperature: 0, ...options.sampling},
    reader: options.reader ?? letters,
    now: () => {
      clock += 10;
      return clock;
    },
  };
  const signal = options.signal ?? new AbortController().signal;
  for await (const event of generate(input, signal)) events.push(event);
  return events;
}

const textOf = (events: readonly GenerationEvent[]) =>
  events.map((event) => (event.type === 'text' ? event.text : '')).join('');
const finishOf = (events: readonly GenerationEvent[]) => {
  const last = events.at(-1);
  if (last?.type !== 'finish') throw new Error('the last event is not finish');
  return last;
};

describe('generate', () => {
  test('prompt first, finish last, with usage, timings of the given clock and no seed at temperature 0', async () => {
    expect(await run('hi')).toEqual([
      {type: 'prompt', tokens: [1, 5, 6], cached: 0},
      {type: 'prefill', done: 3, total: 3},
      {type: 'text', text: 'h'},
      {type: 'text', text: 'i'},
      {
        type: 'finish',
        reason: 'stop',
        usage: {promptTokens: 3, cachedTokens: 0, completionTokens: 3},
        timings: {
          firstTokenMs: 20,
          promptMs: 10,
          generationMs: 20,
          promptTokensPerSecond: 300,
          tokensPerSecond: 100,
        },
        seed: undefined,
      },
    ]);
  });

  test('what the whole answer is goes with its end, unless a stop string ended it', async () => {
    const whole = {reasoning: 'a', content: 'b'};
    const reader: OutputReader = {...letters, end: (reason) => ({events: [], reason, whole})};
    expect(finishOf(await run('ab', {reader})).whole).toEqual(whole);
    expect(finishOf(await run('ab', {reader, sampling: {stop: ['b']}})).whole).toBeUndefined();
  });

  test('a stop string ends the answer before it and is named', async () => {
    const events = await run('one, two', {sampling: {stop: [', t']}});
    expect(textOf(events)).toBe('one');
    expect(finishOf(events)).toMatchObject({reason: 'stop', stop: ', t'});
  });

  test('what looked like a stop string at the end is part of the answer', async () => {
    expect(textOf(await run('one, ', {sampling: {stop: [', t']}}))).toBe('one, ');
  });

  test.each([
    [1, 'h', 'length'],
    [2, 'hi', 'length'],
    [3, 'hi', 'stop'],
  ])('max_tokens %i gives "%s" and ends with %s', async (maxTokens, text, reason) => {
    const events = await run('hi', {sampling: {maxTokens}});
    expect(textOf(events)).toBe(text);
    expect(finishOf(events).reason).toBe(reason);
  });

  test('max_tokens 0 is an empty answer without a model run', async () => {
    const events = await run('hi', {sampling: {maxTokens: 0}});
    expect(events.map((event) => event.type)).toEqual(['prompt', 'finish']);
    expect(finishOf(events)).toMatchObject({reason: 'length', usage: {completionTokens: 0}});
  });

  test('a full context is said to be one', async () => {
    const events = await run('hello', {script: {contextSize: 5}});
    expect(textOf(events)).toBe('hel');
    expect(finishOf(events).reason).toBe('context');
  });

  test('a prompt longer than the context is refused before the model runs', async () => {
    const failure = await run('hello', {script: {contextSize: 2}}).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EngineError);
    expect(failure).toMatchObject({
      code: 'context_length_exceeded',
      message: 'the prompt has 3 tokens and the context holds 2',
    });
  });

  test('abort keeps what was generated', async () => {
    const controller = new AbortController();
    const beforeToken = (index: number) => {
      if (index === 2) controller.abort();
    };
    const events = await run('hello', {script: {beforeToken}, signal: controller.signal});
    expect(textOf(events)).toBe('he');
    expect(finishOf(events).reason).toBe('aborted');
  });

  test('the prompt event says which media stand in the holes, and they count as places', async () => {
    const prompt = promptOf(1, ['cat', 3], 5);
    const model = new ScriptedTokenModel({answer: () => [104, 2]});
    const input = {model, prompt, sampling: {temperature: 0}, reader: letters, now: () => 0};
    const events: GenerationEvent[] = [];
    for await (const event of generate(input, new AbortController().signal)) events.push(event);
    expect(events[0]).toEqual({
      type: 'prompt',
      tokens: [1, -1, -1, -1, 5],
      media: [{at: 1, length: 3, medium: medium('cat')}],
      cached: 0,
    });
    expect(finishOf(events).usage.promptTokens).toBe(5);
  });

  test('a seed is chosen and reported when sampling needs one', async () => {
    const model = new ScriptedTokenModel({answer: () => [2]});
    const input = {model, prompt: textPrompt([1]), sampling: {temperature: 1}, reader: letters, now: () => 0};
    const events: GenerationEvent[] = [];
    for await (const event of generate(input, new AbortController().signal)) events.push(event);
    const {seed} = finishOf(events);
    expect(seed).toBeTypeOf('number');
    expect(model.calls[0]?.options.sampling.seed).toBe(seed);
    expect(model.calls[0]?.options.repeatable).toBeUndefined();
  });

  test('log-probabilities of tokens without text go with the next text', async () => {
    const model = new ScriptedTokenModel({answer: () => [7, 104, 2]});
    const reader: OutputReader = {
      push: (token) => (token === 104 ? [{type: 'text', text: 'h'}] : []),
      end: (reason) => ({events: [], reason}),
    };
    const input = {model, prompt: textPrompt([1]), sampling: {temperature: 0, topLogprobs: 0}, reader, now: () => 0};
    const events: GenerationEvent[] = [];
    for await (const event of generate(input, new AbortController().signal)) events.push(event);
    expect(events.filter((event) => event.type === 'text')).toEqual([
      {
        type: 'text',
        text: 'h',
        logprobs: [
          {token: 7, logprob: -0, top: []},
          {token: 104, logprob: -1, top: []},
        ],
      },
    ]);
  });
});
