// A fenced block of code while it is written: its lines are printed whole and without a prefix, so a copy of them is exact.
import {expandTabs, width} from '../../base/cells/graphemes.ts';
import {HEAD, type LineStart, quotesAt} from './containers.ts';
import {HardRows} from './hard-rows.ts';
import {BLANK, joinRows, paint, type Row, render, type Theme} from './style.ts';

/** Colours one line of code; undefined when the language is not known. */
export type Highlight = (line: string, language: string) => Row | undefined;

/** A code line longer than this is printed in parts. */
const CODE_LIMIT = 4096;
const FENCE = /^([ \t]*)(`{3,}|~{3,})([^`]*)$/;

/** A fence at the beginning of `rest`, which is what follows the marks of quotes and lists. */
export function openFence(rest: string, start: LineStart, theme: Theme, highlight: Highlight): CodeBlock | undefined {
  const match = FENCE.exec(rest);
  if (match === null) return undefined;
  const [, indent = '', mark = '', info = ''] = match;
  const language = info.trim().split(/\s/)[0] ?? '';
  return new CodeBlock({mark, indent, language, start}, theme, highlight);
}

interface Fence {
  readonly mark: string;
  readonly indent: string;
  readonly language: string;
  readonly start: LineStart;
}

export class CodeBlock {
  readonly #fence: Fence;
  readonly #theme: Theme;
  readonly #highlight: Highlight;
  readonly #bars: Row;
  readonly #closing: RegExp;
  /** White space in front of the fence, which goes from the lines too. */
  readonly #indent: RegExp;
  readonly #quotes: number;
  #line = '';
  /** True when the marks of quotes are off the line. */
  #isBare: boolean;
  #isPart = false;
  readonly #live = new HardRows();

  constructor(fence: Fence, theme: Theme, highlight: Highlight) {
    const {mark, indent, start} = fence;
    this.#fence = fence;
    this.#theme = theme;
    this.#highlight = highlight;
    this.#bars = render(start.bars);
    this.#quotes = start.after.quotes;
    this.#isBare = this.#quotes === 0;
    this.#closing = new RegExp(`^[ \\t]*\\${mark[0]}{${mark.length},}[ \\t]*$`);
    // In an item of a list the text of the item is where the lines begin.
    const inItem = Math.max(0, ...start.after.items.map((item) => item.text));
    const columns = this.#quotes > 0 ? width(expandTabs(indent)) : Math.max(inItem, width(expandTabs(indent)));
    this.#indent = indent.includes('\t') ? new RegExp(`^${indent}`) : new RegExp(`^ {0,${columns}}`);
  }

  /** The row that says that code follows, and in which language. */
  label(): Row {
    const {language, start} = this.#fence;
    return joinRows([render(start.prefix), paint(language === '' ? 'code' : language, this.#theme.dim)]);
  }

  /** Adds text of the line that is written. 'ended' = the line is not the block's, and all of it is given back. */
  push(text: string): Row[] | {readonly ended: string} {
    this.#line += text;
    if (!this.#isBare && this.#line.length > HEAD && !this.#bare()) return this.#giveBack();
    return this.#parts();
  }

  /** Ends the line. 'closed' = it was the closing fence. */
  endLine(): Row[] | {readonly ended: string} | 'closed' {
    if (!this.#isBare && !this.#bare()) return this.#giveBack();
    const rows = this.#parts();
    const line = this.#line;
    const isPart = this.#isPart;
    this.#line = '';
    this.#isPart = false;
    this.#isBare = this.#quotes === 0;
    if (!isPart && this.#closing.test(line)) return 'closed';
    const code = isPart ? line : line.replace(this.#indent, '');
    return [...rows, joinRows([this.#bars, this.#highlight(code, this.#fence.language) ?? paint(code, '')])];
  }

  /** The line that is written, as live rows. */
  tail(columns: number): Row[] {
    if (this.#line === '') return [];
    const size = width(this.#bars);
    const bars = size < columns ? this.#bars : BLANK;
    const shown = this.#isBare
      ? this.#line
      : this.#line.slice(quotesAt(this.#line.slice(0, HEAD), 0, this.#quotes).end);
    const code = expandTabs(this.#isPart ? shown : shown.replace(this.#indent, ''));
    return this.#live.rows(code, bars === BLANK ? columns : columns - size).map((row) => joinRows([bars, row]));
  }

  get isEmpty(): boolean {
    return this.#line === '';
  }

  /** Takes the marks of quotes off the line; false when it has fewer than the block. */
  #bare(): boolean {
    const {count, end} = quotesAt(this.#line.slice(0, HEAD), 0, this.#quotes);
    if (count < this.#quotes) return false;
    this.#line = this.#line.slice(end);
    this.#isBare = true;
    return true;
  }

  #giveBack(): {readonly ended: string} {
    return {ended: this.#line};
  }

  #parts(): Row[] {
    const rows: Row[] = [];
    while (this.#isBare && this.#line.length > CODE_LIMIT) {
      // One unit more is there, so a surrogate pair is never cut.
      const unit = this.#line.charCodeAt(CODE_LIMIT - 1);
      const end = unit >= 0xd800 && unit < 0xdc00 ? CODE_LIMIT - 1 : CODE_LIMIT;
      const part = this.#line.slice(0, end);
      rows.push(joinRows([this.#bars, paint(this.#isPart ? part : part.replace(this.#indent, ''), '')]));
      this.#line = this.#line.slice(end);
      this.#isPart = true;
    }
    return rows;
  }
}
