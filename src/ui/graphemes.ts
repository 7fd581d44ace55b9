// Grapheme clusters and their width in terminal cells: the unit of every cursor move, wrap and cut.
import stringWidth from 'string-width';

const segmenter = new Intl.Segmenter(undefined, {granularity: 'grapheme'});

/** True for text in which every UTF-16 unit is one cell wide and one grapheme. */
function isPlainAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

/** User-perceived characters of a text. */
export function graphemes(text: string): string[] {
  if (isPlainAscii(text)) return text.split('');
  return Array.from(segmenter.segment(text), (part) => part.segment);
}

/** Cells a text takes; escape sequences take none. */
export function width(text: string): number {
  return isPlainAscii(text) ? text.length : stringWidth(text);
}

/** A row without its colours and links. */
export function withoutStyles(row: string): string {
  return row.replaceAll(/\x1b\[[\d;]*m|\x1b\]8;;[^\x1b]*\x1b\\/g, '');
}

/** Tabs as spaces up to the next multiple of `size` cells: terminals and width tables disagree about a raw tab. */
export function expandTabs(text: string, size = 4): string {
  if (!text.includes('\t')) return text;
  let column = 0;
  let expanded = '';
  for (const part of text.split(/(\t|\n)/)) {
    if (part === '\t') {
      const spaces = size - (column % size);
      expanded += ' '.repeat(spaces);
      column += spaces;
    } else {
      expanded += part;
      column = part === '\n' ? 0 : column + width(part);
    }
  }
  return expanded;
}

/** The start of a text that fits into `columns` cells; a cut is marked with `mark`. */
export function shorten(text: string, columns: number, mark = '…'): string {
  if (width(text) <= columns) return text;
  let kept = '';
  let used = width(mark);
  if (used > columns) return '';
  for (const cluster of graphemes(text)) {
    used += width(cluster);
    if (used > columns) break;
    kept += cluster;
  }
  return kept + mark;
}

/** Index of the grapheme boundary before `index` (0 at the start). */
export function previousBoundary(text: string, index: number): number {
  const from = text.lastIndexOf('\n', index - 2) + 1;
  if (text[index - 1] === '\n') return index - 1;
  const last = graphemes(text.slice(from, index)).at(-1);
  return index - (last?.length ?? 0);
}

/** Index of the grapheme boundary after `index` (the length at the end). */
export function nextBoundary(text: string, index: number): number {
  const end = text.indexOf('\n', index);
  if (end === index) return index + 1;
  const [first] = graphemes(text.slice(index, end < 0 ? undefined : end));
  return index + (first?.length ?? 0);
}
