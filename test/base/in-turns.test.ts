import {setImmediate as turn} from 'node:timers/promises';
import {expect, test} from 'vitest';
import {atOnce, inTurns, type Steps} from '../../src/base/in-turns.ts';
import {longestTurn} from '../fixtures/longest-turn.ts';

function* busy(milliseconds: number, counter = {steps: 0}): Steps<string> {
  for (const end = performance.now() + milliseconds; performance.now() < end; counter.steps++) yield;
  return 'done';
}

test('the result is that of the steps, with and without pauses', async () => {
  expect(atOnce(busy(1))).toBe('done');
  expect(await inTurns(busy(1))).toBe('done');
});

test('others get the thread in between, also when many want it', async () => {
  let rounds = 0;
  let isOver = false;
  const count = async () => {
    for (; !isOver; rounds++) await turn();
  };
  const counting = count();
  const longest = await longestTurn(() => Promise.all(Array.from({length: 20}, () => inTurns(busy(10)))));
  isOver = true;
  await counting;
  // Twenty at once in one round would take a hundred milliseconds of it.
  expect(longest).toBeLessThan(50);
  expect(rounds).toBeGreaterThan(10);
});

test('work that nobody waits for ends at the next pause', async () => {
  const counter = {steps: 0};
  const left = () => {
    throw new Error('left');
  };
  await expect(inTurns(busy(10_000, counter), left)).rejects.toThrow('left');
  const {steps} = counter;
  await turn();
  expect(counter.steps).toBe(steps);
});

test('what the steps throw is thrown', async () => {
  function* failing(): Steps<never> {
    yield;
    throw new RangeError('no');
  }
  await expect(inTurns(failing())).rejects.toThrow('no');
  expect(() => atOnce(failing())).toThrow('no');
});
