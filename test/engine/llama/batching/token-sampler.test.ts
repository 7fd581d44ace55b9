import {describe, expect, test} from 'vitest';
import type {Grammar, TokenGuide} from '../../../../src/engine/contract/backend.ts';
import type {SamplingParams} from '../../../../src/engine/contract/sampling.ts';
import {TokenSampler} from '../../../../src/engine/llama/batching/token-sampler.ts';
import type {NativeSamplerConfig} from '../../../../src/engine/llama/native-context.ts';
import {FakeNativeContext} from '../../../fakes/native-context.ts';
import {promptOf} from '../../../fixtures/media-prompt.ts';

/** A sampler over a context that holds `prompt`; `draw` samples once and feeds what came. */
async function samplerOf(
  sampling: Partial<SamplingParams>,
  prompt: readonly number[] = [5],
  how: {readonly grammar?: Grammar; readonly guide?: TokenGuide} = {},
) {
  const context = new FakeNativeContext();
  const sampler = new TokenSampler(context.native(), {sampling: {temperature: 0, ...sampling}, ...how}, prompt);
  let pending = prompt;
  let position = 0;
  const draw = async () => {
    context.initBatch(pending.length);
    const [index = 0] = context.addToBatch(0, position, Uint32Array.from(pending), Uint32Array.of(pending.length - 1));
    await context.decodeBatch();
    position += pending.length;
    const sampled = await sampler.sample(index);
    pending = [sampled.token];
    return sampled;
  };
  return {context, sampler, draw};
}

/** What the native sampler is set to for each of `count` tokens; without a change it is not set again. */
async function configsOf(count: number, ...args: Parameters<typeof samplerOf>) {
  const {context, draw} = await samplerOf(...args);
  for (let n = 0; n < count; n++) await draw();
  return context.configs;
}

const biasesOf = (config: NativeSamplerConfig | undefined) =>
  new Map([...(config?.tokenBiasKeys ?? [])].map((token, at) => [token, config?.tokenBiasValues?.[at]]));

describe('the settings of the native sampler', () => {
  test('temperature 0 is argmax: nothing that narrows a draw is passed on', async () => {
    expect(await configsOf(3, {temperature: 0, topK: 4, topP: 0.5, minP: 0.1, seed: 3})).toEqual([
      {temperature: 0, seed: 3},
    ]);
  });

  test('above 0 everything is, except what is off', async () => {
    const [all] = await configsOf(1, {temperature: 0.5, topK: 4, topP: 0.5, minP: 0.1, seed: 3});
    expect(all).toEqual({temperature: 0.5, seed: 3, topK: 4, topP: 0.5, minP: 0.1});
    const [off] = await configsOf(1, {temperature: 0.5, topK: 0, topP: 1, minP: 0, repeatPenalty: 1});
    expect(off).toEqual({temperature: 0.5, seed: 0});
  });

  test('the seed for which llama.cpp draws another one each time is never passed on', async () => {
    const [config] = await configsOf(1, {temperature: 1, seed: 4_294_967_295});
    expect(config).toEqual({temperature: 1, seed: 4_294_967_294});
  });

  test('a bias is added, and -100 means never', async () => {
    const [config] = await configsOf(1, {
      logitBias: new Map([
        [7, 2],
        [8, -99],
        [9, -100],
      ]),
    });
    expect(biasesOf(config)).toEqual(
      new Map([
        [7, 2],
        [8, -99],
        [9, Number.NEGATIVE_INFINITY],
      ]),
    );
  });
});

describe('penalties', () => {
  test('frequency and presence count what was generated, not the prompt', async () => {
    const {context, draw} = await samplerOf({frequencyPenalty: 0.5, presencePenalty: 0.25}, [5, 5, 5]);
    const {token} = await draw();
    await draw();
    const [first, second] = context.configs;
    expect(biasesOf(first)).toEqual(new Map());
    expect(biasesOf(second)).toEqual(new Map([[token, -0.75]]));
  });

  test('one of them alone counts too, on top of a bias', async () => {
    for (const penalty of [{frequencyPenalty: 0.5}, {presencePenalty: 0.5}]) {
      const {context, draw} = await samplerOf(penalty);
      const {token} = await draw();
      await draw();
      expect(biasesOf(context.configs[1])).toEqual(new Map([[token, -0.5]]));
    }
  });

  test('the repeat penalty looks at the last 64 tokens of prompt and answer, anew for each token', async () => {
    const prompt = Array.from({length: 70}, (_, at) => 1000 + at);
    const {context, draw} = await samplerOf({repeatPenalty: 1.1}, prompt);
    const {token} = await draw();
    await draw();
    const [first, second] = context.configs;
    expect(first).toMatchObject({repeatPenalty: 1.1, repeatPenaltyMaxTokens: 64});
    expect([...(first?.repeatPenaltyTokens ?? [])]).toEqual(prompt.slice(6));
    expect([...(second?.repeatPenaltyTokens ?? [])]).toEqual([...prompt.slice(7), token]);
  });

  test('it skips the places of media', async () => {
    const {tokens} = promptOf(7, 8, ['cat', 100], 9);
    const context = new FakeNativeContext();
    const sampler = new TokenSampler(context.native(), {sampling: {temperature: 0, repeatPenalty: 1.1}}, tokens);
    context.initBatch(1);
    context.addToBatch(0, 0, Uint32Array.of(1), Uint32Array.of(0));
    await sampler.sample(0);
    expect(context.configs[0]?.repeatPenaltyTokens).toEqual(Uint32Array.of(7, 8, 9));
  });

  test('what would repeat an n-gram is banned, anew for each token', async () => {
    const {context, draw} = await samplerOf({noRepeatNgramSize: 1}, [5, 6]);
    const {token} = await draw();
    await draw();
    expect([...biasesOf(context.configs[0]).keys()].sort()).toEqual([5, 6]);
    expect([...biasesOf(context.configs[1]).keys()].sort()).toEqual([5, 6, token].sort());
  });
});

describe('a grammar', () => {
  const grammar = {gbnf: 'root ::= "a"'};
  const state = expect.objectContaining(grammar);

  test('holds from the first token', async () => {
    const configs = await configsOf(3, {}, [5], {grammar});
    expect(configs.map(({grammar: held}) => held)).toEqual([state]);
  });

  test('that starts behind a token is not there before it, and stays behind it', async () => {
    const {context, draw} = await samplerOf({}, [5]);
    const first = (await draw()).token;
    expect(context.configs).toHaveLength(1);
    const configs = await configsOf(3, {}, [5], {grammar: {...grammar, after: first}});
    expect(configs.map(({grammar: held}) => held)).toEqual([undefined, state]);
  });

  test('that is none is refused before the first token', async () => {
    const {sampler} = await samplerOf({}, [5], {grammar: {gbnf: 'no grammar'}});
    await expect(sampler.prepare()).rejects.toMatchObject({
      code: 'invalid_request',
      message: 'the grammar is not valid GBNF',
    });
  });

  test('of another token never starts', async () => {
    const configs = await configsOf(3, {}, [5], {grammar: {...grammar, after: 9999}});
    expect(configs.map(({grammar: held}) => held)).toEqual([undefined]);
  });
});

describe('a guide', () => {
  const steps = (...list: ReturnType<TokenGuide['next']>[]) => {
    const taken: number[] = [];
    const guide: TokenGuide = {
      next: () => list[Math.min(taken.length, list.length - 1)] ?? {banned: []},
      take: (token) => taken.push(token),
    };
    return {guide, taken};
  };

  test('has a token come without a sample, and is told of each', async () => {
    const {guide, taken} = steps({forced: 42, banned: []}, {banned: []});
    const {context, draw} = await samplerOf({topLogprobs: 1}, [5], {guide});
    expect(await draw()).toEqual({token: 42, forced: true});
    expect(context.configs).toEqual([]);
    const {token} = await draw();
    expect(taken).toEqual([42, token]);
  });

  test('bans tokens until it says otherwise, whatever their bias', async () => {
    const banned = [7, 8];
    const {guide} = steps({banned}, {banned}, {banned: [7]});
    const configs = await configsOf(3, {logitBias: new Map([[8, 100]])}, [5], {guide});
    const never = Number.NEGATIVE_INFINITY;
    expect(configs.map((config) => [...biasesOf(config)].sort(([a], [b]) => a - b))).toEqual([
      [
        [7, never],
        [8, never],
      ],
      [
        [7, never],
        [8, 100],
      ],
    ]);
  });

  test('changes the grammar; the same one goes on, another one begins anew', async () => {
    const [one, two] = [{gbnf: 'one'}, {gbnf: 'two'}];
    const banned: number[] = [];
    const {guide} = steps({banned, grammar: one}, {banned, grammar: one}, {banned}, {banned, grammar: two});
    const configs = await configsOf(4, {}, [5], {guide});
    expect(configs.map(({grammar: held}) => held)).toEqual([
      expect.objectContaining(one),
      undefined,
      expect.objectContaining(two),
    ]);
  });
});

describe('log-probabilities', () => {
  // The fake's logits are 0, -1 and -2 for three tokens.
  const normaliser = Math.log(1 + Math.exp(-1) + Math.exp(-2));

  test.each([0, 1, 2, 3])('come with the best %i', async (topLogprobs) => {
    const {draw} = await samplerOf({topLogprobs});
    const {token, logprob} = await draw();
    expect(logprob?.token).toBe(token);
    expect(logprob?.logprob).toBeCloseTo(-normaliser, 10);
    expect(logprob?.top.map(({token: one}) => one - token)).toEqual([0, 1, 2].slice(0, topLogprobs));
    for (const [rank, {logprob: one}] of (logprob?.top ?? []).entries())
      expect(one).toBeCloseTo(-rank - normaliser, 10);
  });

  test('are not computed unless asked for', async () => {
    expect(await (await samplerOf({})).draw()).not.toHaveProperty('logprob');
  });
});

test('no token left to sample from is a fault of the request', async () => {
  const {sampler} = await samplerOf({});
  await expect(sampler.sample(99)).rejects.toMatchObject({
    code: 'invalid_request',
    message: 'no token may come next: the form, the bias and the limits leave none',
  });
});

test('the native sampler and the grammar are freed, a grammar also when another one takes its place', async () => {
  const {context, sampler} = await samplerOf({}, [5], {grammar: {gbnf: 'root ::= "a"', after: 9999}});
  await sampler.prepare();
  sampler.dispose();
  expect(context.disposed).toBe(2);
  const taken: number[] = [];
  const [one, two] = [{gbnf: 'one'}, {gbnf: 'two'}];
  const guide: TokenGuide = {
    next: () => ({banned: [], grammar: taken.length === 0 ? one : two}),
    take: (token) => taken.push(token),
  };
  const guided = await samplerOf({}, [5], {guide});
  await guided.draw();
  expect(guided.context.disposed).toBe(0);
  await guided.draw();
  expect(guided.context.disposed).toBe(1);
});
