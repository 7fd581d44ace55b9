// The rows of the prompt: the edited text wrapped by characters, with the place of the caret.

import {graphemes, shorten, width} from '../../base/cells/graphemes.ts';
import {BLANK, combine, joinRows, paint, type Row, type Theme} from '../markdown/style.ts';
import {partsRow} from '../rows/parts-row.ts';
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

/** Draws the editor; at most `limit` rows, those around the caret. The parts of `hint` are shown dim while nothing is typed. */
export function promptRows(
  editor: Editor,
  pastes: Pastes,
  columns: number,
  limit: number,
  theme: Theme,
  hint: readonly string[],
): PromptRows {
  const room = roomOf(columns);
  const {before, near} = linesAround(editor, limit);
  const places = placesOf(near, before.length, pastes, room);
  const rows = rowsOf(places, theme);
  if (editor.text === '') {
    const parts = hint.map((text) => ({text, style: theme.dim}));
    rows[0] = partsRow(parts, room, theme);
  }
  const mark = (number: number) => (number === 0 && before === '' ? paint(MARK, theme.accent) : paint('  ', ''));
  const marked = rows.map((text, number) => joinRows([mark(number), text]));
  const caret = places.find(({index}) => index === editor.cursor) ?? {row: 0, column: 0};
  const first = Math.max(0, Math.min(caret.row - Math.floor(limit / 2), rows.length - limit));
  const shown = marked.slice(first, first + limit);
  const above = first + (before === '' ? 0 : before.split('\n').length - 1);
  // The row that says so takes the place of one: with fewer than three there would be none beside the caret's.
  if (above > 0 && limit > 2 && caret.row > first) shown[0] = moreAbove(above + 1, columns, theme);
  return {rows: shown, caret: {row: caret.row - first, column: caret.column + MARK.length}};
}

/**
 * The cursor one screen row up (`by` is -1) or down (1), as near to its column as that row allows; undefined where the prompt
 * has no such row.
 */
export function cursorByRow(editor: Editor, pastes: Pastes, columns: number, by: -1 | 1): number | undefined {
  const {before, near} = linesAround(editor, 1);
  const places = placesOf(near, before.length, pastes, roomOf(columns));
  const caret = places.find(({index}) => index === editor.cursor);
  if (caret === undefined) return undefined;
  const row = places.filter((place) => place.row === caret.row + by);
  return (row.findLast((place) => place.column <= caret.column) ?? row[0])?.index;
}

function moreAbove(lines: number, columns: number, theme: Theme): Row {
  return paint(shorten(`${theme.ellipsis} ${lines} more lines above`, columns - 1), theme.dim);
}

function roomOf(columns: number): number {
  return Math.max(4, columns - MARK.length - 1);
}

/** Where a cluster of the text, or its end, stands on the rows. */
interface Place {
  /** In the text. */
  readonly index: number;
  readonly row: number;
  readonly column: number;
  /** What is shown of it: a folded paste is its label, a line break nothing. */
  readonly shown: string;
  readonly folded: boolean;
}

/** The places of a text that begins at index `from`, wrapped by characters; the last one is that of its end. */
function placesOf(text: string, from: number, pastes: Pastes, room: number): Place[] {
  const places: Place[] = [];
  let index = from;
  let row = 0;
  let column = 0;
  for (const cluster of clusters(text)) {
    const folded = label(cluster, pastes);
    const whole = cluster === '\n' ? '' : (folded ?? (cluster === '\t' ? '    ' : cluster));
    // Nearly all fit: a cut segments the text again.
    const shown = width(whole) > room ? shorten(whole, room) : whole;
    const cells = width(shown);
    if (column + cells > room) {
      row += 1;
      column = 0;
    }
    places.push({index, row, column, shown, folded: folded !== undefined});
    column += cells;
    index += cluster.length;
    if (cluster === '\n') {
      row += 1;
      column = 0;
    }
  }
  const wraps = column >= room;
  places.push({index, row: wraps ? row + 1 : row, column: wraps ? 0 : column, shown: '', folded: false});
  return places;
}

/** What is shown of the places, by rows. Text without a style is painted in one piece. */
function rowsOf(places: readonly Place[], theme: Theme): Row[] {
  const rows: Row[] = [];
  let plain = '';
  const settle = (row: number) => {
    rows[row] = joinRows([rows[row] ?? BLANK, paint(plain, '')]);
    plain = '';
  };
  let current = 0;
  for (const {row, shown, folded} of places) {
    if (row !== current || folded) settle(current);
    current = row;
    if (folded) rows[row] = joinRows([rows[row] ?? BLANK, paint(shown, combine(theme.accent, theme.dim))]);
    else plain += shown;
  }
  settle(current);
  return rows;
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
