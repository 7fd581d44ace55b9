import {expect, test} from 'vitest';
import {parseGguf} from '../../../src/engine/gguf/read-header.ts';
import {attentionReport, scaleNote} from '../../../src/engine/inspect/attention.ts';
import {type GgufValue, ggufBytes} from '../../fixtures/gguf.ts';

function report(architecture: string, keys: Readonly<Record<string, GgufValue>>) {
  const named = Object.entries(keys).map(([key, value]) => [`${architecture}.${key}`, value]);
  const bytes = ggufBytes({'general.architecture': architecture, ...Object.fromEntries(named)}, []);
  return attentionReport(parseGguf('m.gguf', bytes, bytes.length));
}

const yarn = (factor: number, more: Readonly<Record<string, number>> = {}): Record<string, GgufValue> => ({
  'rope.scaling.type': 'yarn',
  'rope.scaling.factor': {f32: factor},
  'rope.scaling.original_context_length': {u32: 8192},
  ...Object.fromEntries(Object.entries(more).map(([key, value]) => [`rope.scaling.${key}`, {f32: value}])),
});

// g = 1 + 0.1 ln(factor): 1.485203 of 128, 1.358352 of 36, 1.207944 of 8.
test.each<[string, string, Record<string, GgufValue>, number | undefined, number]>([
  ['Small 4 by this program', 'mistral4', yarn(128, {attn_factor: 0.673309}), 1, 1],
  ['Small 4 by llama.cpp', 'mistral4', yarn(128, {yarn_log_multiplier: 0.1}), 2.205827, 1],
  ['Large 3 by llama.cpp', 'deepseek2', yarn(36, {yarn_log_multiplier: 0.1}), 1.84512, 1],
  ['one without a multiplier', 'mistral4', yarn(8), 1.459129, 1.207944],
  [
    'one with a negative multiplier',
    'mistral4',
    yarn(8, {attn_factor: 0.827853, yarn_log_multiplier: -0.0827853}),
    1,
    1.207944,
  ],
  ['one that takes the multiplier twice', 'deepseek2', yarn(8, {yarn_log_multiplier: 0.0707}), 1.315647, 1],
  ['one that is not stretched', 'mistral4', yarn(1), 1, 1],
  ['Ministral 3', 'mistral3', yarn(8, {yarn_log_multiplier: 1}), undefined, 1],
  ['Ministral 3 with a scale', 'mistral3', yarn(8, {yarn_log_multiplier: 0}), undefined, 1.207944],
  ['llama, which reads no multiplier', 'llama', yarn(8, {yarn_log_multiplier: 1}), undefined, 1.207944],
  ['windows', 'granite_swa', yarn(8, {attn_factor: 0.827853}), undefined, 1],
])('what YaRN multiplies with: %s', (_, architecture, keys, softmax, rotary) => {
  const found = report(architecture, keys).yarn;
  expect(found?.rotaryScale).toBeCloseTo(rotary, 4);
  if (softmax === undefined) expect(found).not.toHaveProperty('softmaxScale');
  else expect(found?.softmaxScale).toBeCloseTo(softmax, 4);
});

test('only latent attention that is scaled as llama.cpp writes it has a note', () => {
  expect(scaleNote(report('mistral4', yarn(128, {yarn_log_multiplier: 0.1})))).toBe(
    'attention is scaled by 2.21, as llama.cpp\'s converter writes it: a params.json with "apply_scale" false asks for 1, config.json as transformers reads it for this',
  );
  expect(scaleNote(report('mistral4', yarn(128, {attn_factor: 0.673309})))).toBeUndefined();
  expect(scaleNote(report('mistral3', yarn(8, {yarn_log_multiplier: 0})))).toBeUndefined();
  expect(scaleNote(report('mistral4', yarn(1)))).toBeUndefined();
});

test('windows and how many layers have one', () => {
  const keys = {
    'attention.sliding_window': {u32: 24},
    'attention.sliding_window_pattern': {bools: [false, true, true]},
  };
  expect(report('granite_swa', keys)).toEqual({window: {size: 24, layers: 2}});
  expect(report('llama', {'attention.sliding_window': {u32: 24}})).toEqual({window: {size: 24, layers: undefined}});
  expect(report('llama', {'attention.sliding_window': {u32: 0}})).toEqual({});
  expect(report('llama', {})).toEqual({});
});
