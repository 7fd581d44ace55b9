import {afterEach, beforeEach, expect, test, vi} from 'vitest';
import {watchSteps} from '../../../../src/engine/llama/worker/watch-steps.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a step that lasts is told, and so is its end', () => {
  const told: boolean[] = [];
  let step = 0;
  const stop = watchSteps(() => step, {limitMs: 1000, onStall: (stalled) => told.push(stalled)});
  step = 1;
  vi.advanceTimersByTime(900);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(700);
  expect(told).toEqual([true]);
  step = 2;
  vi.advanceTimersByTime(300);
  expect(told).toEqual([true, false]);
  step = 3;
  vi.advanceTimersByTime(2000);
  expect(told).toEqual([true, false, true]);
  stop();
  step = 4;
  vi.advanceTimersByTime(5000);
  expect(told).toEqual([true, false, true]);
});

test('short steps one after the other, and no step at all, are not told', () => {
  const onStall = vi.fn();
  let step = 0;
  const stop = watchSteps(() => step, {limitMs: 1000, onStall});
  vi.advanceTimersByTime(5000);
  for (let n = 0; n < 50; n++) {
    step = 2 * n + 1;
    vi.advanceTimersByTime(250);
  }
  stop();
  expect(onStall).not.toHaveBeenCalled();
});
