import {expect, test} from 'vitest';
import {labelled, table} from '../../src/base/text-table.ts';

test('columns are as wide as their longest cell, and no line ends with blanks', () => {
  expect(
    table([
      ['a', 'long one', 'x'],
      ['bcd', '', ''],
    ]),
  ).toBe('a    long one  x\nbcd\n');
  expect(table([])).toBe('');
});

test('a name begins no row of its own', () => {
  expect(table([['a\nb', 'c\u2028d']])).toBe('a b  c d\n');
  expect(labelled([['a\nb', 'c\u001b[2Jd\ne']], 5)).toBe('a b  c[2Jd e\n');
});

test('cells of a terminal are counted, not characters', () => {
  expect(
    table([
      ['日本', 'x'],
      ['abcd', 'y'],
      ['กำ', 'z'],
    ]),
  ).toBe('日本  x\nabcd  y\nกำ    z\n');
  expect(labelled([['日本', 'x']], 6)).toBe('日本  x\n');
});
