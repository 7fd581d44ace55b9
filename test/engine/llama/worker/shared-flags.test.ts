import {describe, expect, test} from 'vitest';
import {AnswerFlags, SharedFlags} from '../../../../src/engine/llama/worker/shared-flags.ts';

/** Both ends of one memory. */
function bothEnds() {
  const here = new SharedFlags(4);
  return [here, new SharedFlags(here.memory)] as const;
}

describe('a step', () => {
  test('can be broken off for those it serves, while it runs', () => {
    const [engine, main] = bothEnds();
    expect(main.isBreakableFor(7)).toBe(false);
    engine.beginStep([7, 9], true);
    expect([7, 8, 9].map((id) => main.isBreakableFor(id))).toEqual([true, false, true]);
    engine.endStep();
    expect(main.isBreakableFor(7)).toBe(false);
    engine.beginStep([9], true);
    expect([7, 9].map((id) => main.isBreakableFor(id))).toEqual([false, true]);
  });

  test('is left to end where that would cost the others more', () => {
    const [engine, main] = bothEnds();
    engine.beginStep([7, 9], false);
    expect(main.isBreakableFor(7)).toBe(false);
  });

  test('has an odd number of its own while it runs', () => {
    const [engine, main] = bothEnds();
    const seen = [main.step];
    for (let n = 0; n < 2; n++) {
      engine.beginStep([1], true);
      seen.push(main.step);
      engine.endStep();
      seen.push(main.step);
    }
    expect(seen).toEqual([0, 1, 2, 3, 4]);
  });
});

test('the message that wakes is sent by one, once', () => {
  const [engine, main] = bothEnds();
  expect(main.takeSleep()).toBe(false);
  engine.fallAsleep();
  expect([main.takeSleep(), main.takeSleep()]).toEqual([true, false]);
});

test('the end of loading is seen by the other', () => {
  const [engine, main] = bothEnds();
  expect(engine.isLoadingEnded).toBe(false);
  main.endLoading();
  expect(engine.isLoadingEnded).toBe(true);
});

test('what was read of an answer, and that nobody wants it, is seen by the other', () => {
  const main = new AnswerFlags();
  const engine = new AnswerFlags(main.memory);
  expect([engine.read, engine.isCancelled]).toEqual([0, false]);
  main.countRead();
  main.countRead();
  main.cancel();
  expect([engine.read, engine.isCancelled]).toEqual([2, true]);
});

test('the flags leave the first bytes to the library', () => {
  const engine = new SharedFlags(4);
  engine.fallAsleep();
  engine.beginStep([1, 2, 3, 4], true);
  engine.endLoading();
  expect(new Uint8Array(engine.memory, 0, 256)).toEqual(new Uint8Array(256));
});
