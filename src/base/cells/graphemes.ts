// Grapheme clusters and their width in terminal cells: the unit of every cursor move, wrap and cut.
import {clusterWidth, DEFAULT_WIDTHS, type WidthTable} from './width-by-class.ts';

const segmenter = new Intl.Segmenter(undefined, {granularity: 'grapheme'});

/** True for text in which every UTF-16 unit is one cell wide and one grapheme. */
function isPlainAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

/** Units that are segmented at a time: the time that Intl.Segmenter takes for some texts grows with their square. */
const WINDOW = 1024;
/** No real cluster is longer (a family of emoji has 25 units): a longer one is cut, so that a row can hold it. */
const LONGEST_CLUSTER = 64;

/** A text in parts that end where a cluster does. */
function* windowsOf(text: string): Generator<string, void, undefined> {
  for (let from = 0; from < text.length; ) {
    let window = wholePairs(text.slice(from, from + WINDOW));
    if (from + window.length < text.length) {
      // The last cluster may go on behind the window: the next one begins with it.
      const last = segmenter.segment(window).containing(window.length - 1);
      if (last && last.index > 0) window = window.slice(0, last.index);
    }
    yield window;
    from += window.length;
  }
}

/** User-perceived characters of a text, as they are asked for. */
function* eachGrapheme(text: string): Generator<string, void, undefined> {
  for (const window of windowsOf(text)) {
    for (const {segment} of segmenter.segment(window)) yield* cut(segment);
  }
}

/** Text without the half of a surrogate pair at its end, whose other half may come. */
function wholePairs(text: string): string {
  return text.length > 1 && /[\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text;
}

function* cut(cluster: string): Generator<string, void, undefined> {
  let from = 0;
  while (cluster.length - from > LONGEST_CLUSTER) {
    const part = wholePairs(cluster.slice(from, from + LONGEST_CLUSTER));
    yield part;
    from += part.length;
  }
  yield cluster.slice(from);
}

/** User-perceived characters of a text. */
export function graphemes(text: string): string[] {
  return isPlainAscii(text) ? text.split('') : [...eachGrapheme(text)];
}

/** Letters of Latin with their accents: one cell each wherever ambiguous characters are narrow. */
const NARROW = /^[\x20-\x7e\u00a0-\u00ac\u00ae-\u02ff]*$/;
/** Units of a cluster whose width is remembered, and how many are. */
const SHORT = 8;
const REMEMBERED = 4096;
const remembered = new Map<string, number>();
let table: WidthTable = DEFAULT_WIDTHS;

/** From now on all cells are counted as the terminal with this table does. There is one terminal for a process. */
export function setWidthTable(widths: WidthTable): void {
  table = widths;
  remembered.clear();
}

/** Cells a text takes in the terminal; styles and links take none. */
export function width(text: string): number {
  if (isPlainAscii(text)) return text.length;
  // Most texts that are measured are a cluster of a longer one.
  const known = remembered.get(text);
  if (known !== undefined) return known;
  const shown = text.includes('\x1b') ? withoutStyles(text) : text;
  if (table.ambiguous === 1 && NARROW.test(shown)) return shown.length;
  let cells = 0;
  for (const cluster of eachGrapheme(shown)) cells += oneWidth(cluster);
  return cells;
}

/** Clusters are measured again and again. */
function oneWidth(cluster: string): number {
  const known = remembered.get(cluster);
  if (known !== undefined) return known;
  const cells = clusterWidth(cluster, table);
  if (cluster.length > SHORT) return cells;
  if (remembered.size >= REMEMBERED) remembered.clear();
  remembered.set(cluster, cells);
  return cells;
}

/** A row without its colours and links. */
export function withoutStyles(row: string): string {
  return row.replaceAll(/\x1b\[[\d;]*m|\x1b\]8;[^\x1b]*\x1b\\/g, '');
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

/** The start of a text that fits into `columns` cells; a cut is marked with `mark`. It reads no more than that start. */
export function shorten(text: string, columns: number, mark = '…'): string {
  const room = columns - width(mark);
  if (isPlainAscii(text.slice(0, columns + 1))) {
    return text.length <= columns ? text : room < 0 ? '' : text.slice(0, room) + mark;
  }
  let fits = 0;
  let used = 0;
  let read = 0;
  for (const cluster of eachGrapheme(text)) {
    used += width(cluster);
    read += cluster.length;
    // Clusters without any width must not go on for ever.
    if (used > columns || read > (columns + 4) * 16) return room < 0 ? '' : text.slice(0, fits) + mark;
    if (used <= room) fits = read;
  }
  return text;
}

/** Index of the grapheme boundary before `index` (0 at the start). */
export function previousBoundary(text: string, index: number): number {
  if (text[index - 1] === '\n') return index - 1;
  const last = graphemes(text.slice(boundaryBefore(text, index - 1), index)).at(-1);
  return index - (last?.length ?? 0);
}

/** Index of the grapheme boundary after `index` (the length at the end). */
export function nextBoundary(text: string, index: number): number {
  const end = text.indexOf('\n', index);
  if (end === index) return index + 1;
  const near = text.slice(index, Math.min(end < 0 ? text.length : end, index + NEAR));
  const [first] = eachGrapheme(near);
  return index + (first?.length ?? 0);
}

/** The grapheme boundary at `index` or beside it, where `index` lies inside a cluster. */
export function boundaryAt(text: string, index: number, side: 'left' | 'right'): number {
  let at = boundaryBefore(text, index);
  const end = text.indexOf('\n', index);
  const near = text.slice(at, Math.min(end < 0 ? text.length : end, index + NEAR));
  for (const cluster of at < index ? eachGrapheme(near) : []) {
    const next = at + cluster.length;
    if (next > index && side === 'left') return at;
    at = next;
    if (at >= index) break;
  }
  return at;
}

/** Units beside a place that are looked at for its clusters: more than the longest has. */
const NEAR = 256;
/** Characters that stand alone beside each other: no cluster holds two of them. */
const ALONE = /^[\x20-\x7e\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff]{2}$/;

/** A boundary at or before `index` in its line, found without reading the line from its start. */
function boundaryBefore(text: string, index: number): number {
  const least = Math.max(0, index - NEAR);
  for (let at = index; at > least; at--) {
    if (text[at - 1] === '\n' || ALONE.test(text.slice(at - 1, at + 1))) return at;
  }
  return isLowHalf(text, least) ? least + 1 : least;
}

function isLowHalf(text: string, index: number): boolean {
  return index > 0 && /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(index - 1, index + 1));
}
