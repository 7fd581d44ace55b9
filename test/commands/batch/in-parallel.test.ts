import {setTimeout as sleep} from 'node:timers/promises';
import {expect, test} from 'vitest';
import {inParallel} from '../../../src/commands/batch/in-parallel.ts';

async function* from<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

const DELAYS = [60, 1, 30, 1];

test.each([
  [false, [1, 3, 2, 0]],
  [true, [0, 1, 2, 3]],
])('results come as they are finished, or in order (%s)', async (ordered, expected) => {
  const taken: number[] = [];
  const work = async (at: number) => {
    await sleep(DELAYS[at]);
    return at;
  };
  await inParallel(from([0, 1, 2, 3]), {limit: 4, ordered}, work, (at) => void taken.push(at));
  expect(taken).toEqual(expected);
});

test.each([false, true])(
  'no more than the limit is begun and not taken, over an input without an end (%s)',
  async (ordered) => {
    let [begun, taken, most] = [0, 0, 0];
    async function* endless() {
      for (;;) yield begun++;
    }
    const work = async (item: number) => {
      most = Math.max(most, begun - taken);
      await sleep(item % 3);
      return item;
    };
    const run = inParallel(endless(), {limit: 3, ordered}, work, () => {
      if (++taken === 50) throw new Error('enough');
    });
    await expect(run).rejects.toThrow('enough');
    expect(most).toBe(3);
    expect(taken).toBe(50);
  },
);

test('what was begun is waited for when the input fails', async () => {
  const taken: string[] = [];
  async function* broken() {
    yield 'a';
    throw new Error('unreadable');
  }
  const work = async (item: string) => {
    await sleep(10);
    return item;
  };
  await expect(inParallel(broken(), {limit: 2, ordered: false}, work, (item) => void taken.push(item))).rejects.toThrow(
    'unreadable',
  );
  expect(taken).toEqual(['a']);
});
