// A finished Markdown table as aligned rows whose cells wrap, or as `key: value` rows where not even their words fit.
import {width} from '../../base/cells/graphemes.ts';
import {runLength} from './inline/code-span.ts';
import {inlinePieces} from './inline/inline-line.ts';
import type {LinkIds} from './inline/links.ts';
import {mathsAt} from './maths/find-maths.ts';
import {type Piece, type Row, render, type Style, type Theme} from './style.ts';
import {RowWrapper} from './wrap.ts';

const DELIMITER = /^\s*\|?(\s*:?-+:?\s*\|)*\s*:?-+:?\s*(?:\|\s*)?$/;
/** What a delimiter row begins with. */
const BEGUN_DELIMITER = /^[\s|:-]*$/;
/** No column gets narrower than its longest word, up to this many cells, nor than the other number. */
const LONGEST_WORD = 20;
const NARROWEST = 3;

type Cell = readonly Piece[];

/** Where a table stands: the columns it has, and what each of its rows begins with. */
export interface TablePlace {
  readonly columns: number;
  readonly prefix: readonly Piece[];
  readonly theme: Theme;
  readonly ids: LinkIds;
}

export function isDelimiter(line: string): boolean {
  return DELIMITER.test(line);
}

/** True while a line may become the delimiter row of a table. */
export function mayBeDelimiter(line: string): boolean {
  return BEGUN_DELIMITER.test(line);
}

/** True for a line with a bar that parts cells. */
export function hasCells(line: string): boolean {
  return line.includes('|') && cellsOf(line).length > 1;
}

/** True where the delimiter row has a column for each cell of the header. */
export function fitsHeader(delimiter: string, header: string): boolean {
  return isDelimiter(delimiter) && cellsOf(delimiter).length === cellsOf(header).length;
}

/**
 * True when the lines are a table: the second one is made of dashes, and the first one has no more cells than the terminal
 * has columns, which also bounds what is made of each short line below it.
 */
export function isTable(lines: readonly string[], columns: number): boolean {
  return lines.length >= 2 && isDelimiter(lines[1] ?? '') && cellsOf(lines[0] ?? '').length <= columns;
}

/** Rows of the table in `lines` (header, delimiter, body). */
export function renderTable(lines: readonly string[], place: TablePlace): Row[] {
  const {theme, ids, prefix} = place;
  const columns = Math.max(1, place.columns - cellWidth(prefix));
  const [header = [], ...body] = lines.filter((_, index) => index !== 1).map(cellsOf);
  const alignment = cellsOf(lines[1] ?? '').map((cell) =>
    /:$/.test(cell) ? (/^:/.test(cell) ? 'center' : 'right') : 'left',
  );
  const parse = (cell: string, style: Style = '') => inlinePieces(cell, theme, ids, style);
  const heads = header.map((cell) => parse(cell, theme.strong));
  const last = header.length - 1;
  // Cells without a column would be lost: they stand in the last one.
  const textAt = (cells: readonly string[], index: number) =>
    index === last ? cells.slice(index).join(' | ') : (cells[index] ?? '');
  const rows = body.map((cells) => header.map((_, index) => parse(textAt(cells, index))));
  const widths = columnWidths([heads, ...rows], columns);
  if (widths === undefined) return cards(heads, rows, {...place, columns});
  const separator = {text: ` ${theme.bar} `, style: theme.dim};
  const line = (cells: readonly Cell[]) =>
    rowsOfCells(cells, widths).map((parts) =>
      render([
        ...prefix,
        ...parts.flatMap((part, index) => [
          ...(index > 0 ? [separator] : []),
          ...pad(part, widths[index] ?? 0, alignment[index], index === parts.length - 1),
        ]),
      ]),
    );
  const cross = theme.bar === '│' ? '┼' : '+';
  const rule = widths.map((cells) => theme.rule.repeat(cells)).join(theme.rule + cross + theme.rule);
  return [...line(heads), render([...prefix, {text: rule, style: theme.dim}]), ...rows.flatMap(line)];
}

/** Cells of a row; a bar behind a backslash, in a code span or in a formula does not part them. */
export function cellsOf(line: string): string[] {
  const inner = line.trim().replace(/^\|/, '');
  const cells: string[] = [];
  let from = 0;
  for (let at = 0; at < inner.length; ) {
    const sign = inner[at];
    if (sign === '|') {
      cells.push(inner.slice(from, at));
      from = at + 1;
    }
    at = partEnd(inner, at);
  }
  if (from < inner.length || cells.length === 0) cells.push(inner.slice(from));
  return cells.map((cell) => cell.trim().replaceAll('\\|', '|'));
}

/** End of what cannot be parted at `at`: an escape, a code span, a formula or a character. */
function partEnd(text: string, at: number): number {
  const sign = text[at];
  if (sign === '\\' || sign === '$') {
    const maths = mathsAt(text, at, true);
    if (typeof maths === 'object') return maths.end;
    return sign === '\\' ? at + 2 : at + 1;
  }
  if (sign !== '`') return at + 1;
  const length = runLength(text, at);
  const end = text.slice(0, at + CODE_LIMIT).indexOf('`'.repeat(length), at + length);
  return (end < 0 ? at : end) + length;
}

/** A code span in a cell that is longer is text, so that a row of backticks costs no more than its length. */
const CODE_LIMIT = 400;

/**
 * Cells of each column: their natural ones, or less where that is too wide: the widest loses one until they fit. Undefined
 * where the words do not fit.
 */
function columnWidths(rows: readonly (readonly Cell[])[], columns: number): number[] | undefined {
  const count = rows[0]?.length ?? 0;
  const most = (measure: (cell: Cell) => number) =>
    Array.from({length: count}, (_, index) => rows.reduce((max, row) => Math.max(max, measure(row[index] ?? [])), 1));
  const room = columns - 3 * (count - 1);
  // None can be wider than all together may be.
  const widths = most(naturalWidth).map((cells) => Math.min(cells, Math.max(room, 1)));
  let total = widths.reduce((sum, cells) => sum + cells, 0);
  if (total <= room) return widths;
  const least = most(longestWord).map((cells) => Math.max(NARROWEST, Math.min(LONGEST_WORD, cells)));
  for (; total > room; total -= 1) {
    let widest = -1;
    widths.forEach((cells, index) => {
      if (cells > (least[index] ?? 0) && cells > (widths[widest] ?? 0)) widest = index;
    });
    if (widest < 0) return undefined;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function cellWidth(pieces: Cell): number {
  return pieces.reduce((sum, piece) => sum + width(piece.text), 0);
}

const textOf = (cell: Cell) => cell.map((piece) => piece.text).join('');

/** Cells of the longest row of a cell. */
function naturalWidth(cell: Cell): number {
  return Math.max(0, ...textOf(cell).split('\n').map(width));
}

function longestWord(cell: Cell): number {
  return textOf(cell)
    .split(/\s+/)
    .reduce((most, word) => Math.max(most, width(word)), 0);
}

/** The rows of a line of cells: each cell wrapped to its column. */
function rowsOfCells(cells: readonly Cell[], widths: readonly number[]): Cell[][] {
  const wrapped = cells.map((cell, index) => wrappedCell(cell, widths[index] ?? 1));
  const height = Math.max(1, ...wrapped.map((rows) => rows.length));
  return Array.from({length: height}, (_, row) => wrapped.map((rows) => rows[row] ?? []));
}

function wrappedCell(cell: Cell, size: number): Cell[] {
  if (naturalWidth(cell) <= size && !textOf(cell).includes('\n')) return [cell];
  const wrapper = new RowWrapper({columns: size, terminal: size}, [], [], true);
  return [...cell.flatMap((piece) => wrapper.push(piece)), ...wrapper.end()];
}

function pad(cell: Cell, size: number, alignment = 'left', last = false): Piece[] {
  const missing = Math.max(0, size - cellWidth(cell));
  const left = alignment === 'right' ? missing : alignment === 'center' ? Math.floor(missing / 2) : 0;
  const right = last ? 0 : missing - left;
  return [{text: ' '.repeat(left), style: ''}, ...cell, {text: ' '.repeat(right), style: ''}];
}

/** The rows of the table turned: a line for each cell, behind the name of its column. */
function cards(heads: readonly Cell[], rows: readonly (readonly Cell[])[], place: TablePlace): Row[] {
  const {columns, prefix} = place;
  const card = (cell: Cell, index: number) => {
    const head = heads[index] ?? [];
    const name = textOf(head) === '' ? [] : [...head, {text: ': ', style: ''}];
    const wrapper = new RowWrapper({columns, terminal: columns}, [], [{text: '  ', style: ''}], true);
    const lines = [...[...name, ...cell].flatMap((piece) => wrapper.push(piece)), ...wrapper.end()];
    return lines.map((line) => render([...prefix, ...line]));
  };
  return rows.flatMap((row, number) => [...(number > 0 ? [render(prefix)] : []), ...row.flatMap(card)]);
}
