import {expect, test} from 'vitest';
import {formatBytes, formatCount, parseBytes} from '../../src/base/units.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [36_700_000, '36.7 MB'],
  [999_700_000, '1.00 GB'],
  [4_370_000_000, '4.37 GB'],
  [999.4, '999 B'],
  [12_345, '12.3 kB'],
  [123_456, '123 kB'],
  [5e15, '5000 TB'],
])('%i bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [7_248_023_552, '7.25B'],
  [15_700_000, '15.7M'],
  [123, '123'],
])('%i parameters are %s', (count, text) => {
  expect(formatCount(count)).toBe(text);
});

test.each([
  ['16GB', 16e9],
  ['1.5 GiB', 1_610_612_736],
  ['500m', 500_000_000],
  ['1024', 1024],
  ['2kib', 2048],
  ['0.5TB', 5e11],
  ['7B', 7],
  ['', undefined],
  ['GB', undefined],
  ['-1GB', undefined],
  ['1e9', undefined],
  ['5 %', undefined],
  ['1,5GB', undefined],
])('%s is %s bytes', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});
