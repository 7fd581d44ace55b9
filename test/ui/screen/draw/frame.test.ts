import fc from 'fast-check';
import {expect, test} from 'vitest';
import {width, withoutStyles} from '../../../../src/base/cells/graphemes.ts';
import {BLANK, createTheme} from '../../../../src/ui/markdown/style.ts';
import {EMPTY_EDITOR, insert} from '../../../../src/ui/prompt/editor.ts';
import {type Frame, layOut, type View} from '../../../../src/ui/screen/draw/frame.ts';
import {plainLayout} from '../../../../src/ui/screen/draw/live-region.ts';
import {rowsOf} from '../../../fakes/rows.ts';

const theme = createTheme({color: true, unicode: true, hyperlinks: false});

function view(text: string, tail: number, choices: number | undefined): View {
  return {
    tail: (limit) => rowsOf(...Array.from({length: Math.min(limit, tail)}, (_, index) => `tail ${index}`)),
    editor: insert(EMPTY_EDITOR, text),
    pastes: [],
    hint: ['Type a message.', '@ files'],
    panel:
      choices === undefined
        ? undefined
        : {
            title: 'which',
            items: Array.from({length: choices}, (_, index) => ({label: `${index}`, detail: ''})),
            selected: Math.max(0, choices - 1),
          },
    status: {
      phase: {kind: 'generating', tokens: 3, tokensPerSecond: 2},
      model: 'm',
      used: 10,
      limit: 100,
      seed: undefined,
      queued: 0,
      notice: undefined,
    },
  };
}

const panelRows = ({panel}: Frame) =>
  panel === undefined
    ? 0
    : panel.items.length + (panel.title === undefined ? 0 : 1) + (panel.count === undefined ? 0 : 1);

test('whatever is to be seen, it takes fewer rows than the terminal and no row its full width', () => {
  const text = fc.string({unit: fc.constantFrom('a', ' ', '\n', '日', '👍', 'é'), maxLength: 200});
  const choices = fc.option(fc.integer({min: 0, max: 20}), {nil: undefined});
  const size = fc.record({columns: fc.integer({min: 1, max: 60}), rows: fc.integer({min: 1, max: 30})});
  fc.assert(
    fc.property(text, fc.nat(20), choices, size, (typed, tail, count, terminal) => {
      const frame = layOut(view(typed, tail, count), terminal, theme);
      const rows = frame.tail.length + frame.prompt.length + (frame.status === undefined ? 0 : 1) + panelRows(frame);
      expect(rows).toBeLessThanOrEqual(Math.max(1, terminal.rows - 1));
      expect(frame.caret.row).toBeLessThan(frame.prompt.length);
      if (terminal.columns < 8) return;
      for (const row of plainLayout({...frame, panel: undefined})) expect(width(row)).toBeLessThan(terminal.columns);
    }),
  );
});

test('in three rows a choice is worth more than the status, and the selected one is shown', () => {
  const frame = layOut(view('', 8, 3), {columns: 40, rows: 3}, theme);
  expect(frame).toMatchObject({status: undefined, tail: []});
  expect(frame.panel).toEqual({title: undefined, items: [{label: '2', detail: ''}], selected: 0});
});

test('a long list shows the choices around the selected one', () => {
  const {panel} = layOut(view('', 0, 20), {columns: 40, rows: 24}, theme);
  expect(panel?.items.map(({label}) => label)).toEqual(['14', '15', '16', '17', '18', '19']);
  expect(panel?.selected).toBe(5);
});

test.each<[choices: number, rows: number, shown: number, count: string | undefined]>([
  [6, 30, 6, undefined],
  [7, 30, 6, '  7/7 ▲'],
  [20, 30, 6, '  20/20 ▲'],
  [20, 8, 3, '  20/20 ▲'],
  [20, 6, 2, undefined],
])('of %i choices on %i rows it says which one is selected, of how many', (choices, rows, shown, count) => {
  const frame = layOut(view('', 0, choices), {columns: 40, rows}, theme);
  expect(frame.panel?.items).toHaveLength(shown);
  expect(frame.panel?.count === undefined ? undefined : withoutStyles(frame.panel.count)).toBe(count);
});

test('the arrows say on which sides there are more', () => {
  const at = (selected: number, isCut = false) => {
    const {panel} = view('', 0, 28);
    const seen = {...view('', 0, 28), panel: {...(panel as NonNullable<typeof panel>), selected, isCut}};
    return withoutStyles(layOut(seen, {columns: 40, rows: 30}, theme).panel?.count ?? BLANK);
  };
  expect(at(0)).toBe('  1/28 ▼');
  expect(at(14)).toBe('  15/28 ▲▼');
  expect(at(27, true)).toBe('  28/28+ ▲');
});
