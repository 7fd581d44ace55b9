// Quotes and lists: what the beginning of a line says about where its text stands, given the lines before.
import {expandTabs, width} from '../../base/cells/graphemes.ts';
import {combine, type Piece, type Style, type Theme} from './style.ts';

/** Characters at the beginning of a line that are looked at. */
export const HEAD = 64;

export const RULE = /^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$/;
const BULLET = /^([ \t]*)([-*+]|(\d{1,9})[.)])([ \t]+)(?=\S)/;
const HEADING = /^ {0,3}(#{1,6})[ \t]+(?=\S)/;
const QUOTE = /^ {0,3}>[ \t]?/;
/** Begins a block of its own, so it does not go on with a paragraph. */
const BLOCK = /^[ \t]*(?:#{1,6}[ \t]|`{3}|~{3}|>|\|)/;

/** An item of a list that may go on. Columns are those of its source. */
interface Item {
  readonly indent: number;
  /** Column where its text begins. */
  readonly text: number;
  /** Cells in front of its text, as it is shown. */
  readonly shown: number;
  /** `-`, `*`, `+`, `.` or `)`: another one is another list. */
  readonly kind: string;
  readonly number: number;
  readonly shownNumber: number;
}

/** The containers that a line may go on with. */
export interface Containers {
  readonly items: readonly Item[];
  readonly quotes: number;
  /** The items inside the quote. */
  readonly quoted: readonly Item[];
}

export const NO_CONTAINERS: Containers = {items: [], quotes: 0, quoted: []};

/** The beginning of a line. */
export interface LineStart {
  /** What stands before the text: bars, bullets, spaces; and on the rows after the first. */
  readonly prefix: readonly Piece[];
  readonly hanging: readonly Piece[];
  /** Bars alone, for what is printed without indentation. */
  readonly bars: readonly Piece[];
  readonly style: Style;
  /** Index of the text in the line. */
  readonly at: number;
  /** Level of a heading; 0 = none. */
  readonly level: number;
  readonly isItem: boolean;
  /** The containers of the line, for the next one. */
  readonly after: Containers;
}

/** What a line is read with. */
export interface StartContext {
  readonly theme: Theme;
  readonly columns: number;
  readonly before: Containers;
  /** The line before was text, which this one may go on with. */
  readonly continues: boolean;
}

/** Reads quotes, one item of a list or a heading at the beginning of a line that is not blank. */
export function readLineStart(line: string, context: StartContext): LineStart {
  const {theme, before, columns} = context;
  const head = line.slice(0, HEAD);
  const base = baseOf(before.items, indentOf(head));
  const inBase = base === undefined ? 0 : columnsEnd(head, base.text);
  const {count, end} = quotesAt(head, inBase);
  if (count === 0) return start(head, 0, {...context, items: before.items, bars: [], style: ''});
  const indent = base === undefined ? [] : [{text: ' '.repeat(base.shown), style: ''}];
  const shown = Math.min(count, Math.max(1, Math.floor((columns - 8) / 2)));
  const bars = [...indent, {text: `${theme.bar} `.repeat(shown), style: theme.dim}];
  const same = count === before.quotes;
  const inside = start(head, end, {
    ...context,
    items: same ? before.quoted : [],
    continues: same && context.continues,
    bars,
    style: theme.quote,
  });
  const items = base === undefined ? [] : before.items.slice(0, before.items.indexOf(base) + 1);
  return {...inside, after: {items, quotes: count, quoted: inside.after.items}};
}

/** Marks of quotes at `from`, and where they end. */
export function quotesAt(head: string, from: number, most = Number.POSITIVE_INFINITY): {count: number; end: number} {
  let [count, end] = [0, from];
  for (; count < most; count += 1) {
    const found = QUOTE.exec(head.slice(end));
    if (found === null) break;
    end += found[0].length;
  }
  return {count, end};
}

interface Inside extends StartContext {
  readonly items: readonly Item[];
  readonly bars: readonly Piece[];
  readonly style: Style;
}

function start(head: string, from: number, inside: Inside): LineStart {
  const {theme, bars, style, items, continues} = inside;
  const text = head.slice(from);
  const isRule = head.length < HEAD && RULE.test(text);
  const bullet = isRule ? null : BULLET.exec(text);
  if (bullet !== null) return itemStart(bullet, from, inside);
  const isText = !isRule && !BLOCK.test(text);
  const indent = indentOf(text);
  const item = baseOf(items, indent) ?? (continues && isText ? items.at(-1) : undefined);
  const at = from + (item === undefined ? 0 : columnsEnd(text, Math.min(indent, item.text)));
  const hanging = item === undefined ? bars : [...bars, {text: ' '.repeat(item.shown), style}];
  const after = {items: item === undefined ? [] : items.slice(0, items.indexOf(item) + 1), quotes: 0, quoted: []};
  const heading = HEADING.exec(head.slice(at));
  if (heading === null) return {prefix: hanging, hanging, bars, style, at, level: 0, isItem: false, after};
  const level = heading[1]?.length ?? 1;
  const look = combine(style, theme.headings[Math.min(level, 3) - 1] ?? '');
  const prefix = theme.keepsMarks ? [...hanging, {text: `${'#'.repeat(level)} `, style: look}] : hanging;
  return {prefix, hanging, bars, style: look, at: at + heading[0].length, level, isItem: false, after};
}

function itemStart(bullet: RegExpExecArray, from: number, {theme, columns, bars, style, items}: Inside): LineStart {
  const [whole, space = '', marker = '', digits, gap = ''] = bullet;
  const indent = width(expandTabs(space));
  const kind = marker.slice(-1);
  const parents = [...items];
  let sibling: Item | undefined;
  for (let top = parents.at(-1); top !== undefined; top = parents.at(-1)) {
    // Models indent less than CommonMark asks for: another kind of mark further right is a list inside.
    if (indent >= top.text || (indent > top.indent && kind !== top.kind)) break;
    sibling = parents.pop();
  }
  const number = Number(digits ?? 0);
  const goesOn = sibling?.kind === kind && sibling.number === number;
  const shownNumber = goesOn ? (sibling?.shownNumber ?? 0) + 1 : number;
  const mark = digits === undefined ? theme.bullet : `${shownNumber}${kind}`;
  const text = `${' '.repeat(Math.min(indent, Math.max(0, Math.floor(columns / 2) - 4)))}${mark} `;
  const spaces = width(expandTabs(gap));
  const item: Item = {
    indent,
    text: indent + marker.length + (spaces > 4 ? 1 : spaces),
    shown: width(text),
    kind,
    number,
    shownNumber,
  };
  return {
    prefix: [...bars, {text, style}],
    hanging: [...bars, {text: ' '.repeat(item.shown), style}],
    bars,
    style,
    at: from + whole.length,
    level: 0,
    isItem: true,
    after: {items: [...parents, item], quotes: 0, quoted: []},
  };
}

/** The innermost item whose text begins at this column or before it. */
function baseOf(items: readonly Item[], indent: number): Item | undefined {
  return items.findLast((item) => item.text <= indent);
}

/** Columns of white space at the beginning of a text. */
function indentOf(text: string): number {
  return width(expandTabs(/^[ \t]*/.exec(text)?.[0] ?? ''));
}

/** Index behind `columns` columns of white space. */
function columnsEnd(text: string, columns: number): number {
  let end = 0;
  while (end < text.length && indentOf(text.slice(0, end + 1)) <= columns && /[ \t]/.test(text[end] ?? '')) end += 1;
  return end;
}
