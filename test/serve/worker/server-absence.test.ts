import {expect, test} from 'vitest';
import {Absence} from '../../../src/serve/worker/server-absence.ts';

const MINUTE = 60_000;

/** What is told, with the minute it is told in. */
function watched() {
  let now = 0;
  const told: [minute: number, line: string][] = [];
  const absence = new Absence({
    words: {is: 'it is away', isStill: 'it is still away', isOver: 'it is back'},
    log: (line) => told.push([now / MINUTE, line]),
    now: () => now,
  });
  /** Misses it each second until then. */
  const missUntil = (minute: number, why = 'x') => {
    for (; now < minute * MINUTE; now += 1000) absence.missed(why);
  };
  const pass = (minutes: number) => {
    now += minutes * MINUTE;
  };
  return {absence, told, missUntil, pass};
}

test('it is told at once, then after 1, 3, 7 and 15 minutes with the reason of then, and when it is over', () => {
  const {absence, told, missUntil} = watched();
  missUntil(2, 'ECONNREFUSED');
  missUntil(20, 'answered 502');
  absence.over();
  absence.over();
  expect(told).toEqual([
    [0, 'it is away (ECONNREFUSED); trying again'],
    [1, 'it is still away after 1 min (ECONNREFUSED); trying again'],
    [3, 'it is still away after 3 min (answered 502); trying again'],
    [7, 'it is still away after 7 min (answered 502); trying again'],
    [15, 'it is still away after 15 min (answered 502); trying again'],
    [20, 'it is back after 20 min'],
  ]);
});

test('an hour is the longest that nothing is told', () => {
  const {told, missUntil} = watched();
  missUntil(60 * 10);
  const gaps = told.slice(1).map(([minute], at) => minute - (told[at]?.[0] ?? 0));
  expect(gaps).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60, 60, 60]);
  expect(told.at(-1)?.[1]).toBe('it is still away after 9 h (x); trying again');
});

test('what comes and goes all the time is told no more often than what stays away', () => {
  const {absence, told, pass} = watched();
  for (let second = 0; second < 600; second++) {
    absence.missed('x');
    absence.over();
    pass(1 / 60);
  }
  expect(told.map(([minute, line]) => [Math.round(minute), line])).toEqual(
    [0, 1, 3, 7].flatMap((minute) => [
      [minute, 'it is away (x); trying again'],
      [minute, 'it is back'],
    ]),
  );
});

test('after a long time without a fault the next one is news again', () => {
  const {absence, told, missUntil, pass} = watched();
  missUntil(2);
  absence.over();
  pass(60);
  const began = told.length;
  absence.missed('y');
  absence.missed('y');
  pass(1);
  absence.missed('y');
  expect(told.slice(began).map(([, line]) => line)).toEqual([
    'it is away (y); trying again',
    'it is still away after 1 min (y); trying again',
  ]);
});

test('what was never wrong is not over', () => {
  const {absence, told} = watched();
  absence.over();
  expect(told).toEqual([]);
});
