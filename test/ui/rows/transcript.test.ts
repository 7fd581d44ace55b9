import {expect, test} from 'vitest';
import {withoutStyles} from '../../../src/base/cells/graphemes.ts';
import {bareTheme, createTheme} from '../../../src/ui/markdown/style.ts';
import {transcriptRows, userRows} from '../../../src/ui/rows/transcript.ts';

const theme = createTheme({color: true, unicode: true, hyperlinks: false});
const asked = (text: string, columns = 20) => userRows(text, {columns, theme}).map(withoutStyles);

test('a question has a bar in front of each of its rows', () => {
  expect(asked('What is a loop?')).toEqual(['▌ What is a loop?']);
  expect(asked('What is a loop in a program?\n\n  indented  code')).toEqual([
    '▌ What is a loop in',
    '▌ a program?',
    '▌ ',
    '▌   indented  code',
  ]);
});

test('a long address stays in one piece, a long text of wide characters does not', () => {
  const address = `https://example.org/${'a'.repeat(40)}`;
  expect(asked(`see ${address} now`)).toEqual(['▌ see', `▌ ${address}`, '▌ now']);
  expect(asked('日本語の文字がたくさん並ぶ')).toEqual(['▌ 日本語の文字がたく', '▌ さん並ぶ']);
});

test('without Unicode the bar is ASCII, and colour is never all there is', () => {
  expect(userRows('hi', {columns: 20, theme: bareTheme(false)})).toEqual(['> hi']);
});

test('with a tint it is behind the whole of each row', () => {
  expect(userRows('hi', {columns: 20, theme, tint: '48;2;15;15;15'})).toEqual([
    '\x1b[36;48;2;15;15;15m▌ \x1b[0m\x1b[48;2;15;15;15mhi\x1b[0m',
  ]);
});

test('questions that are shown again stand apart from what is above them', () => {
  const rows = transcriptRows(
    [
      {role: 'user', content: 'one'},
      {role: 'assistant', content: 'A'},
      {role: 'user', content: 'two'},
      {role: 'user', content: 'three'},
    ],
    {columns: 20, theme, highlight: () => undefined},
  );
  expect(rows.map(withoutStyles)).toEqual(['▌ one', 'A', '', '▌ two', '', '▌ three']);
});
