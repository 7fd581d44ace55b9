import {describe, expect, test} from 'vitest';
import {kvCacheBytes} from '../../../src/engine/llama/memory.ts';

describe('kvCacheBytes', () => {
  // Mistral 7B: 32 layers, 8 key and value heads of 128.
  const shape = {layers: 32, kvHeads: 8, keyLength: 128, valueLength: 128};

  test.each([
    ['f16', 536_870_912],
    ['q8_0', 285_212_672],
    ['q4_0', 150_994_944],
  ] as const)('4096 tokens of a 7B model in %s', (type, bytes) => {
    expect(kvCacheBytes(shape, type, 4096)).toBe(bytes);
  });
});
