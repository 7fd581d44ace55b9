// The rows of the prompt: the edited text wrapped by characters, with the place of the caret.

import {graphemes, shorten, width} from '../../base/cells/graphemes.ts';
import {BLANK, combine, joinRows, paint, type Row, type Theme} from '../markdown/style.ts';
import type {Editor} from './editor.ts';
import {label, type Pastes} from './pastes.ts';

/** Where the terminal's cursor belongs, counted from the first row and column of the rows it comes with. */
export interface Caret {
  readonly row: number;
  readonly column: number;
}

export interface PromptRows {
  readonly rows: readonly Row[];
  readonly caret: Caret;
}

const MARK = '> ';

/** Draws the editor; at most `limit` rows, those around the caret. `hint` is shown dim while nothing is typed. */
export function promptRows(
  editor: Editor,
  pastes: Pastes,
  columns: number,
  limit: number,
  theme: Theme,
  hint: string,
): PromptRows {
  const room = Math.max(4, columns - MARK.length - 1);
  const rows: Row[] = [];
  let row = BLANK;
  /** Text of the row that has no style, painted in one piece. */
  let plain = '';
  let used = 0;
  let index = 0;
  let caret: Caret = {row: 0, column: 0};
  const settle = () => {
    row = joinRows([row, paint(plain, '')]);
    plain = '';
  };
  const newRow = () => {
    settle();
    rows.push(row);
    row = BLANK;
    used = 0;
  };
  const place = () => {
    if (index === editor.cursor) caret = {row: rows.length, column: used};
  };
  const {before, near} = linesAround(editor, limit);
  index = before.length;
  for (const cluster of clusters(near)) {
    const folded = label(cluster, pastes);
    const whole = cluster === '\n' ? '' : (folded ?? (cluster === '\t' ? '    ' : cluster));
    // Nearly all fit: a cut segments the text again.
    const text = width(whole) > room ? shorten(whole, room) : whole;
    const cells = width(text);
    if (used + cells > room) newRow();
    place();
    if (folded === undefined) plain += text;
    else {
      settle();
      row = joinRows([row, paint(text, combine(theme.accent, theme.dim))]);
    }
    used += cells;
    index += cluster.length;
    if (cluster === '\n') newRow();
  }
  if (used >= room) newRow();
  place();
  settle();
  rows.push(row);
  if (editor.text === '') rows[0] = paint(shorten(hint, room), theme.dim);
  const first = Math.max(0, Math.min(caret.row - Math.floor(limit / 2), rows.length - limit));
  const shown = rows.slice(first, first + limit);
  const mark = (number: number) => (number === 0 && before === '' ? paint(MARK, theme.accent) : paint('  ', ''));
  return {
    rows: shown.map((text, number) => joinRows([mark(first + number), text])),
    caret: {row: caret.row - first, column: caret.column + MARK.length},
  };
}

/** The lines around the caret, of which `limit` rows can be shown, and what is before them. */
function linesAround({text, cursor}: Editor, limit: number): {before: string; near: string} {
  let from = cursor;
  let to = cursor;
  for (let line = 0; line <= limit && from > 0; line++) from = text.lastIndexOf('\n', from - 1);
  for (let line = 0; line <= limit && to >= 0; line++) to = text.indexOf('\n', line === 0 ? to : to + 1);
  const start = from > 0 && from < cursor ? from + 1 : 0;
  return {before: text.slice(0, start), near: text.slice(start, to < 0 ? undefined : to)};
}

function clusters(text: string): string[] {
  return text.split(/(\n)/).flatMap((part) => (part === '\n' ? [part] : graphemes(part)));
}
