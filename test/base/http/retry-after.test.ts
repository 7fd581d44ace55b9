// How long a server asks to be left alone, in milliseconds.
import {expect, test} from 'vitest';
import {askedToWaitMs, retryAfterMs} from '../../../src/base/http/retry-after.ts';

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

test.each<[number, Record<string, string>, number | undefined]>([
  [429, {ratelimit: '"api";r=0;t=55'}, 56_000],
  [429, {ratelimit: '"api"; r=0; t=55', 'retry-after': '3'}, 56_000],
  [429, {ratelimit: '"api";r=3;t=20, "pages";r=0;t=7, "resolvers";r=0;t=5'}, 8000],
  [429, {ratelimit: 'limit=10', 'retry-after': '3'}, 3000],
  [429, {'retry-after': '3'}, 3000],
  [503, {ratelimit: '"api";r=0;t=55', 'retry-after': '3'}, 3000],
  [503, {ratelimit: '"api";r=0;t=55'}, undefined],
  [429, {}, undefined],
])('a reply of %i with %j asks for %s ms', (status, headers, ms) => {
  const head = {status, ok: false, header: (name: string) => headers[name]};
  expect(askedToWaitMs(head, NOW)).toBe(ms);
});
