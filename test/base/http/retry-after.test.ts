// How long a server asks to be left alone, in milliseconds.
import {expect, test} from 'vitest';
import {retryAfterMs} from '../../../src/base/http/retry-after.ts';

const NOW = Date.UTC(2026, 10, 28, 12, 0, 0);

test.each([
  ['3', 3000],
  ['0', 0],
  [' 120 ', 120_000],
  ['0.5', 500],
  ['Sat, 28 Nov 2026 12:00:07 GMT', 7000],
  ['Saturday, 28-Nov-26 12:00:07 GMT', 7000],
  ['Sat Nov 28 12:00:07 2026', 7000],
  ['Sat, 28 Nov 2026 11:59:00 GMT', 0],
  ['Sun, 06 Nov 1994 08:49:37 GMT', 0],
])('%j is %i ms', (value, ms) => {
  expect(retryAfterMs(value, NOW)).toBe(ms);
});

test.each([
  undefined,
  '',
  '-1',
  'soon',
  '3s',
  '1e3',
  '0x10',
  'may 1',
  '2026-11-28',
  'Mon',
  'Sat, 99 Foo 2026 12:00:07 GMT',
])('%j says nothing', (value) => {
  expect(retryAfterMs(value, NOW)).toBeUndefined();
});
