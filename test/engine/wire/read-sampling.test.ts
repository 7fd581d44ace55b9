import {expect, test} from 'vitest';
import {parseJson} from '../../../src/base/json.ts';
import type {SamplingParams} from '../../../src/engine/contract/sampling.ts';
import {Fields} from '../../../src/engine/wire/fields.ts';
import {readSampling} from '../../../src/engine/wire/read-sampling.ts';

const STANDING: SamplingParams = {temperature: 0.7, seed: 7, maxTokens: 100, topK: 40, thinkingBudget: 50};

const read = (body: string, defaults = STANDING) =>
  readSampling(new Fields(parseJson(body), '', {dialect: 'lenient', ignored: []}), defaults);

test.each([
  ['seed', '{"seed": -1}', {temperature: 0.7, maxTokens: 100, topK: 40, thinkingBudget: 50}],
  ['random_seed', '{"random_seed": -1}', {temperature: 0.7, maxTokens: 100, topK: 40, thinkingBudget: 50}],
  ['max_tokens', '{"max_tokens": -1}', {temperature: 0.7, seed: 7, topK: 40, thinkingBudget: 50}],
  ['top_k', '{"top_k": -1}', {temperature: 0.7, seed: 7, maxTokens: 100, thinkingBudget: 50}],
  ['thinking_budget', '{"thinking_budget": -1}', {temperature: 0.7, seed: 7, maxTokens: 100, topK: 40}],
])('%s that says "not set" takes away what the server was started with', (_name, body, expected) => {
  expect(read(body)).toEqual(expected);
});

test.each(['{}', '{"seed": null, "max_tokens": null, "top_k": null}'])('%s leaves it as it was', (body) => {
  expect(read(body)).toEqual(STANDING);
});

test('of two spellings a number counts before "not set"', () => {
  expect(read('{"random_seed": -1, "seed": 5}').seed).toBe(5);
  expect(read('{"seed": -1, "random_seed": 5}').seed).toBe(5);
});

test('other negative seeds are seeds: their low 32 bits', () => {
  expect(read('{"seed": -2}').seed).toBe(4294967294);
  expect(read('{"seed": 4294967301}').seed).toBe(5);
});
