import {expect, test} from 'vitest';
import {parseJson} from '../../../../src/base/json.ts';
import {fieldsOf} from '../../../../src/serve/dialects/dialect-call.ts';
import {parseGoDuration, parseKeepAlive, readKeepAlive} from '../../../../src/serve/dialects/ollama/keep-alive.ts';

test.each([
  ['300ms', 300],
  ['1.5h', 5_400_000],
  ['2h45m', 9_900_000],
  ['-1m', -60_000],
  ['+5s', 5000],
  ['.5s', 500],
  ['1.s', 1000],
  ['1h1m1s1ms', 3_661_001],
  ['1500us', 1.5],
  ['1500\u00B5s', 1.5],
  ['1500\u03BCs', 1.5],
  ['2000000ns', 2],
  ['0', 0],
  ['-0', 0],
  ['0s', 0],
])("Go's %s is %d ms", (text, ms) => {
  expect(parseGoDuration(text)).toBeCloseTo(ms, 9);
});

test.each([
  '',
  '5',
  '-',
  '+',
  '5 m',
  '5d',
  '1w',
  'm',
  '.s',
  '1e3s',
  '5m ',
  ' 5m',
  '5mm',
  '--5m',
  '1h-5m',
  '0x5s',
  '∞',
  '3000000h',
  `${'9'.repeat(200)}s`,
  '5M',
  '１s',
])("'%s' is no duration of Go's", (text) => {
  expect(parseGoDuration(text)).toBeUndefined();
});

test.each([
  ['5m', 300_000],
  ['300', 300_000],
  ['-1', Number.POSITIVE_INFINITY],
  ['-1s', Number.POSITIVE_INFINITY],
  ['0', 0],
  ['5 m', undefined],
  ['1.5', undefined],
  ['', undefined],
])('--keep-alive %s', (text, ms) => {
  expect(parseKeepAlive(text)).toBe(ms);
});

const keepAlive = (json: string) => readKeepAlive(fieldsOf(parseJson(json)));

test('in a request a number is seconds, a text a duration, negative is for ever, null says nothing', () => {
  expect(keepAlive('{"keep_alive":10}')).toBe(10_000);
  expect(keepAlive('{"keep_alive":0.5}')).toBe(500);
  expect(keepAlive('{"keep_alive":-1}')).toBe(Number.POSITIVE_INFINITY);
  expect(keepAlive('{"keep_alive":"-1m"}')).toBe(Number.POSITIVE_INFINITY);
  expect(keepAlive('{"keep_alive":"2h45m"}')).toBe(9_900_000);
  expect(keepAlive('{"keep_alive":0}')).toBe(0);
  expect(keepAlive('{"keep_alive":null}')).toBeUndefined();
  expect(keepAlive('{}')).toBeUndefined();
});

test.each(['"5"', '"5 m"', '"5d"', 'true', '[5]', '{}', '""'])('%s is refused by its name', (value) => {
  expect(() => keepAlive(`{"keep_alive":${value}}`)).toThrow('keep_alive must be');
});
