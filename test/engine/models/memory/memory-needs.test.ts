import {expect, test} from 'vitest';
import type {KvType} from '../../../../src/engine/contract/local-engine.ts';
import type {ModelShape} from '../../../../src/engine/gguf/model-shape.ts';
import {kvBytes, kvBytesPerToken, memoryNeed} from '../../../../src/engine/models/memory/memory-needs.ts';

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

test('the need is the sum of its parts', () => {
  const need = memoryNeed(sevenB, 4_370_000_000, 8192, 'F16');
  expect(need.kv).toBe(1_073_741_824);
  expect(need.total).toBe(need.weights + need.kv + need.compute);
});
