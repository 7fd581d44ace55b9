import {expect, test} from 'vitest';
import {table} from '../../src/base/text-table.ts';

test('columns are as wide as their longest cell, and no line ends with blanks', () => {
  expect(
    table([
      ['a', 'long one', 'x'],
      ['bcd', '', ''],
    ]),
  ).toBe('a    long one  x\nbcd\n');
  expect(table([])).toBe('');
});
