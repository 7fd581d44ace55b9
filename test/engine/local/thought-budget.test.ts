import {expect, test} from 'vitest';
import {thoughtBudget} from '../../../src/engine/local/thought-budget.ts';

const INFINITE = Number.POSITIVE_INFINITY;

test.each([
  [INFINITE, undefined, INFINITE, false],
  [INFINITE, 7, 7, false],
  [4096, undefined, 3070, false],
  [4096, 3071, 3070, false],
  [4096, 20, 20, false],
  [400, undefined, 298, false],
  [100, undefined, 34, false],
  [82, undefined, 16, false],
  [81, undefined, 0, true],
  [81, 20, 0, true],
  [81, 15, 15, false],
  [70, undefined, 0, true],
  [70, 4, 4, false],
  [70, 5, 0, true],
  [67, 1, 1, false],
  [66, 1, 0, true],
  [0, undefined, 0, true],
  [4096, 0, 0, false],
  [0, 0, 0, false],
])('of %d tokens, with a wish of %s, %d are for thoughts (crowded out: %s)', (room, wished, tokens, isCrowdedOut) => {
  expect(thoughtBudget(room, wished)).toEqual({tokens, isCrowdedOut});
});
