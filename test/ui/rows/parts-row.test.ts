import {expect, test} from 'vitest';
import {bareTheme} from '../../../src/ui/markdown/style.ts';
import {partsRow} from '../../../src/ui/rows/parts-row.ts';

const row = (texts: readonly string[], room: number) =>
  partsRow(
    texts.map((text) => ({text, style: ''})),
    room,
    bareTheme(true),
  );

test('parts that do not fit are left out whole, from the right', () => {
  const parts = ['Type a message. / commands', '@ files', 'Ctrl+D quits'];
  expect(row(parts, 80)).toBe('Type a message. / commands · @ files · Ctrl+D quits');
  expect(row(parts, 51)).toBe('Type a message. / commands · @ files · Ctrl+D quits');
  expect(row(parts, 50)).toBe('Type a message. / commands · @ files');
  expect(row(parts, 26)).toBe('Type a message. / commands');
  expect(row(parts, 10)).toBe('Type a me…');
});

test('empty parts have no dot, and nothing drives the terminal', () => {
  expect(row(['', 'a', '', 'b\x1b[2J'], 80)).toBe('a · b[2J');
  expect(row([], 80)).toBe('');
});
