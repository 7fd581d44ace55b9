// Streaming markdown: text in as it is generated, finished terminal rows out; what may still change is the tail.

import {expandTabs, shorten, width} from '../../base/cells/graphemes.ts';
import {sanitise} from '../../base/terminal-text.ts';
import {HardRows} from './hard-rows.ts';
import {parseInline} from './inline.ts';
import {combine, type Piece, paint, type Row, type Style, type Theme} from './style.ts';
import {isTable, renderTable} from './table.ts';
import {RowWrapper} from './wrap.ts';

/** Colours one line of code; undefined when the language is not known. */
export type Highlight = (line: string, language: string) => Row | undefined;

/** A line of nothing but marks is decided at its end, or when it is this long. */
const MARKS_LIMIT = 64;
/** A fence line longer than this is text; a code line longer than this is printed in parts. */
const FENCE_LIMIT = 200;
const CODE_LIMIT = 4096;
/** A row of a table that is longer is prose. */
const TABLE_ROW_LIMIT = 4096;

const ONLY_MARKS = /^[\s#>*+\-_`~|=\d.)]*$/;
const FENCE = /^([ \t]*)(`{3,}|~{3,})([^`]*)$/;
const RULE = /^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$/;

interface Fence {
  readonly mark: string;
  readonly indent: string;
  readonly language: string;
}

/** A line of prose being written: `at` = how much of its source the wrapper has. */
interface Prose {
  readonly wrapper: RowWrapper;
  readonly style: Style;
  at: number;
}

/**
 * Renders markdown line by line. Prose is wrapped to `columns`; lines of code are printed whole and without prefix, so
 * that copying them is exact. How the text is cut into writes makes no difference to the rows.
 */
export class MarkdownStream {
  #columns: number;
  readonly #theme: Theme;
  readonly #highlight: Highlight;
  #line = '';
  #prose: Prose | undefined;
  #fence: Fence | undefined;
  #table: string[] = [];
  #longCode = false;
  #half = '';
  /** The line of code that is written. */
  readonly #code = new HardRows();

  constructor(columns: number, theme: Theme, highlight: Highlight = () => undefined) {
    this.#columns = Math.max(1, columns);
    this.#theme = theme;
    this.#highlight = highlight;
  }

  /** Takes a part of the text; returns the rows that no later text can change. */
  write(text: string): Row[] {
    const rows: Row[] = [];
    // Half a surrogate pair at the end waits for its other half.
    const whole = this.#half + text;
    this.#half = /[\ud800-\udbff]$/.test(whole) ? whole.slice(-1) : '';
    // Cleaned before marks are read, and here, because the separators of lines become line ends.
    const lines = sanitise(whole.slice(0, whole.length - this.#half.length)).split('\n');
    lines.forEach((part, index) => {
      this.#line += part;
      if (index < lines.length - 1) rows.push(...this.#endLine());
    });
    rows.push(...this.#growLine());
    return rows;
  }

  /** Goes on for a terminal of another width; returns the rows that became final by it. */
  resize(columns: number): Row[] {
    this.#columns = Math.max(1, columns);
    return this.#prose?.wrapper.resize(this.#columns) ?? [];
  }

  /** Ends the text; returns what was still open. */
  end(): Row[] {
    this.#line += this.#half;
    this.#half = '';
    const rows = this.#line === '' && this.#prose === undefined ? [] : this.#endLine();
    rows.push(...this.#endTable());
    this.#fence = undefined;
    return rows;
  }

  /** The last rows of what is not final yet, at most `limit`. */
  tail(limit: number): Row[] {
    const rows = this.#table.slice(-limit).map((line) => this.#clip(line));
    if (this.#prose !== undefined) rows.push(...this.#proseTail(this.#prose));
    else if (this.#fence !== undefined) rows.push(...this.#code.rows(expandTabs(this.#line), this.#columns));
    else if (this.#line.startsWith('|')) rows.push(this.#clip(this.#line));
    else if (!/^\s*([`~]{1,3}|\s*$)/.test(this.#line))
      rows.push(...new HardRows().rows(expandTabs(this.#line), this.#columns));
    return rows.slice(-limit);
  }

  #clip(line: string): Row {
    return paint(shorten(expandTabs(line), this.#columns, ''), '');
  }

  #proseTail(prose: Prose): Row[] {
    const wrapper = prose.wrapper.clone();
    const open = parseInline(this.#line, prose.at, true, this.#theme, prose.style);
    return [...open.pieces.flatMap((piece) => wrapper.push(piece)), wrapper.end()];
  }

  /** Renders what is settled of the unfinished line. */
  #growLine(): Row[] {
    if (this.#fence !== undefined) return this.#growCode();
    if (this.#prose === undefined) {
      const head = this.#line.slice(0, MARKS_LIMIT);
      if (ONLY_MARKS.test(head) && this.#line.length < MARKS_LIMIT) return [];
      if (/^\s*\|/.test(head) && this.#line.length <= TABLE_ROW_LIMIT) return [];
      if (/^\s*(```|~~~)/.test(head) && this.#line.length <= FENCE_LIMIT) return [];
      const rows = this.#endTable();
      this.#prose = this.#startProse(this.#line);
      return [...rows, ...this.#feed(this.#prose, false)];
    }
    return this.#feed(this.#prose, false);
  }

  #feed(prose: Prose, complete: boolean): Row[] {
    const parsed = parseInline(this.#line, prose.at, complete, this.#theme, prose.style);
    const rows = parsed.pieces.flatMap((piece) => prose.wrapper.push(piece));
    prose.at = parsed.end;
    if (prose.at > 8 * MARKS_LIMIT) {
      // Only the character before matters to what follows: the rest of a very long line need not be kept.
      this.#line = this.#line.slice(prose.at - 1);
      prose.at = 1;
    }
    return rows;
  }

  #endLine(): Row[] {
    const line = this.#line;
    if (this.#fence !== undefined) return this.#endCodeLine();
    if (this.#prose !== undefined) return this.#endProse(this.#prose);
    if (/^\s*\|/.test(line.slice(0, MARKS_LIMIT)) && line.length <= TABLE_ROW_LIMIT) {
      this.#table.push(line);
      this.#line = '';
      return [];
    }
    const rows = this.#endTable();
    const fence = line.length <= FENCE_LIMIT ? FENCE.exec(line) : null;
    if (fence !== null) {
      const language = (fence[3] ?? '').trim().split(/\s/)[0] ?? '';
      this.#fence = {indent: fence[1] ?? '', mark: fence[2] ?? '', language};
      this.#line = '';
      return language === '' ? rows : [...rows, paint(language, this.#theme.dim)];
    }
    if (line.length < MARKS_LIMIT && RULE.test(line)) {
      this.#line = '';
      return [...rows, paint(this.#theme.rule.repeat(Math.min(8, this.#columns)), this.#theme.dim)];
    }
    this.#prose = this.#startProse(line);
    return [...rows, ...this.#endProse(this.#prose)];
  }

  #endProse(prose: Prose): Row[] {
    const rows = this.#feed(prose, true);
    rows.push(prose.wrapper.end());
    this.#prose = undefined;
    this.#line = '';
    return rows;
  }

  /** Reads the block marks at the start of a line of prose. */
  #startProse(line: string): Prose {
    const theme = this.#theme;
    const prefix: Piece[] = [];
    let at = 0;
    let style: Style = '';
    const head = line.slice(0, MARKS_LIMIT);
    const take = (pattern: RegExp) => {
      const match = pattern.exec(head.slice(at));
      at += match?.[0].length ?? 0;
      return match;
    };
    while (take(/^ {0,3}>[ \t]?/) !== null) {
      prefix.push({text: `${theme.bar} `, style: theme.dim});
      style = theme.quote;
    }
    const hanging = [...prefix];
    const bullet = take(/^([ \t]*)(?:[-*+]|(\d{1,9}[.)]))[ \t]+(?=\S)/);
    if (bullet !== null) {
      const text = `${expandTabs(bullet[1] ?? '')}${bullet[2] ?? theme.bullet} `;
      prefix.push({text, style});
      hanging.push({text: ' '.repeat(width(text)), style});
    } else if (take(/^ {0,3}#{1,6}[ \t]+(?=\S)/) !== null) style = combine(style, theme.heading);
    return {wrapper: new RowWrapper(this.#columns, prefix, hanging), style, at};
  }

  #endTable(): Row[] {
    const lines = this.#table;
    this.#table = [];
    if (isTable(lines, this.#columns)) return renderTable(lines, this.#columns, this.#theme);
    return lines.flatMap((line) => {
      const wrapper = new RowWrapper(this.#columns, [], []);
      const {pieces} = parseInline(line, 0, true, this.#theme);
      return [...pieces.flatMap((piece) => wrapper.push(piece)), wrapper.end()];
    });
  }

  #growCode(): Row[] {
    const rows: Row[] = [];
    while (this.#line.length > CODE_LIMIT) {
      // One unit more is there, so a surrogate pair is never cut.
      const unit = this.#line.charCodeAt(CODE_LIMIT - 1);
      const end = unit >= 0xd800 && unit < 0xdc00 ? CODE_LIMIT - 1 : CODE_LIMIT;
      rows.push(paint(this.#line.slice(0, end), ''));
      this.#line = this.#line.slice(end);
      this.#longCode = true;
    }
    return rows;
  }

  #endCodeLine(): Row[] {
    const {mark, indent, language} = this.#fence as Fence;
    const rows = this.#growCode();
    const closing = new RegExp(`^[ \\t]*\\${mark[0]}{${mark.length},}[ \\t]*$`);
    const line = this.#line;
    this.#line = '';
    if (!this.#longCode && closing.test(line)) {
      this.#fence = undefined;
      return rows;
    }
    const code = !this.#longCode && line.startsWith(indent) ? line.slice(indent.length) : line;
    this.#longCode = false;
    return [...rows, this.#highlight(code, language) ?? paint(code, '')];
  }
}
