import {expect, test} from 'vitest';
import type {KvType} from '../../../../src/engine/contract/local-engine.ts';
import {type ModelShape, modelShape} from '../../../../src/engine/gguf/model-shape.ts';
import {parseGguf} from '../../../../src/engine/gguf/read-header.ts';
import {kvBytes, kvBytesPerToken, memoryNeed} from '../../../../src/engine/models/memory/memory-needs.ts';
import {type MicroChanges, type MicroName, microModel} from '../../../fixtures/micro-models.ts';

const sevenB: ModelShape = {
  architecture: 'llama',
  layers: 32,
  embedding: 4096,
  feedForward: 14336,
  vocabulary: 32768,
  context: 32768,
  usableContext: 32768,
  heads: 32,
  kvHeads: Array<number>(32).fill(8),
  keyLength: 128,
  valueLength: 128,
  latent: false,
  stateValues: 0,
  experts: 0,
  expertsUsed: 0,
};

test.each<[KvType, number]>([
  ['F16', 131072],
  ['F32', 262144],
  ['Q8_0', 69632],
  ['Q4_0', 36864],
])('a 7B model caches a token in %s in %i bytes', (type, bytes) => {
  expect(kvBytesPerToken(sevenB, type)).toBe(bytes);
});

test('the cache grows in steps of 256 tokens', () => {
  expect(kvBytes(sevenB, 1, 'F16')).toBe(256 * 131072);
  expect(kvBytes(sevenB, 4096, 'F16')).toBe(4096 * 131072);
});

test('layers without attention cache nothing and recurrent ones a fixed state', () => {
  const hybrid = {...sevenB, kvHeads: [0, 8], layers: 2, stateValues: 1000};
  expect(kvBytes(hybrid, 256, 'F16')).toBe(256 * 8 * 256 * 2 + 2 * 1000 * 4);
});

test('latent attention caches one vector a layer', () => {
  const latent = {...sevenB, layers: 1, kvHeads: [1], keyLength: 576, valueLength: 512, latent: true};
  expect(kvBytesPerToken(latent, 'F16')).toBe(576 * 2);
});

const MIB = 2 ** 20;
const latent = (layers: number, keyLength: number, valueLength: number): ModelShape => ({
  ...sevenB,
  layers,
  kvHeads: Array<number>(layers).fill(1),
  keyLength,
  valueLength,
  latent: true,
});

test.each<[string, ModelShape, KvType, number, number, number]>([
  ['Mistral Small 4', latent(36, 320, 256), 'F16', 23_040, 8192, 180 * MIB],
  ['Mistral Small 4', latent(36, 320, 256), 'F16', 23_040, 262_144, 5760 * MIB],
  ['Mistral Large 3', latent(61, 576, 512), 'F16', 70_272, 262_144, 17_568 * MIB],
  ['measured', latent(2, 48, 32), 'F16', 192, 65_536, 12 * MIB],
  ['measured', latent(2, 320, 256), 'F16', 1280, 32_768, 40 * MIB],
  ['measured', latent(2, 576, 512), 'F16', 2304, 32_768, 72 * MIB],
  ['measured', latent(2, 320, 256), 'Q8_0', 680, 32_768, 21.25 * MIB],
])('latent attention: %s, %#', (_, shape, type, token, context, bytes) => {
  expect(kvBytesPerToken(shape, type)).toBe(token);
  expect(kvBytes(shape, context, type)).toBe(bytes);
});

const of = (name: MicroName, changes: MicroChanges = {}) => {
  const bytes = microModel(name, changes);
  return modelShape(parseGguf('m.gguf', bytes, bytes.length));
};

test('the cache is what the engine logs, by the header alone', () => {
  expect(kvBytes(of('llama'), 4096, 'F16')).toBe(MIB);
  expect(kvBytes(of('mistral4'), 4096, 'F16')).toBe(MIB);
  // Two layers, one of them with a window: the cache is asked for in full size.
  expect(kvBytes(of('granite_swa'), 4096, 'F16')).toBe(MIB);
  // Two layers of 3 x (128 + 2 x 2 x 16) and 128 x 16 values.
  expect(kvBytes(of('mamba2'), 4096, 'F16')).toBe(2 * 4 * (576 + 2048));
});

test('a latent model of an older file, without the lengths of whole heads, caches whole heads', () => {
  const old = of('mistral4', {
    metadata: {
      'mistral4.attention.key_length_mla': undefined,
      'mistral4.attention.value_length_mla': undefined,
      'mistral4.attention.head_count_kv': {u32: 4},
      'mistral4.attention.key_length': {u32: 32},
      'mistral4.attention.value_length': {u32: 16},
    },
  });
  expect(old.latent).toBe(false);
  expect(kvBytesPerToken(old, 'F16')).toBe(2 * 4 * (32 + 16) * 2);
});

test('without flash attention the scores of all heads take room', () => {
  const four = {...sevenB, heads: 4};
  const [flash, plain] = [true, false].map((flashAttention) => memoryNeed(four, 0, 32_768, 'F16', {flashAttention}));
  expect((plain?.compute ?? 0) - (flash?.compute ?? 0)).toBe(256 * MIB);
  const small4 = [true, false].map((flashAttention) => memoryNeed(sevenB, 0, 32_768, 'F16', {flashAttention}).compute);
  expect((small4[1] ?? 0) - (small4[0] ?? 0)).toBe(2048 * MIB);
});

test('layers that slide have a full cache and a mask of their own, as llama.cpp\u2019s log says', () => {
  const shape = (pattern: boolean[]) => {
    const changes = {metadata: {'granite_swa.attention.sliding_window_pattern': {bools: pattern}}};
    const bytes = microModel('granite_swa', changes);
    return modelShape(parseGguf('m.gguf', bytes, bytes.length));
  };
  const [sliding, plain] = [shape([true, false]), shape([false, false])].map((one) => memoryNeed(one, 0, 4096, 'F16'));
  // Two layers of 2 heads of 16 + 16 values: 0.50 MiB in each of two caches. A mask is of 512 x 4096 values of 2 bytes.
  expect([sliding?.kv, plain?.kv]).toEqual([1 * MIB, 1 * MIB]);
  expect((sliding?.compute ?? 0) - (plain?.compute ?? 0)).toBe(4 * MIB);
});

test('the need is the sum of its parts', () => {
  const need = memoryNeed(sevenB, 4_370_000_000, 8192, 'F16');
  expect(need.kv).toBe(1_073_741_824);
  expect(need.total).toBe(need.weights + need.kv + need.compute);
});
