import {describe, expect, test} from 'vitest';
import {
  chosenSampling,
  type RecommendedSampling,
  type SamplingChoice,
  type SamplingParams,
  samplingLine,
  validateSampling,
} from '../../../src/engine/contract/sampling.ts';

describe('validateSampling', () => {
  test('accepts every field at the edges of its range', () => {
    const params: SamplingParams = {
      temperature: 0,
      topP: 1,
      topK: 0,
      minP: 0,
      seed: 2 ** 32 - 1,
      repeatPenalty: 0.1,
      frequencyPenalty: -2,
      presencePenalty: 2,
      noRepeatNgramSize: 0,
      maxTokens: 0,
      topLogprobs: 0,
      logitBias: new Map([
        [5, -100],
        [6, 100],
      ]),
      stop: ['.'],
    };
    expect(() => validateSampling(params)).not.toThrow();
  });

  test.each<[string, Partial<SamplingParams>, string]>([
    ['temperature', {temperature: -0.1}, 'temperature must be a number from 0 to 100, not -0.1'],
    ['temperature', {temperature: Number.NaN}, 'temperature must be a number from 0 to 100, not NaN'],
    ['topP', {topP: 0}, 'topP must be a number above 0, up to 1, not 0'],
    ['topK', {topK: 1.5}, 'topK must be an integer from 0 to 2147483647, not 1.5'],
    ['minP', {minP: 1}, 'minP must be a number, at least 0, below 1, not 1'],
    ['seed', {seed: 2 ** 32}, 'seed must be an integer from 0 to 4294967295, not 4294967296'],
    ['frequencyPenalty', {frequencyPenalty: 2.1}, 'frequencyPenalty must be a number from -2 to 2, not 2.1'],
    ['maxTokens', {maxTokens: -1}, 'maxTokens must be an integer from 0 to 2147483647, not -1'],
    ['logitBias', {logitBias: new Map([[1, 101]])}, 'a value of logitBias must be a number from -100 to 100, not 101'],
    ['stop', {stop: ['']}, 'a stop string must not be empty'],
    ['stop', {stop: [...'abcdefghijklmnopq']}, 'at most 16 stop strings, not 17'],
    ['topLogprobs', {topLogprobs: -1}, 'topLogprobs must be an integer, at least 0, not -1'],
  ])('refuses a bad %s', (param, bad, message) => {
    expect(() => validateSampling({temperature: 1, ...bad})).toThrow(
      expect.objectContaining({code: 'invalid_request', param, message}),
    );
  });
});

describe('what a model recommends', () => {
  const choice: SamplingChoice = {asked: {}, otherwise: {temperature: 0.7, topP: 0.8, maxTokens: 1024}};
  const file: RecommendedSampling = {temperature: {value: 0.15, origin: 'the file'}};
  const both: RecommendedSampling = {...file, topP: {value: 0.95, origin: 'the catalogue, unverified'}};

  test('goes before the own values, which are not mixed into its recipe', () => {
    expect(chosenSampling(choice)).toEqual({temperature: 0.7, topP: 0.8, maxTokens: 1024});
    expect(chosenSampling(choice, {})).toEqual({temperature: 0.7, topP: 0.8, maxTokens: 1024});
    expect(chosenSampling(choice, file)).toEqual({temperature: 0.15, maxTokens: 1024});
    expect(chosenSampling(choice, both)).toEqual({temperature: 0.15, topP: 0.95, maxTokens: 1024});
  });

  test('gives way to what was asked for, figure by figure', () => {
    expect(chosenSampling({...choice, asked: {temperature: 0, seed: 7}}, both)).toEqual({
      temperature: 0,
      topP: 0.95,
      maxTokens: 1024,
      seed: 7,
    });
    expect(chosenSampling({...choice, asked: {topP: 0.5}}, file)).toEqual({
      temperature: 0.15,
      topP: 0.5,
      maxTokens: 1024,
    });
    expect(chosenSampling({...choice, withoutModel: true}, both)).toEqual({
      temperature: 0.7,
      topP: 0.8,
      maxTokens: 1024,
    });
  });

  test('is told in one line with its origin, as long as any of it holds', () => {
    expect(samplingLine(choice, file)).toBe('sampling: temperature 0.15 (the file), top_p 1');
    expect(samplingLine(choice, both)).toBe(
      'sampling: temperature 0.15 (the file), top_p 0.95 (the catalogue, unverified)',
    );
    expect(samplingLine({...choice, asked: {temperature: 0}}, both)).toBe(
      'sampling: temperature 0, top_p 0.95 (the catalogue, unverified)',
    );
    expect(samplingLine(choice, {...file, topK: {value: 40, origin: 'generation_config.json'}})).toBe(
      'sampling: temperature 0.15 (the file), top_p 1, top_k 40 (generation_config.json)',
    );
    expect(samplingLine(choice, {})).toBeUndefined();
    expect(samplingLine(choice)).toBeUndefined();
    expect(samplingLine({...choice, withoutModel: true}, both)).toBeUndefined();
    expect(samplingLine({...choice, asked: {temperature: 0}}, file)).toBeUndefined();
  });
});
