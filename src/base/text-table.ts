// A table for a terminal: columns as wide as their longest cell.

import {width as cellsOf} from './cells/graphemes.ts';
import {oneLine} from './terminal-text.ts';

/**
 * Rows of cells as lines, each with its newline; two blanks between columns, none at the end of a line. A name in a cell
 * cannot begin a row of its own.
 */
export function table(texts: readonly (readonly string[])[]): string {
  const rows = texts.map((row) => row.map(oneLine));
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({length: columns}, (_, at) => Math.max(...rows.map((row) => cellsOf(row[at] ?? ''))));
  const line = (row: readonly string[]) => row.map((cell, at) => filled(cell, widths[at] ?? 0)).join('  ');
  return rows.map((row) => `${line(row).trimEnd()}\n`).join('');
}

/** Values behind their names, each pair one line with its newline; the values begin in column `width`. */
export function labelled(pairs: readonly (readonly [label: string, text: string])[], width: number): string {
  return pairs.map(([label, text]) => `${filled(oneLine(label), width)}${oneLine(text)}\n`).join('');
}

/** A text with blanks behind it up to `cells`. */
function filled(text: string, cells: number): string {
  return text + ' '.repeat(Math.max(0, cells - cellsOf(text)));
}
