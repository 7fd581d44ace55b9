import {describe, expect, test} from 'vitest';
import {commonPrefix} from '../../../src/engine/llama/slots.ts';

describe('commonPrefix', () => {
  test.each([
    [[], [1], 0],
    [[1, 2, 3], [1, 2, 3], 3],
    [[1, 2, 3], [1, 2], 2],
    [[1, 2, 3], [1, 9, 3], 1],
  ])('%j and %j share %i', (a, b, length) => {
    expect(commonPrefix(a, b)).toBe(length);
  });
});
