// A finished markdown table as aligned rows, or as `key: value` rows where the terminal is too narrow for it.
import {width} from '../../base/cells/graphemes.ts';
import {parseInline} from './inline.ts';
import {BLANK, combine, type Piece, type Row, render, type Theme} from './style.ts';

const DELIMITER = /^\s*\|?(\s*:?-+:?\s*\|)*\s*:?-+:?\s*(?:\|\s*)?$/;

/**
 * True when the lines that start with `|` are a table: its second line is made of dashes, and its first one has no more
 * cells than the terminal has columns, which also bounds what is made of each short line below it.
 */
export function isTable(lines: readonly string[], columns: number): boolean {
  return lines.length >= 2 && DELIMITER.test(lines[1] ?? '') && cellsOf(lines[0] ?? '').length <= columns;
}

/** Rows of the table in `lines` (header, delimiter, body) for a terminal of `columns` cells. */
export function renderTable(lines: readonly string[], columns: number, theme: Theme): Row[] {
  const [header = [], ...body] = lines.filter((_, index) => index !== 1).map(cellsOf);
  const alignment = cellsOf(lines[1] ?? '').map((cell) =>
    /:$/.test(cell) ? (/^:/.test(cell) ? 'center' : 'right') : 'left',
  );
  const parse = (cell: string, style = '') => parseInline(cell, 0, true, theme, style).pieces;
  const heads = header.map((cell) => parse(cell, theme.strong));
  const rows = body.map((cells) => header.map((_, index) => parse(cells[index] ?? '')));
  const widths = heads.map((head, index) =>
    rows.reduce((most, row) => Math.max(most, cellWidth(row[index] ?? [])), Math.max(1, cellWidth(head))),
  );
  const total = widths.reduce((sum, cells) => sum + cells, 0) + 3 * (widths.length - 1);
  if (total > columns) return keyValueRows(heads, rows);
  const separator = {text: ` ${theme.bar} `, style: theme.dim};
  const line = (row: readonly (readonly Piece[])[]) =>
    render(
      row.flatMap((cell, index) => [
        ...(index > 0 ? [separator] : []),
        ...pad(cell, widths[index] ?? 0, alignment[index], index === row.length - 1),
      ]),
    );
  const cross = theme.bar === '│' ? '┼' : '+';
  const rule = widths.map((cells) => theme.rule.repeat(cells)).join(theme.rule + cross + theme.rule);
  return [line(heads), render([{text: rule, style: theme.dim}]), ...rows.map(line)];
}

/** Cells of a row; a bar behind a backslash or in a code span does not part them. */
function cellsOf(line: string): string[] {
  const inner = line
    .trim()
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '');
  const cells = inner.match(/(?:\\.|`[^`]*`|[^|\\]|\\$)+|(?<=\|)(?=\|)|^(?=\|)/g) ?? [];
  return cells.map((cell) => cell.trim().replaceAll('\\|', '|'));
}

function cellWidth(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + width(piece.text), 0);
}

function pad(cell: readonly Piece[], size: number, alignment = 'left', last = false): Piece[] {
  const missing = size - cellWidth(cell);
  const left = alignment === 'right' ? missing : alignment === 'center' ? Math.floor(missing / 2) : 0;
  const right = last ? 0 : missing - left;
  return [{text: ' '.repeat(left), style: ''}, ...cell, {text: ' '.repeat(right), style: ''}];
}

function keyValueRows(heads: readonly (readonly Piece[])[], rows: readonly (readonly (readonly Piece[])[])[]): Row[] {
  return rows.flatMap((row, number) => [
    ...(number > 0 ? [BLANK] : []),
    ...row.map((cell, index) => render([...(heads[index] ?? []), {text: ': ', style: combine('', '')}, ...cell])),
  ]);
}
