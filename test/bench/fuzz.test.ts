// A small run of bench/fuzz.ts with a fixed seed; the large one is by hand.
import {describe, expect, test} from 'vitest';
import {dice, fuzz, mutated} from '../../bench/fuzz-inputs.ts';
import {TARGETS} from '../../bench/fuzz-targets.ts';

describe.each(TARGETS)('$name', (target) => {
  test('200 bad inputs: nothing but told failures, nothing that takes long', async () => {
    const found = await fuzz(target, 7, 200);
    expect(found.map(({number, what}) => `input ${number}: ${what}`)).toEqual([]);
  });

  test('its good inputs are read, so that the bad ones go beyond the first byte', async () => {
    const seed = target.seeds[target.seeds.length - 1] ?? new Uint8Array();
    await expect((async () => target.read(Buffer.from(seed)))()).resolves.not.toThrow();
  });
});

test('a failure that is not told, and a reader that takes long, are found', async () => {
  const broken = {name: 'x', seeds: [Buffer.from('a')], read: () => (undefined as unknown as {x: {y: number}}).x.y};
  expect((await fuzz(broken, 1, 3)).map(({number}) => number)).toEqual([0, 1, 2]);
  const slow = {
    name: 'x',
    seeds: [Buffer.from('a')],
    read: () => {
      const start = process.cpuUsage().user;
      while (process.cpuUsage().user - start < 600_000) for (let step = 0; step < 100_000; step++) Math.sqrt(step);
    },
  };
  expect(await fuzz(slow, 1, 1)).toMatchObject([{number: 0, what: 'longer than 500 ms'}]);
});

test('the same seed gives the same inputs', () => {
  const inputs = (seed: number) => {
    const roll = dice(seed);
    return [1, 2, 3].map(() => mutated(Buffer.from('hello'), roll).toString('hex'));
  };
  expect(inputs(5)).toEqual(inputs(5));
  expect(inputs(5)).not.toEqual(inputs(6));
});
