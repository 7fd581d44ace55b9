import {describe, expect, test} from 'vitest';
import {StepTimes, withoutSlowest} from '../../../../../src/engine/llama/batching/pace/step-times.ts';

describe('StepTimes', () => {
  test('the first step of a size reads memory that is cold, and does not count', () => {
    const times = new StepTimes(2);
    for (const ms of [90, 20, 21]) times.add(2, 1, ms);
    expect(times.recent(1)).toEqual([20, 21]);
    expect(times.best(2, 1)).toBe(20);
  });

  test('sizes take turns, and each keeps its last block', () => {
    const times = new StepTimes(2);
    for (const ms of [1, 2, 3, 4]) {
      times.add(2, 1, ms);
      times.add(2, 4, 10 * ms);
    }
    expect([times.recent(1), times.recent(4)]).toEqual([
      [3, 4],
      [30, 40],
    ]);
  });

  test('a size that was not seen for 64 steps is measured anew', () => {
    const times = new StepTimes(2);
    for (const ms of [1, 2, 3]) times.add(2, 1, ms);
    for (let step = 0; step < 63; step++) times.add(2, 4, 10);
    times.add(2, 1, 4);
    expect(times.recent(1)).toEqual([3, 4]);
    for (let step = 0; step < 64; step++) times.add(2, 4, 10);
    times.add(2, 1, 5);
    expect(times.recent(1)).toBeUndefined();
  });
});

test.each([
  [[4, 9, 2, 3], 13],
  [[5], 5],
  [[], 0],
])('withoutSlowest of %j', (times, expected) => {
  expect(withoutSlowest(times)).toBe(expected);
});
