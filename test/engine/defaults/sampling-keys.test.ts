import {join} from 'node:path';
import {expect, test} from 'vitest';
import {readSamplingKeys, samplingEntries} from '../../../src/engine/defaults/sampling-keys.ts';
import {readGguf} from '../../../src/engine/gguf/read-header.ts';
import {folderWith} from '../../fixtures/folder.ts';
import type {GgufValue} from '../../fixtures/gguf.ts';
import {tinyModel} from '../../fixtures/tiny-model.ts';

function read(keys: Readonly<Record<string, GgufValue>>) {
  const named = Object.entries(keys).map(([key, value]) => [`general.sampling.${key}`, value] as const);
  const folder = folderWith({'m.gguf': tinyModel(Object.fromEntries(named))});
  return readSamplingKeys(readGguf(join(folder, 'm.gguf')).metadata);
}

test('every key is read, as the decimal that was meant', () => {
  const {figures, origin, notes} = read({
    temp: {f32: 0.15},
    top_p: {f32: 0.95},
    top_k: {i32: 40},
    min_p: {f32: 0.05},
    penalty_repeat: {f32: 1.1},
    // These change nothing.
    xtc_probability: {f32: 0},
    mirostat: {i32: 0},
  });
  expect(figures).toEqual({temperature: 0.15, topP: 0.95, topK: 40, minP: 0.05, repeatPenalty: 1.1});
  expect([origin, notes]).toEqual(['the file', []]);
});

test.each<[string, GgufValue, object]>([
  ['temp', '0.7', {temperature: 0.7}],
  ['temp', ' 1e-1 ', {temperature: 0.1}],
  ['temp', {u32: 1}, {temperature: 1}],
  ['temp', {f32: 0}, {temperature: 0}],
  ['temp', {f32: 5}, {temperature: 5}],
  ['top_k', {f32: 20}, {topK: 20}],
  ['top_k', {u64: 2147483647n}, {topK: 2147483647}],
  ['top_p', '1', {topP: 1}],
  // Nothing else is as likely as the likeliest token.
  ['min_p', {f32: 1}, {topK: 1}],
  ['penalty_repeat', {f32: 10}, {repeatPenalty: 10}],
])('%s is taken: %s', (key, value, figures) => {
  expect(read({[key]: value})).toEqual({figures, origin: 'the file', notes: []});
});

test.each<[string, GgufValue, string]>([
  ['temp', {f32: Number.NaN}, 'NaN is not a number from 0 to 5'],
  ['temp', {f32: -1}, '-1 is not a number from 0 to 5'],
  ['temp', {f32: Number.POSITIVE_INFINITY}, 'Infinity is not a number from 0 to 5'],
  ['temp', {f32: 5.5}, '5.5 is not a number from 0 to 5'],
  ['temp', 'warm', '"warm" is not a number from 0 to 5'],
  ['temp', '', '"" is not a number from 0 to 5'],
  ['temp', '0x1', '"0x1" is not a number from 0 to 5'],
  ['temp', '0.7 or so', '"0.7 or so" is not a number from 0 to 5'],
  ['temp', true, 'what stands there is not a number from 0 to 5'],
  ['temp', {f32s: [0.7]}, 'what stands there is not a number from 0 to 5'],
  ['top_p', {f32: 0}, '0 is not a number above 0, up to 1'],
  ['top_p', {f32: 1.5}, '1.5 is not a number above 0, up to 1'],
  ['top_k', {i32: -1}, '-1 is not an integer from 0 to 2147483647'],
  ['top_k', {u64: 2147483648n}, '2147483648 is not an integer from 0 to 2147483647'],
  ['top_k', {f32: 0.5}, '0.5 is not an integer from 0 to 2147483647'],
  ['min_p', {f32: -0.5}, '-0.5 is not a number from 0 to 1'],
  ['penalty_repeat', {f32: 0}, '0 is not a number above 0, up to 10'],
])('%s is ignored with a note: %s', (key, value, note) => {
  expect(read({[key]: value})).toEqual({
    figures: {},
    origin: 'the file',
    notes: [`the file's general.sampling.${key} is ignored: ${note}`],
  });
});

test('what this program does not have is told', () => {
  expect(read({mirostat: {i32: 2}, mirostat_tau: {f32: 5}, xtc_probability: {f32: 0.5}}).notes).toEqual([
    'the file asks for xtc_probability, which this program does not have',
    'the file asks for mirostat, which this program does not have',
  ]);
});

test('generation_config.json becomes the keys that llama.cpp writes', () => {
  const config: Record<string, unknown> = {
    temperature: 0.15,
    top_p: null,
    top_k: 50,
    repetition_penalty: 1.2,
    mirostat: 2,
    sequence: 'top_k;temperature',
    max_length: 262_144,
    do_sample: true,
  };
  expect(samplingEntries((field) => config[field])).toEqual({
    entries: [
      ['general.sampling.temp', {type: 'f32', value: 0.15}],
      ['general.sampling.top_k', {type: 'i32', value: 50}],
      ['general.sampling.penalty_repeat', {type: 'f32', value: 1.2}],
      ['general.sampling.mirostat', {type: 'i32', value: 2}],
      ['general.sampling.sequence', {type: 'string', value: 'top_k;temperature'}],
      ['mistral.sampling.origin', {type: 'string', value: 'generation_config.json'}],
    ],
    notes: [],
  });
  expect(samplingEntries(() => undefined)).toEqual({entries: [], notes: []});
  const odd: Record<string, unknown> = {temperature: -1, top_p: '0.9', top_k: 0.5, min_p: [0.1]};
  expect(samplingEntries((field) => odd[field])).toEqual({
    entries: [],
    notes: [
      'generation_config.json: temperature is ignored, as it is not a number from 0 to 5.',
      'generation_config.json: top_p is ignored, as it is not a number above 0, up to 1.',
      'generation_config.json: top_k is ignored, as it is not an integer from 0 to 2147483647.',
      'generation_config.json: min_p is ignored, as it is not a number from 0 to 1.',
    ],
  });
});
