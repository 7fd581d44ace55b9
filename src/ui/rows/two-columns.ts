// Two columns of a list as rows: what does not fit goes on below its own column.
import {width} from '../../base/cells/graphemes.ts';

/** Fewer cells than this are no column: the text goes below its head instead, indented. */
const NARROW = 24;
const INDENT = 4;

/** The rows of `head` and `text` with `text` from cell `column` on, within `columns` cells; cut between words. */
export function hangingRows([head, text]: readonly [string, string], column: number, columns: number): string[] {
  const left = columns - column < NARROW ? INDENT : column;
  const beside = left === column && width(head) < column;
  const rows = wrapWords(text, Math.max(1, columns - left)).map((row) => ' '.repeat(left) + row);
  if (!beside) return [...wrapWords(head, columns), ...rows];
  const [first = '', ...rest] = rows;
  return [head + first.slice(width(head)), ...rest];
}

/** A text as rows of at most `columns` cells, cut between words. */
export function wrapWords(text: string, columns: number): string[] {
  const rows: string[] = [];
  let row = '';
  for (const word of text.split(' ')) {
    if (row !== '' && width(row) + 1 + width(word) > columns) {
      rows.push(row);
      row = word;
    } else row = row === '' ? word : `${row} ${word}`;
  }
  return [...rows, row];
}
