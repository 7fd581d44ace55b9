import {afterAll, afterEach, expect, test} from 'vitest';
import {setWidthTable, width, withoutStyles} from '../../../../src/base/cells/graphemes.ts';
import {DEFAULT_WIDTHS} from '../../../../src/base/cells/width-by-class.ts';
import {createTheme, paint} from '../../../../src/ui/markdown/style.ts';
import type {Frame} from '../../../../src/ui/screen/draw/frame.ts';
import {createInkLayout} from '../../../../src/ui/screen/draw/ink-layout.tsx';
import {rowsOf} from '../../../fakes/rows.ts';

const theme = createTheme({color: true, unicode: true, hyperlinks: false});
const {layout, unmount} = createInkLayout(theme);
afterAll(unmount);
afterEach(() => setWidthTable(DEFAULT_WIDTHS));

const text = (value: string) => paint(value, '');

function frame(columns: number, choices: readonly [label: string, detail: string][], prompt = '> x'): Frame {
  return {
    tail: rowsOf('tail'),
    prompt: [text(prompt)],
    caret: {row: 0, column: 0},
    panel: {
      title: text('which'),
      count: undefined,
      items: choices.map(([label, detail]) => ({label: text(label), detail: text(detail)})),
      selected: 0,
    },
    status: text('ready'),
    columns,
  };
}

const shown = (drawn: Frame) => layout(drawn).map(withoutStyles);

test('the column beside the labels begins where the terminal is after each of them', () => {
  const labels = ['กำกำ', 'हिहि', '👍🏽', '❤️', 'ab'];
  const drawn = frame(
    40,
    labels.map((label) => [label, 'here']),
  );
  const starts = shown(drawn)
    .filter((row) => row.endsWith('here'))
    .map((row) => width(row.slice(0, -4)));
  expect(starts).toEqual([8, 8, 8, 8, 8]);
});

test('a row that fits by the terminal is not cut, whatever Ink counts', () => {
  setWidthTable({...DEFAULT_WIDTHS, vowelSign: 0});
  const prompt = `> ${'हि'.repeat(30)}`;
  expect(shown(frame(40, [], prompt))).toContain(prompt);
});

test('a row that does not fit is cut, and says so', () => {
  const prompt = '> กำกำกำกำกำ';
  expect(shown(frame(10, [], prompt))).toContain('> กำกำกำ…');
  expect(shown(frame(12, [['กำกำกำกำกำ', 'detail']]))).toContain('> กำกำ…   …');
});

test('what looks like a stand-in is the text it is', () => {
  expect(shown(frame(40, [], '> \ue000\uf8ff\ue001'))).toContain('> \ue000\uf8ff\ue001');
});
