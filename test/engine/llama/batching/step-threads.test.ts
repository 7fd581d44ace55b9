import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {StepThreads} from '../../../../src/engine/llama/batching/step-threads.ts';

/** Runs steps on a machine where one with so many threads takes so long; what was used for each. */
function run(threads: StepThreads, steps: number, time: (threads: number, step: number) => number, answers = 1) {
  const used: number[] = [];
  let total = 0;
  for (let step = 0; step < steps; step++) {
    const now = threads.next;
    const ms = time(now, step);
    used.push(now);
    total += ms;
    threads.measured(answers, ms);
  }
  return {used, total};
}

const share = (used: readonly number[], wanted: number) => used.filter((one) => one === wanted).length / used.length;
/** On an idle machine. */
const idle = (threads: number) => 40 / threads;
/** With another process on one core: all wait for the thread that shares it. */
const beside = (most: number) => (threads: number) => (threads === most ? 120 / threads : 40 / threads);

describe('StepThreads', () => {
  test('keeps all on an idle machine, and has tried one fewer once', () => {
    const {used} = run(new StepThreads(2), 1000, idle);
    expect(used.slice(0, 8)).toEqual([2, 2, 2, 2, 2, 1, 1, 2]);
    expect(used.filter((threads) => threads === 1)).toHaveLength(2);
  });

  test('beside a process that is there from the beginning it takes fewer', () => {
    const {used} = run(new StepThreads(2), 1000, beside(2));
    expect(used.slice(0, 12)).toEqual([2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1]);
    expect(share(used.slice(12), 1)).toBeGreaterThan(0.94);
  });

  test('a process that comes and goes: fewer within a dozen steps, all again in the time of a hundred', () => {
    const threads = new StepThreads(4);
    run(threads, 300, idle);
    expect(threads.next).toBe(4);
    expect(share(run(threads, 300, beside(4)).used.slice(12), 4)).toBeLessThan(0.05);
    expect(share(run(threads, 300, idle).used.slice(100), 4)).toBe(1);
  });

  test('goes past a number of threads that changes nothing', () => {
    // Four of eight cores are taken: five threads wait as eight do.
    const {used} = run(new StepThreads(8), 3000, (threads) => (threads > 4 ? 60 : 60 / threads));
    expect(share(used.slice(-500), 4)).toBeGreaterThan(0.9);
  });

  test('a try that failed while the other process slept holds back none when it is awake', () => {
    const {used} = run(new StepThreads(2), 40, (threads, step) => (step < 10 ? idle(threads) : beside(2)(threads)));
    expect(used.slice(4, 8)).toEqual([2, 1, 1, 2]);
    expect(share(used.slice(20), 1)).toBeGreaterThan(0.9);
  });

  test('one slow step changes nothing: the others of the four are as ever', () => {
    const {used} = run(new StepThreads(2), 500, (threads, step) => (step === 100 ? 30 : idle(threads)));
    expect(used.slice(8).every((threads) => threads === 2)).toBe(true);
  });

  test('steps that grow with the text are no sign of anything', () => {
    const {used} = run(new StepThreads(2), 4000, (threads, step) => idle(threads) * (1 + step / 500));
    expect(share(used, 2)).toBeGreaterThan(0.98);
  });

  test('compares no steps of different sizes', () => {
    const threads = new StepThreads(2);
    run(threads, 100, idle, 1);
    const {used} = run(threads, 100, (now) => 10 * idle(now), 8);
    expect(used.every((one) => one === 2)).toBe(true);
  });

  test('a try that another size interrupts is given up', () => {
    const threads = new StepThreads(2);
    run(threads, 5, idle);
    expect(threads.next).toBe(1);
    threads.measured(2, 50);
    expect(threads.next).toBe(2);
  });

  test('one thread stays one', () => {
    expect(new Set(run(new StepThreads(1), 100, (_, step) => (step % 7) * 10).used)).toEqual(new Set([1]));
  });

  test('any times: never none, never more than allowed', () => {
    const times = fc.array(
      fc.record({ms: fc.double({min: 0, max: 1e6, noNaN: true}), answers: fc.integer({min: 1, max: 4})}),
      {
        maxLength: 300,
      },
    );
    fc.assert(
      fc.property(fc.integer({min: 1, max: 64}), times, (most, steps) => {
        const threads = new StepThreads(most);
        for (const {ms, answers} of steps) {
          expect(threads.next).toBeGreaterThanOrEqual(1);
          expect(threads.next).toBeLessThanOrEqual(most);
          expect(Number.isInteger(threads.next)).toBe(true);
          threads.measured(answers, ms);
        }
      }),
    );
  });

  test('any two-core machine: at least 0.95 of the better of one and two threads, beyond the first ten steps', () => {
    const ms = fc.double({min: 1, max: 1000, noNaN: true});
    fc.assert(
      fc.property(ms, ms, (one, two) => {
        const time = (threads: number) => (threads === 1 ? one : two);
        const {total} = run(new StepThreads(2), 3000, time);
        const best = Math.min(one, two);
        expect(total).toBeLessThan((3000 * best) / 0.95 + 10 * Math.max(one, two));
      }),
      {numRuns: 60, endOnFailure: true},
    );
  });

  test('any change of the machine: it pays less than a twentieth and a few steps for each', () => {
    const ms = fc.double({min: 5, max: 200, noNaN: true});
    const change = fc.record({one: ms, two: ms});
    fc.assert(
      fc.property(fc.array(change, {minLength: 1, maxLength: 5}), (changes) => {
        const threads = new StepThreads(2);
        let slowest = 0;
        for (const {one, two} of changes) {
          const {total} = run(threads, 1500, (now) => (now === 1 ? one : two));
          // With all threads, only what takes much longer than before is noticed.
          const held = two <= 1.51 * slowest ? Math.max(one, two) : Math.min(one, two);
          expect(total).toBeLessThan((1500 * held) / 0.95 + 60 * Math.max(one, two));
          slowest = Math.max(slowest, two);
        }
      }),
      {numRuns: 60, endOnFailure: true},
    );
  });
});
