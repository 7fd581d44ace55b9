import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {StepThreads} from '../../../../../src/engine/llama/batching/pace/step-threads.ts';

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
    expect(used.slice(0, 9)).toEqual([2, 2, 2, 2, 2, 1, 1, 1, 2]);
    expect(used.filter((threads) => threads === 1)).toHaveLength(3);
  });

  test('beside a process that is there from the beginning it takes fewer', () => {
    const {used} = run(new StepThreads(2), 1000, beside(2));
    // Three blocks win a third each, beside those of two threads. The first of five steps does not count.
    const [one, two] = [Array(5).fill(1), Array(5).fill(2)];
    expect(used.slice(0, 35)).toEqual([two, one, two, one, two, one, one].flat());
    expect(share(used.slice(30), 1)).toBeGreaterThan(0.94);
  });

  test('a process that comes and goes: fewer within thirty steps, all again in the time of two hundred', () => {
    const threads = new StepThreads(4);
    run(threads, 300, idle);
    expect(threads.next).toBe(4);
    expect(share(run(threads, 300, beside(4)).used.slice(30), 4)).toBeLessThan(0.05);
    expect(share(run(threads, 400, idle).used.slice(200), 4)).toBe(1);
  });

  test('goes past a number of threads that changes nothing', () => {
    // Four of eight cores are taken: five threads wait as eight do.
    const {used} = run(new StepThreads(8), 3000, (threads) => (threads > 4 ? 60 : 60 / threads));
    expect(share(used.slice(-500), 4)).toBeGreaterThan(0.9);
  });

  test('a try that failed while the other process slept holds back none when it is awake', () => {
    const {used} = run(new StepThreads(2), 100, (threads, step) => (step < 10 ? idle(threads) : beside(2)(threads)));
    expect(used.slice(4, 8)).toEqual([2, 1, 1, 1]);
    expect(share(used.slice(56), 1)).toBeGreaterThan(0.9);
  });

  test('one slow step changes nothing: the others of the four are as ever', () => {
    const {used} = run(new StepThreads(2), 500, (threads, step) => (step === 100 ? 30 : idle(threads)));
    expect(used.slice(8).every((threads) => threads === 2)).toBe(true);
  });

  test('the step that wins a core back from others says nothing of those behind it, but tries become rare', () => {
    let before = 2;
    const time = (threads: number, step: number) => {
      const isBack = threads === 2 && before === 1;
      before = threads;
      // A load comes that makes both slower: that is tried.
      return (step < 50 ? idle(threads) : threads === 2 ? 31 : 36) + (isBack ? 130 : 0);
    };
    const {used, total} = run(new StepThreads(2), 3000, time);
    expect(share(used.slice(-1000), 2)).toBeGreaterThan(0.97);
    expect(total).toBeLessThan((50 * 20 + 2950 * 31) * 1.03);
  });

  test('a block in which others held the processor counts for half of a proof, however long it took', () => {
    const threads = new StepThreads(2);
    const block = (ms: number) => Array.from({length: 5}, () => threads.measured(1, ms));
    block(900);
    expect(threads.next).toBe(1);
    block(40);
    block(44);
    block(40);
    // Won by 0.96, which counts 0.5, and by 0.09.
    expect([threads.kept, threads.next]).toEqual([2, 2]);
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

  test('a try that another size interrupts waits until all threads were measured at that size, and goes on', () => {
    const threads = new StepThreads(2);
    const time = (now: number, answers: number) => beside(2)(now) * (1 + answers / 4);
    const step = (answers: number) => {
      const now = threads.next;
      threads.measured(answers, time(now, answers));
      return now;
    };
    expect([1, 1, 1, 1, 1, 1].map(step)).toEqual([2, 2, 2, 2, 2, 1]);
    expect([2, 2, 2, 2, 2, 2, 2, 2].map(step)).toEqual([1, 2, 2, 2, 2, 2, 2, 2]);
    expect([2, 2, 2].map(step)).toEqual([2, 2, 1]);
  });

  test('what a size took long ago is measured again before anything is compared with it', () => {
    const threads = new StepThreads(2);
    run(threads, 8, idle, 1);
    run(threads, 80, (now) => 4 * idle(now), 4);
    // One answer again, by now beside a busy process: nine steps by all threads come before any try.
    expect(run(threads, 10, beside(2), 1).used).toEqual([2, 2, 2, 2, 2, 2, 2, 2, 2, 1]);
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

  test('any two-core machine: at least 0.95 of the better of one and two threads, beyond the first twenty steps', () => {
    const ms = fc.double({min: 1, max: 1000, noNaN: true});
    fc.assert(
      fc.property(ms, ms, (one, two) => {
        const time = (threads: number) => (threads === 1 ? one : two);
        const {total} = run(new StepThreads(2), 3000, time);
        const best = Math.min(one, two);
        expect(total).toBeLessThan((3000 * best) / 0.95 + 20 * Math.max(one, two));
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

/** Mulberry32: numbers from 0 to 1, the same for the same seed. */
function drawFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Draw = () => number;
/** Milliseconds of a step of one answer, `at` so many into the run. */
type Machine = (threads: number, draw: Draw, at: number) => number;
type Sizes = (step: number, draw: Draw) => number;

/** Two threads make 1.44 of one, as measured with the 1B shape on two cores; steps differ by 4 %. */
const quiet: Machine = (threads, draw) => (threads === 1 ? 36 : 25) * (0.98 + 0.04 * draw());
/** Another process takes one of the cores for ever: of two threads one waits in every other step for a time slice. */
const pinned: Machine = (threads, draw) => {
  if (threads === 1) return 39 * (0.98 + 0.04 * draw());
  return 26 * (0.98 + 0.04 * draw()) + (draw() < 0.55 ? 70 + 60 * draw() : 0);
};
/** Others take slices of any length, most of them short: a Pareto distribution that hits whatever runs. */
const heavyTailed =
  (share: number, shortest: number): Machine =>
  (threads, draw) => {
    const pause = draw() < share ? Math.min(300, shortest * (1 - draw()) ** (-1 / 1.2)) : 0;
    return quiet(threads, draw, 0) + pause * (threads === 1 ? 1.44 : 1);
  };
const comesAndGoes: Machine = (threads, draw, at) => (Math.floor(at / 5000) % 2 ? pinned : quiet)(threads, draw, at);

/** A minute of steps: tokens per millisecond, and what is kept at its end. `fixed` threads, or those chosen. */
function minute(seed: number, machine: Machine, sizes: Sizes, fixed?: number) {
  const [draw, drawSize, threads] = [drawFrom(seed), drawFrom(seed + 1000), new StepThreads(2)];
  let [at, tokens, step] = [0, 0, 0];
  while (at < 60_000) {
    const answers = sizes(step++, drawSize);
    const ms = machine(fixed ?? threads.next, draw, at) * (1 + (answers - 1) / 2);
    if (fixed === undefined) threads.measured(answers, ms);
    at += ms;
    tokens += answers;
  }
  return {speed: tokens / at, kept: threads.kept};
}

/** Over so many seeds: the part that ends with two threads, and the parts of the better of one and two threads, in order. */
function minutes(seeds: number, machine: Machine, sizes: Sizes) {
  const all = Array.from({length: seeds}, (_, seed) => {
    const {speed, kept} = minute(seed, machine, sizes);
    const fixed = [1, 2].map((count) => minute(seed, machine, sizes, count).speed);
    return {part: speed / Math.max(...fixed), kept};
  });
  const parts = all.map(({part}) => part).sort((a, b) => a - b);
  return {
    endWithTwo: all.filter(({kept}) => kept === 2).length / seeds,
    median: parts[seeds / 2] as number,
    twentieth: parts[seeds / 20] as number,
  };
}

describe.each<[string, number, Sizes]>([
  ['one answer', 200, () => 1],
  ['four answers', 20, () => 4],
  ['four answers, of which a step leaves out one now and then', 20, (_, draw) => (draw() < 0.3 ? 3 : 4)],
  ['answers that come and go', 20, (step) => 1 + (Math.floor(step / 15) % 4)],
])('StepThreads in minutes of two cores, %s', (_, seeds, sizes) => {
  test('quiet: two threads, and less than a hundredth is lost', () => {
    const {endWithTwo, twentieth} = minutes(seeds, quiet, sizes);
    expect(endWithTwo).toBe(1);
    expect(twentieth).toBeGreaterThan(0.99);
  });

  test('one core taken: one thread, at least 0.9 of what it gives', () => {
    const {endWithTwo, median, twentieth} = minutes(seeds, pinned, sizes);
    expect(endWithTwo).toBeLessThan(0.02);
    expect(median).toBeGreaterThan(0.92);
    expect(twentieth).toBeGreaterThan(0.9);
  });

  test.each([
    ['a few short pauses', heavyTailed(0.05, 10), 0.995, 0.98],
    ['pauses in every seventh step', heavyTailed(0.14, 10), 0.99, 0.95],
    ['pauses in every fourth step', heavyTailed(0.26, 10), 0.97, 0.92],
  ])(
    '%s: two threads nearly always, and less than a twentieth is lost',
    (_name, machine, atLeast, twentiethOfSeeds) => {
      const {endWithTwo, median, twentieth} = minutes(seeds, machine, sizes);
      expect(endWithTwo).toBeGreaterThanOrEqual(atLeast);
      expect(median).toBeGreaterThan(0.95);
      expect(twentieth).toBeGreaterThan(twentiethOfSeeds);
    },
  );

  test('a core that is taken for five seconds of every ten: at least as fast as the better number of threads', () => {
    expect(minutes(seeds, comesAndGoes, sizes).median).toBeGreaterThan(0.96);
  });
});
