// What the engine through C functions does that the other cannot, that both give the same, and what ends its thread.
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import type {GenerateOptions, TokenEvent, TokenLogprob} from '../../src/engine/contract/backend.ts';
import {textPrompt} from '../../src/engine/contract/prompt.ts';
import {readGguf} from '../../src/engine/gguf/read-header.ts';
import type {LlamaTokenModel} from '../../src/engine/llama/llama-model.ts';
import type {OpenedModel} from '../../src/engine/llama/opened-model.ts';
import {randomModel, TINY_SHAPE, toyVocabulary} from '../fixtures/random-model.ts';
import {randomNumbers} from '../fixtures/random-numbers.ts';
import {openBuilt} from './harness/built-llama.ts';

const folder = mkdtempSync(join(tmpdir(), 'native-'));
const tiny = join(folder, 'tiny.gguf');
const embedded = join(import.meta.dirname, '../../models/demo/mistral-demo-q8_0.gguf');
const never = new AbortController().signal;
const prompt = [1, 3, ...Array.from({length: 100}, (_, n) => 270 + ((n * 7) % 90)), 4];

beforeAll(() => writeFileSync(tiny, randomModel(TINY_SHAPE)));
afterAll(() => rmSync(folder, {recursive: true}));

type Sampling = Partial<GenerateOptions['sampling']>;
type Answers = Pick<LlamaTokenModel, 'generate'>;

async function run(model: Answers, tokens: readonly number[], sampling: Sampling = {}, signal = never) {
  const events: TokenEvent[] = [];
  const options = {sampling: {temperature: 0, maxTokens: 12, ...sampling}};
  for await (const event of model.generate(textPrompt(tokens), options, signal)) events.push(event);
  const drawn = events.flatMap((event) => (event.type === 'token' ? [event] : []));
  return {
    events,
    tokens: drawn.map(({token}) => token),
    logprobs: drawn.flatMap(({logprob}): TokenLogprob[] => (logprob ? [logprob] : [])),
    cached: events.flatMap((event) => (event.type === 'prompt' ? [event.cached] : []))[0],
  };
}

describe('both engines', () => {
  const both = async (use: (addon: LlamaTokenModel, native: LlamaTokenModel) => Promise<void>) => {
    const options = {file: readGguf(embedded), device: 'off', threads: 1, contextSize: 512} as const;
    const addon = await openBuilt({...options, calls: 'addon'});
    const native = await openBuilt({...options, calls: 'native'});
    await use(addon, native);
    await addon.close();
    await native.close();
  };
  const greeting = [1, 3, 1000, 1001, 4];

  test('give the same tokens for the same seed, and the same log-probabilities', async () => {
    await both(async (addon, native) => {
      expect((await run(native, greeting)).tokens.slice(0, 7)).toEqual([3838, 4025, 3769, 3822, 4159, 4065, 3826]);
      const settings: Sampling[] = [
        {},
        {temperature: 1, seed: 1, topK: 40, topP: 0.95, minP: 0.05},
        {temperature: 0.7, seed: 2},
        {temperature: 1.3, seed: 4_294_967_295, topK: 5},
        {temperature: 0.8, seed: 3, repeatPenalty: 1.3, frequencyPenalty: 0.4, presencePenalty: 0.2},
        {temperature: 0.8, seed: 4, noRepeatNgramSize: 2, logitBias: new Map([[3838, -100]])},
      ];
      for (const sampling of settings) {
        const asked = {...sampling, maxTokens: 40, topLogprobs: 5};
        const [first, second] = [await run(addon, greeting, asked), await run(native, greeting, asked)];
        expect(second.tokens).toEqual(first.tokens);
        for (const [at, {logprob, top}] of second.logprobs.entries()) {
          const {logprob: wanted = 0, top: wantedTop = []} = first.logprobs[at] ?? {};
          expect(top.map(({token}) => token)).toEqual(wantedTop.map(({token}) => token));
          expect(Math.abs(logprob - wanted)).toBeLessThan(1e-5);
          for (const [rank, one] of top.entries()) {
            expect(Math.abs(one.logprob - (wantedTop[rank]?.logprob ?? 9))).toBeLessThan(1e-5);
          }
        }
      }
    });
  });

  test('with a large vocabulary give log-probabilities that differ by the single precision of the addon at most', async () => {
    const large = join(folder, 'large.gguf');
    writeFileSync(large, randomModel({...TINY_SHAPE, vocabulary: toyVocabulary(70_000)}));
    const answers = [];
    for (const calls of ['addon', 'native'] as const) {
      const model = await openBuilt({file: readGguf(large), device: 'off', threads: 1, contextSize: 256, calls});
      answers.push((await run(model, greeting, {maxTokens: 3, topLogprobs: 4})).logprobs);
      await model.close();
    }
    const [first = [], second = []] = answers.map((answer) => answer.flatMap(({logprob, top}) => [logprob, ...top]));
    expect(first).toHaveLength(15);
    for (const [at, one] of second.entries()) {
      const [a, b] = [one, first[at] ?? 9].map((each) => (typeof each === 'number' ? each : each.logprob));
      expect(Math.abs((a ?? 9) - (b ?? 0))).toBeLessThan(5e-4);
    }
  });

  test('take each other’s saved states', async () => {
    await both(async (addon, native) => {
      const long = [...greeting, ...Array.from({length: 150}, (_, n) => 300 + n)];
      const {tokens} = await run(addon, long);
      for (const [from, to] of [
        [addon, native],
        [native, addon],
      ] as const) {
        const path = join(folder, 'shared.kv');
        await run(from, long);
        await run(to, [1, 400]);
        expect(await from.state.save(path)).toBe(true);
        expect(await to.state.load(path)).toBe('loaded');
        expect(await run(to, long)).toMatchObject({cached: long.length - 1, tokens});
      }
    });
  });
});

describe('an abort', () => {
  /** Large enough for a step to be met in the middle. */
  const options = {file: readGguf(embedded), device: 'off', threads: 1, contextSize: 1024, calls: 'native'} as const;
  const long = Array.from({length: 900}, (_, n) => 300 + ((n * 31) % 3000));

  test('ends a step in the middle, and what is whole of it is used', async () => {
    const model = await openBuilt(options);
    const started = performance.now();
    const expected = (await run(model, long)).tokens;
    const wholeMs = performance.now() - started;
    let ends = new Set<number>();
    let held: number | undefined;
    for (let tries = 0; tries < 200 && (held === undefined || ends.has(held)); tries++) {
      await run(model, [1, 400]);
      ends = new Set([0, 1]);
      const controller = new AbortController();
      for await (const event of model.generate(textPrompt(long), {sampling: {temperature: 0}}, controller.signal)) {
        if (event.type !== 'prefill') continue;
        ends.add(event.done);
        // Somewhere in the step behind: on a busy machine it takes long.
        if (event.done > 200) setTimeout(() => controller.abort(), (wholeMs * (tries % 10)) / 20);
      }
      const again = await run(model, long);
      expect(again.tokens).toEqual(expected);
      held = again.cached;
    }
    expect(ends.has(held ?? 0)).toBe(false);
    expect(held).toBeLessThan(long.length - 1);
    await model.close();
  });

  test('of a prompt leaves the answer beside it as it is', async () => {
    const model = await openBuilt({...options, slots: 2});
    const alone = (await run(model, [1, 3, 500, 4], {maxTokens: 300, logitBias: new Map([[2, -100]])})).tokens;
    const beside = run(model, [1, 3, 500, 4], {maxTokens: 300, logitBias: new Map([[2, -100]])});
    for (let n = 0; n < 15; n++) {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), n * 3);
      await run(model, [...long.slice(n), n + 300], {}, controller.signal);
    }
    expect((await beside).tokens).toEqual(alone);
    await model.close();
  });
});

describe('bad luck', () => {
  const open = (slots: number) =>
    openBuilt({file: readGguf(tiny), device: 'off', threads: 1, contextSize: 256, calls: 'native', slots});

  test('a thousand requests, given up in any order, lose no slot and spoil no answer', async () => {
    const model = await open(3);
    const expected = (await run(model, prompt)).tokens;
    const random = randomNumbers(14);
    const running = new Set<Promise<unknown>>();
    for (let n = 0; n < 1000; n++) {
      const controller = new AbortController();
      const start = random(prompt.length);
      const one = run(model, [1, ...prompt.slice(start)], {maxTokens: 1 + random(8)}, controller.signal);
      const ended = one.finally(() => running.delete(ended));
      running.add(ended);
      const when = random(4);
      if (when === 0) controller.abort();
      else if (when === 1) setImmediate(() => controller.abort());
      else if (when === 2) setTimeout(() => controller.abort(), random(20));
      if (running.size > 20) await Promise.race(running);
    }
    await Promise.all(running);
    expect(
      (await Promise.all([run(model, prompt), run(model, prompt), run(model, prompt)])).map(({tokens}) => tokens),
    ).toEqual([expected, expected, expected]);
    await model.close();
  });

  test('closing in a step fails what runs and what waits, and returns', async () => {
    for (let n = 0; n < 5; n++) {
      const model = await openBuilt({
        file: readGguf(embedded),
        device: 'off',
        threads: 1,
        contextSize: 1024,
        calls: 'native',
      });
      const long = Array.from({length: 900}, (_, at) => 300 + at);
      const failures = [long, [1, 5]].map((tokens) =>
        expect(run(model, tokens, {maxTokens: 100})).rejects.toMatchObject({code: 'backend_failed'}),
      );
      await new Promise((resolve) => setTimeout(resolve, n * 15));
      await model.close();
      await Promise.all(failures);
      await expect(run(model, prompt)).rejects.toMatchObject({code: 'backend_failed'});
    }
  });

  test('a grammar whose trigger is no token of it starts behind it all the same', async () => {
    const model = await open(1);
    const [first = 0] = (await run(model, prompt)).tokens;
    const grammar = {gbnf: 'root ::= "a" <[6]>', after: first};
    const drawn: number[] = [];
    const sampling = {temperature: 0, maxTokens: 12};
    for await (const event of model.generate(textPrompt(prompt), {sampling, grammar}, never)) {
      if (event.type === 'token') drawn.push(event.token);
    }
    expect(drawn[0]).toBe(first);
    expect(drawn.slice(-2)).toEqual([6, 2]);
    await model.close();
  });
});

describe('a thread that ends by a fault', () => {
  const crash = join(folder, 'crash');
  const script = new URL('../fixtures/crashing-worker.js', import.meta.url);
  const tokensOf = async (model: OpenedModel, maxTokens: number) => {
    const drawn: number[] = [];
    const sampling = {temperature: 0, maxTokens, logitBias: new Map([[2, -100]])};
    for await (const event of model.answer(textPrompt(prompt), {sampling}, never)) {
      if (event.type === 'token') drawn.push(event.token);
      if (drawn.length === 3) writeFileSync(crash, '');
    }
    return drawn;
  };

  const progress: number[] = [];

  async function openCrashing(file = tiny): Promise<OpenedModel> {
    process.env.CRASH_WHEN = crash;
    const built = '../../dist/engine/llama/worker/open-native.js';
    const {openNative} = (await import(built)) as typeof import('../../src/engine/llama/worker/open-native.ts');
    const options = {file: readGguf(file), device: 'off', threads: 1, contextSize: 2048, slots: 2} as const;
    return openNative({...options, onProgress: (fraction) => progress.push(fraction)}, script);
  }

  test('fails every request with the reason, and the next one is answered by a new thread', async () => {
    const model = await openCrashing();
    const failures = [tokensOf(model, 1900), tokensOf(model, 1900), tokensOf(model, 1900)].map((one) =>
      expect(one).rejects.toMatchObject({
        code: 'engine_failed',
        message: "the engine's thread ended: a fault of this test",
      }),
    );
    await Promise.all(failures);
    rmSync(crash, {force: true});
    const told = progress.length;
    expect(await tokensOf(model, 2)).toHaveLength(2);
    expect(progress).toHaveLength(told);
    await model.close();
  });

  test('says why no new one can be started', async () => {
    const moved = join(folder, 'moved.gguf');
    writeFileSync(moved, randomModel(TINY_SHAPE));
    const model = await openCrashing(moved);
    await expect(tokensOf(model, 1900)).rejects.toMatchObject({code: 'engine_failed'});
    rmSync(crash, {force: true});
    rmSync(moved);
    await expect(tokensOf(model, 2)).rejects.toThrow(/moved\.gguf/);
    writeFileSync(moved, randomModel(TINY_SHAPE));
    expect(await tokensOf(model, 2)).toHaveLength(2);
    await model.close();
  });
});

describe('embeddings', () => {
  const options = {file: readGguf(embedded), device: 'off', threads: 1, contextSize: 512} as const;
  const text = [1, 3, ...Array.from({length: 150}, (_, n) => 270 + ((n * 37) % 3000)), 4];

  test("are the mean of the tokens' states: what llama.cpp's own pooling gives of one batch", async () => {
    const model = await openBuilt({...options, calls: 'native'});
    const {vector, pooling} = (await model.embed?.(text, never)) ?? {};
    expect([pooling, vector?.length]).toEqual(['mean', 512]);
    // By llama_get_embeddings_seq with LLAMA_POOLING_TYPE_MEAN, all 153 tokens in one batch.
    const theirs = [-0.19200393557548523, 0.2951359450817108, 0.022426657378673553, -0.006255151238292456];
    for (const [at, value] of theirs.entries()) expect(Math.abs((vector?.[at] ?? 9) - value)).toBeLessThan(0.005);
    await model.close();
  });

  test('beside an answer change nothing of it', async () => {
    const model = await openBuilt({...options, calls: 'native'});
    const alone = await run(model, prompt);
    const [beside] = await Promise.all([
      run(model, [...prompt]),
      model.embed?.(text, never),
      model.embed?.([1, 5], never),
    ]);
    expect(beside.tokens).toEqual(alone.tokens);
    await model.close();
  });

  test('of no token, of one that is not there, of too long a text, and after an abort are refused', async () => {
    const model = await openBuilt({...options, calls: 'native'});
    await expect(model.embed?.([], never)).rejects.toThrow('the prompt is empty');
    await expect(model.embed?.([1e6], never)).rejects.toThrow('token 1000000 is not in the vocabulary');
    await expect(model.embed?.(Array(513).fill(5), never)).rejects.toMatchObject({code: 'context_length_exceeded'});
    await expect(model.embed?.([1], AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    await model.close();
  });

  test('that run when the model is closed end, and the thread with them', async () => {
    const model = await openBuilt({...options, calls: 'native'});
    const failed = Promise.all([1, 2, 3].map(() => model.embed?.(text, never))).catch((error: Error) => error.message);
    await model.close();
    expect(await failed).toMatch(/not wanted any more|closed/);
  });

  test('are not given by the addon, which has no call for them', async () => {
    const model = await openBuilt({...options, calls: 'addon'});
    expect(model.embed).toBeUndefined();
    await model.close();
  });
});
