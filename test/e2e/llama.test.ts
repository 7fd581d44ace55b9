// The engine on a tiny model with random weights, one thread: the same tests through the addon and through the library's C
// functions. Of the built program, because the thread of the latter is a file of its own.
import {existsSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import type {GenerateOptions, TokenEvent, TokenGuide, TokenLogprob} from '../../src/engine/contract/backend.ts';
import {ENGINE_CALLS} from '../../src/engine/contract/local-engine.ts';
import {textPrompt} from '../../src/engine/contract/prompt.ts';
import {readGguf} from '../../src/engine/gguf/read-header.ts';
import type {LlamaTokenModel} from '../../src/engine/llama/llama-model.ts';
import type {LlamaOptions} from '../../src/engine/llama/load-plan.ts';
import {promptOf} from '../fixtures/media-prompt.ts';
import {randomLora, randomMamba, randomModel, TINY_SHAPE} from '../fixtures/random-model.ts';
import {openBuilt} from './harness/built-llama.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-'));
const path = join(folder, 'tiny.gguf');

interface Run {
  readonly tokens: number[];
  readonly cached: number | undefined;
  readonly logprobs: TokenLogprob[];
  readonly prefill: TokenEvent[];
}

async function run(
  model: LlamaTokenModel,
  prompt: readonly number[],
  options: Partial<GenerateOptions['sampling']> & Pick<GenerateOptions, 'grammar' | 'guide'> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Run> {
  const {grammar, guide, ...sampling} = options;
  const result: Run & {cached: number | undefined} = {tokens: [], cached: undefined, logprobs: [], prefill: []};
  const request = {
    sampling: {temperature: 0, maxTokens: 12, ...sampling},
    ...(grammar && {grammar}),
    ...(guide && {guide}),
  };
  for await (const event of model.generate(textPrompt(prompt), request, signal)) {
    if (event.type === 'prompt') result.cached = event.cached;
    else if (event.type === 'prefill') result.prefill.push(event);
    else {
      result.tokens.push(event.token);
      if (event.logprob) result.logprobs.push(event.logprob);
    }
  }
  return result;
}

const prompt = [1, 3, ...Array.from({length: 100}, (_, n) => 270 + ((n * 7) % 90)), 4];

beforeAll(() => writeFileSync(path, randomModel(TINY_SHAPE)));
afterAll(() => rmSync(folder, {recursive: true}));

describe.each(ENGINE_CALLS)('through the %s', (calls) => {
  const openLlama = (options: LlamaOptions) => openBuilt({...options, calls});
  const open = (options: {contextSize?: number; slots?: number; kvType?: 'F16' | 'Q8_0'} = {}) =>
    openLlama({file: readGguf(path), device: 'off', threads: 1, contextSize: 256, ...options});

  describe('one slot', () => {
    let model: LlamaTokenModel;
    beforeAll(async () => {
      model = await open();
    });
    afterAll(() => model.close());

    test('knows the file', () => {
      expect(model).toMatchObject({contextSize: 256, slots: 1, trainedContextSize: 2048, vocabSize: 420});
      expect(model.device).toBe('CPU, 1 thread');
      expect([1, 2, 3].map((token) => model.isEndOfGeneration(token))).toEqual([false, true, false]);
    });

    test('a picture is refused by name: this engine sees nothing', async () => {
      const events = model.generate(
        promptOf(1, ['cat', 2]),
        {sampling: {temperature: 0}},
        new AbortController().signal,
      );
      await expect(events[Symbol.asyncIterator]().next()).rejects.toMatchObject({
        code: 'unsupported',
        message: 'this engine takes text only, and the prompt holds images',
      });
    });

    test('a prompt evaluated in one go and one continued from the cache give the same answer', async () => {
      const first = await run(model, prompt);
      expect(first.tokens).toHaveLength(12);
      expect((await run(model, prompt)).cached).toBe(prompt.length - 1);
      const longer = [...prompt, ...first.tokens, 300, 301];
      const warm = await run(model, longer);
      expect(warm.cached).toBe(prompt.length + 11);
      expect(warm.prefill).toEqual([{type: 'prefill', done: 3, total: 3}]);
      await run(model, [1, 400]);
      const cold = await run(model, longer);
      expect(cold.cached).toBe(1);
      expect(cold.tokens).toEqual(warm.tokens);
    });

    test('that reading begins is told before it does: the speed of a prompt is measured from there', async () => {
      let apart = 0;
      // A main thread that gets no time hears of both at once; not each time.
      for (let tries = 0; tries < 20 && apart < 1; tries++) {
        let began = Number.POSITIVE_INFINITY;
        const other = [1, 3, ...Array.from({length: 62}, (_, n) => 270 + ((n * 11 + tries) % 90))];
        const sampling = {temperature: 0, maxTokens: 1};
        for await (const event of model.generate(textPrompt(other), {sampling}, new AbortController().signal)) {
          if (event.type === 'prompt') began = performance.now();
          if (event.type === 'token') apart = performance.now() - began;
        }
      }
      expect(apart).toBeGreaterThan(1);
    });

    test('the same seed gives the same answer, another seed another', async () => {
      const one = await run(model, prompt, {temperature: 1, seed: 1});
      expect((await run(model, prompt, {temperature: 1, seed: 1})).tokens).toEqual(one.tokens);
      expect((await run(model, prompt, {temperature: 1, seed: 2})).tokens).not.toEqual(one.tokens);
    });

    test('log-probabilities are the softmax of the raw logits whatever narrows the draw', async () => {
      // Both from the cache: a prompt that is read takes other kernels, whose last bits differ.
      await run(model, prompt);
      const all = await run(model, prompt, {topLogprobs: 420, maxTokens: 2});
      for (const {top, token, logprob} of all.logprobs) {
        expect(top).toHaveLength(420);
        expect(top.reduce((sum, {logprob: one}) => sum + Math.exp(one), 0)).toBeCloseTo(1, 5);
        expect(top[0]).toEqual({token, logprob});
      }
      const narrowed = await run(model, prompt, {temperature: 2, topK: 3, seed: 4, topLogprobs: 2, maxTokens: 1});
      const first = all.logprobs[0]?.top ?? [];
      expect(narrowed.logprobs[0]?.top).toEqual(first.slice(0, 2));
      const drawn = first.find(({token}) => token === narrowed.tokens[0]);
      expect(narrowed.logprobs[0]?.logprob).toBe(drawn?.logprob);
      expect(first.slice(0, 3)).toContain(drawn);
    });

    test('a bias is added to the logit: it moves a log-probability difference by itself', async () => {
      const plain = await run(model, prompt, {maxTokens: 1, topLogprobs: 2});
      const [best, second] = plain.logprobs[0]?.top ?? [];
      const gap = (best?.logprob ?? 0) - (second?.logprob ?? 0);
      const biased = (bias: number) =>
        run(model, prompt, {maxTokens: 1, logitBias: new Map([[second?.token ?? 0, bias]])});
      expect((await biased(gap - 0.01)).tokens).toEqual([best?.token]);
      expect((await biased(gap + 0.01)).tokens).toEqual([second?.token]);
      const banned = await run(model, prompt, {maxTokens: 1, logitBias: new Map([[best?.token ?? 0, -100]])});
      expect(banned.tokens).toEqual([second?.token]);
    });

    test('no n-gram occurs twice when asked', async () => {
      const {tokens} = await run(model, prompt, {noRepeatNgramSize: 1, maxTokens: 60});
      expect(new Set([...tokens]).size).toBe(60);
      expect(tokens.some((token) => prompt.includes(token))).toBe(false);
    });

    test('penalties change the answer and temperature 0 alone does not use them', async () => {
      const plain = await run(model, prompt, {maxTokens: 60});
      expect((await run(model, prompt, {maxTokens: 60, repeatPenalty: 1})).tokens).toEqual(plain.tokens);
      expect((await run(model, prompt, {maxTokens: 60, repeatPenalty: 1.8})).tokens).not.toEqual(plain.tokens);
      expect((await run(model, prompt, {maxTokens: 60, presencePenalty: 2})).tokens).not.toEqual(plain.tokens);
    });

    test('a grammar with a control token in it is followed to the end', async () => {
      const grammar = {gbnf: 'root ::= "abc" [0-9]{3} <[5]>'};
      const {tokens} = await run(model, prompt, {grammar, maxTokens: 30});
      expect(tokens.slice(-2)).toEqual([5, 2]);
    });

    test('a grammar starts behind its token', async () => {
      const [first] = (await run(model, prompt)).tokens;
      const grammar = {gbnf: 'root ::= <[6]> <[7]>', after: first ?? 0};
      expect((await run(model, prompt, {grammar})).tokens).toEqual([first, 6, 7, 2]);
    });

    test('a guide forces ids, forbids others and holds what it is asked for', async () => {
      const grammar = {gbnf: 'root ::= <[6]> <[7]>'};
      const taken: number[] = [];
      const guide: TokenGuide = {
        next: () => {
          if (taken.length === 0) return {forced: 5, banned: []};
          if (taken.length < 4) return {banned: taken, holds: {tokens: 1, unless: []}};
          return {banned: [], grammar, holds: {tokens: 100, unless: []}};
        },
        take: (token) => taken.push(token),
      };
      const {tokens} = await run(model, prompt, {guide});
      expect(tokens[0]).toBe(5);
      expect(new Set(tokens.slice(0, 4)).size).toBe(4);
      expect(tokens.slice(4)).toEqual([6, 7, 2]);
      expect(taken).toEqual(tokens);
    });

    test('a guide that fails fails its answer, and the next one is not touched', async () => {
      const broken = new Error('no idea');
      const guide: TokenGuide = {
        next: () => ({banned: []}),
        take: () => {
          throw broken;
        },
      };
      const failing = run(model, prompt, {guide});
      await expect(failing).rejects.toThrow('no idea');
      expect((await run(model, prompt)).tokens).toHaveLength(12);
    });

    test('a grammar that is none is refused by name, and the slot is free', async () => {
      const bad = run(model, prompt, {grammar: {gbnf: 'root ::= "abc'}});
      await expect(bad).rejects.toMatchObject({
        code: 'invalid_request',
        message: 'the grammar is not valid GBNF: it ends in the middle of a text',
      });
      expect((await run(model, prompt)).tokens).toHaveLength(12);
    });

    test('a grammar that leaves no token ends its answer with an error, and no more', async () => {
      const impossible = {gbnf: 'root ::= <[419]> <[419]>'};
      const banned = new Map([[419, -100]]);
      const failing = run(model, prompt, {grammar: impossible, logitBias: banned});
      await expect(failing).rejects.toMatchObject({code: 'invalid_request'});
      expect((await run(model, prompt)).tokens).toHaveLength(12);
    });

    test('a full context ends the answer and nothing is shifted out', async () => {
      const {tokens} = await run(model, prompt, {maxTokens: 1000, logitBias: new Map([[2, -100]])});
      expect(tokens).toHaveLength(256 - prompt.length + 1);
    });

    test('a prompt that fills the context gets its one token', async () => {
      const full = Array.from({length: 256}, (_, at) => 300 + (at % 90));
      expect((await run(model, full, {maxTokens: 1000})).tokens).toHaveLength(1);
    });

    test('abort during the prompt and during decoding leaves a clean slot', async () => {
      const expected = (await run(model, prompt)).tokens;
      const controller = new AbortController();
      const seen: number[] = [];
      const request = {sampling: {temperature: 0, maxTokens: 100}};
      for await (const event of model.generate(textPrompt([1, ...prompt]), request, controller.signal)) {
        if (event.type === 'prefill') controller.abort();
        if (event.type === 'token') seen.push(event.token);
      }
      expect(seen).toEqual([]);
      for await (const event of model.generate(textPrompt(prompt), request, new AbortController().signal)) {
        if (event.type === 'token' && seen.push(event.token) === 3) break;
      }
      expect(seen).toEqual(expected.slice(0, 3));
      expect((await run(model, prompt)).tokens).toEqual(expected);
    });

    test('a call that is aborted before it starts evaluates nothing', async () => {
      await run(model, [1, 400]);
      expect(await run(model, prompt, {}, AbortSignal.abort())).toMatchObject({tokens: [], cached: undefined});
      expect((await run(model, [1, 400, 401])).cached).toBe(2);
    });

    test.each([
      ['an empty prompt', [], 'invalid_request'],
      ['an id outside the vocabulary', [1, 420], 'invalid_request'],
      ['a prompt that does not fit', Array<number>(257).fill(5), 'context_length_exceeded'],
    ])('%s is refused', async (_, bad, code) => {
      await expect(run(model, bad)).rejects.toMatchObject({code});
    });

    test('a saved state continues in another process without evaluation, a damaged or foreign one is refused', async () => {
      const state = join(folder, 'state');
      const first = await run(model, prompt);
      expect(await model.state.save(state)).toBe(true);
      const other = await open();
      expect(await other.state.load(state)).toBe('loaded');
      const resumed = await run(other, prompt);
      expect(resumed).toMatchObject({cached: prompt.length - 1, tokens: first.tokens});
      await other.close();
      const quantised = await open({kvType: 'Q8_0'});
      expect(await quantised.state.load(state)).toBe('other');
      await quantised.close();
      truncateSync(state, statSync(state).size - 1);
      expect(await model.state.load(state)).toBe('damaged');
      expect(await model.state.load(join(folder, 'none'))).toBe('none');
      expect((await run(model, prompt)).tokens).toEqual(first.tokens);
    });
  });

  test('before anything was evaluated there is no state to save', async () => {
    const model = await open();
    expect(await model.state.save(join(folder, 'empty'))).toBe(false);
    expect(existsSync(join(folder, 'empty'))).toBe(false);
    await model.close();
  });

  describe('a recurrent model', () => {
    test('goes back to a snapshot instead of cutting its state, and answers as if it had read everything', async () => {
      const mamba = join(folder, 'mamba.gguf');
      writeFileSync(mamba, randomMamba());
      const model = await openLlama({file: readGguf(mamba), device: 'off', threads: 1, contextSize: 256});
      const first = await run(model, prompt);
      expect(first.cached).toBe(0);
      const again = await run(model, prompt);
      expect(again).toMatchObject({cached: prompt.length - 1, tokens: first.tokens});
      const next = [...prompt, ...first.tokens.slice(0, 5), 2, 3, 300, 4];
      const second = await run(model, next);
      expect(second.cached).toBe(prompt.length - 1);
      await run(model, [1, 400, 401]);
      const cold = await run(model, next);
      expect(cold).toMatchObject({cached: 0, tokens: second.tokens});
      await model.close();
    });
  });

  describe('several slots', () => {
    test('answers do not depend on what runs beside them, and waiting calls get their turn', async () => {
      const model = await open({slots: 2});
      const prompts = [prompt, [1, ...prompt], [1, 9, ...prompt]];
      const alone = [];
      for (const one of prompts) alone.push((await run(model, one)).tokens);
      const together = await Promise.all(prompts.map((one) => run(model, one)));
      expect(together.map(({tokens}) => tokens)).toEqual(alone);
      await model.close();
    });

    test('readers that stop anywhere lose no slot and spoil no answer', async () => {
      const model = await open({slots: 3});
      const expected = (await run(model, prompt)).tokens;
      const stopping = async (n: number) => {
        const controller = new AbortController();
        const request = {sampling: {temperature: 0, maxTokens: 20}};
        let seen = 0;
        for await (const _ of model.generate(textPrompt([1, 3, ...prompt.slice(n % 50)]), request, controller.signal)) {
          if (seen++ < n % 7) continue;
          if (n % 3 === 0) controller.abort();
          else break;
        }
        if (n % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
      };
      for (let round = 0; round < 40; round++) {
        await Promise.all([stopping(round), stopping(round * 5 + 1), stopping(round * 3 + 2), stopping(round + 3)]);
      }
      expect((await run(model, prompt)).tokens).toEqual(expected);
      await model.close();
    });

    test('a waiting call can be aborted', async () => {
      const model = await open();
      const running = run(model, prompt, {maxTokens: 100});
      const controller = new AbortController();
      const waiting = run(model, [1, 300], {}, controller.signal);
      controller.abort();
      expect(await waiting).toMatchObject({tokens: [], cached: undefined});
      expect((await running).tokens).toHaveLength(100);
      await model.close();
    });

    test('closing during an answer fails it and returns', async () => {
      const model = await open();
      const running = run(model, prompt, {maxTokens: 100, logitBias: new Map([[2, -100]])});
      const failure = expect(running).rejects.toMatchObject({code: 'backend_failed'});
      await new Promise((resolve) => setImmediate(resolve));
      await model.close();
      await failure;
      await expect(run(model, prompt)).rejects.toMatchObject({code: 'backend_failed'});
    });
  });

  describe('loading', () => {
    test('an adapter changes the answer by its scale', async () => {
      const adapter = join(folder, 'lora.gguf');
      writeFileSync(adapter, randomLora(TINY_SHAPE));
      const answer = async (scale?: number) => {
        const loras = scale === undefined ? [] : [{path: adapter, scale}];
        const model = await openLlama({file: readGguf(path), device: 'off', threads: 1, contextSize: 256, loras});
        const {tokens} = await run(model, prompt);
        await model.close();
        return tokens;
      };
      const plain = await answer();
      expect(await answer(0)).toEqual(plain);
      expect(await answer(1)).not.toEqual(plain);
    });

    test('a file that is read instead of mapped answers the same', async () => {
      const mapped = await open();
      const read = await openLlama({file: readGguf(path), device: 'off', threads: 1, contextSize: 256, mmap: false});
      expect((await run(read, prompt)).tokens).toEqual((await run(mapped, prompt)).tokens);
      await mapped.close();
      await read.close();
    });

    test('the reason of a failed load is dug out of the log', async () => {
      const broken = join(folder, 'broken.gguf');
      writeFileSync(broken, randomModel(TINY_SHAPE));
      const file = readGguf(broken);
      truncateSync(broken, 300_000);
      await expect(openLlama({file, device: 'off', threads: 1})).rejects.toMatchObject({
        code: 'model_invalid',
        message: 'broken.gguf cannot be loaded: the file ends before its last tensor',
      });
    });

    test('a file without a context length is loaded with a likely one, and says so', async () => {
      const bare = join(folder, 'bare.gguf');
      writeFileSync(bare, randomModel({...TINY_SHAPE, contextLength: undefined}));
      const lines: string[] = [];
      const model = await openLlama({
        file: readGguf(bare),
        device: 'off',
        threads: 1,
        onFit: (line) => lines.push(line),
      });
      expect([model.trainedContextSize, model.contextSize]).toEqual([32_768, 8192]);
      expect(lines[0]).toBe('the file gives no context length: 32768 tokens are taken');
      expect((await run(model, prompt)).tokens.length).toBeGreaterThan(0);
      await model.close();
    });

    test('a context that cannot fit is refused with the figures', async () => {
      await expect(open({contextSize: 2 ** 34})).rejects.toMatchObject({
        code: 'out_of_memory',
        message: expect.stringMatching(
          / needs [\d.]+ TB \(weights .*, context of 17179869184 tokens .*\), this machine has /,
        ),
      });
    });

    test.runIf(process.platform === 'linux' && calls === 'addon')(
      'a kind of GPU this platform lacks is refused',
      async () => {
        await expect(openLlama({file: readGguf(path), device: 'metal'})).rejects.toMatchObject({
          code: 'unsupported',
          message: 'no Metal build of the engine works on this machine',
        });
      },
    );

    test.runIf(calls === 'native')('a GPU is refused: the library that is called so has none', async () => {
      await expect(openLlama({file: readGguf(path), device: 'cuda'})).rejects.toMatchObject({
        code: 'unsupported',
        message: '--engine native computes on the processor, not with --gpu cuda',
      });
    });

    test('loading can be aborted, and a listener sees the log', async () => {
      const lines: string[] = [];
      const file = readGguf(path);
      const onLog = (_: string, message: string) => lines.push(message);
      await (await openLlama({file, device: 'off', threads: 1, contextSize: 256, onLog})).close();
      expect(lines.join('')).toContain('llama');
      const reason = new Error('stopped');
      await expect(openLlama({file, device: 'off', signal: AbortSignal.abort(reason)})).rejects.toBe(reason);
    });

    test('an adapter that is none is refused by name', async () => {
      const adapter = join(folder, 'adapter.gguf');
      writeFileSync(adapter, 'no adapter');
      const file = readGguf(path);
      const opening = openLlama({file, device: 'off', threads: 1, contextSize: 256, loras: [{path: adapter}]});
      await expect(opening).rejects.toMatchObject({message: 'adapter.gguf cannot be loaded: it is not a GGUF file'});
    });
  });
});
