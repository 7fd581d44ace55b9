// Streaming Markdown: text in as it is generated, finished terminal rows out; what may still change is the tail.

import {expandTabs, shorten} from '../../base/cells/graphemes.ts';
import {sanitise} from '../../base/terminal-text.ts';
import {type CodeBlock, type Highlight, openFence} from './code-block.ts';
import {type Containers, HEAD, type LineStart, NO_CONTAINERS, RULE, readLineStart} from './containers.ts';
import {type DisplayMaths, mayOpenMaths, openMaths} from './display-maths.ts';
import {HardRows} from './hard-rows.ts';
import type {LinkIds} from './inline/links.ts';
import {ProseLine} from './prose-line.ts';
import {BLANK, combine, paint, type Row, render, type Theme} from './style.ts';
import {fitsHeader, hasCells, isTable, mayBeDelimiter, renderTable} from './table.ts';
import {cutLine, type Line, type Widths} from './wrap.ts';

/** A fence line longer than this is text. */
const FENCE_LIMIT = 200;
/** A row of a table that is longer is prose; one without a bar at its beginning is short. */
const TABLE_ROW_LIMIT = 4096;
const BARE_ROW_LIMIT = 400;

const ONLY_MARKS = /^[\s#>*+\-_`~|=\d.)]*$/;
const UNDERLINE = /^ {0,3}={2,}[ \t]*$/;

/** A paragraph's line that is complete and not out yet: it may be a title, or the header of a table. */
interface Held {
  readonly start: LineStart;
  readonly source: string;
  readonly isHeader: boolean;
  lines: readonly Line[];
}

interface Table {
  readonly start: LineStart;
  readonly lines: string[];
}

/**
 * Renders Markdown line by line. Prose is wrapped to `columns`; lines of code are printed whole and without prefix, so
 * that copying them is exact. How the text is cut into writes makes no difference to the rows. The terminal has `margin`
 * columns more: it wraps words that are longer than a row.
 */
export class MarkdownStream {
  #widths: Widths;
  readonly #margin: number;
  readonly #theme: Theme;
  readonly #highlight: Highlight;
  readonly #ids: LinkIds = {last: 0};
  /** The line that is not known to be prose or code yet. */
  #line = '';
  #prose: ProseLine | undefined;
  #code: CodeBlock | undefined;
  #maths: DisplayMaths | undefined;
  #held: Held | undefined;
  #table: Table | undefined;
  #containers: Containers = NO_CONTAINERS;
  /** The line before was text. */
  #continues = false;
  /** A block of code has ended: an empty row parts it from what follows. */
  #gap = false;
  #half = '';

  constructor(columns: number, theme: Theme, highlight: Highlight = () => undefined, margin = 0) {
    this.#margin = margin;
    this.#widths = widthsOf(columns, margin);
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
      if (part !== '') rows.push(...this.#grow(part));
      if (index < lines.length - 1) rows.push(...this.#endLine());
    });
    return rows;
  }

  /** Goes on for a terminal of another width; returns the rows that became final by it. */
  resize(columns: number): Row[] {
    this.#widths = widthsOf(columns, this.#margin);
    if (this.#held !== undefined) {
      const prose = this.#newProse(this.#held.start);
      this.#held.lines = [...prose.push(this.#held.source), ...prose.end()];
    }
    return this.#prose?.resize(this.#widths).map(render) ?? [];
  }

  /** Ends the text; returns what was still open. */
  end(): Row[] {
    const rows = this.#half === '' ? [] : this.#grow(this.#half);
    this.#half = '';
    if (this.#prose !== undefined || this.#line !== '' || this.#code?.isEmpty === false) rows.push(...this.#endLine());
    while (this.#maths !== undefined) rows.push(...this.#giveUpMaths());
    this.#code = undefined;
    this.#gap = false;
    rows.push(...this.#flush());
    this.#containers = NO_CONTAINERS;
    this.#continues = false;
    return rows;
  }

  /** The last rows of what is not final yet, at most `limit`. */
  tail(limit: number): Row[] {
    const {columns} = this.#widths;
    const rows = (this.#held?.lines ?? []).flatMap((line) => cutLine(line, columns)).map(render);
    rows.push(...(this.#table?.lines.slice(-limit) ?? []).map((line) => this.#clip(line)));
    rows.push(...(this.#maths?.tail(limit) ?? []).map((row) => this.#clip(row)));
    rows.push(...this.#openRows());
    return rows.slice(-limit);
  }

  /** The line that is written, as live rows. */
  #openRows(): Row[] {
    const {columns} = this.#widths;
    if (this.#prose !== undefined) return this.#prose.tail().map(render);
    if (this.#code !== undefined) return this.#code.tail(columns);
    const line = this.#line;
    // What is nothing but the beginning of a fence is not shown.
    if (/^\s*([`~]{1,3}|\s*$)/.test(line)) return [];
    const gap = this.#gap ? [BLANK] : [];
    if (line.startsWith('|')) return [...gap, this.#clip(line)];
    return [...gap, ...new HardRows().rows(expandTabs(line), columns)];
  }

  #clip(line: string): Row {
    return paint(shorten(expandTabs(line), this.#widths.columns, ''), '');
  }

  /** Adds text to the line that is written; returns what is settled by it. */
  #grow(part: string): Row[] {
    if (this.#prose !== undefined) return this.#prose.push(part).map(render);
    if (this.#code !== undefined) {
      const rows = this.#code.push(part);
      return 'ended' in rows ? this.#leaveCode(rows.ended) : rows;
    }
    this.#line += part;
    return this.#decide();
  }

  /** Begins prose as soon as the line can be nothing else. */
  #decide(): Row[] {
    const line = this.#line;
    if (this.#maths !== undefined) return this.#maths.isTooLong(line) ? this.#giveUpMaths() : [];
    if (line.length < HEAD && ONLY_MARKS.test(line)) return [];
    if (this.#held?.isHeader && line.length <= BARE_ROW_LIMIT && mayBeDelimiter(line)) return [];
    if (this.#table !== undefined && line.length <= BARE_ROW_LIMIT) {
      if (this.#table.lines.length > 1 || mayBeDelimiter(line)) return [];
    }
    const start = this.#readStart(line);
    const rest = line.slice(start.at, start.at + FENCE_LIMIT + 1);
    if (/^\s*\|/.test(rest) && line.length <= TABLE_ROW_LIMIT) return [];
    if (/^\s*(```|~~~)/.test(rest) && line.length <= FENCE_LIMIT) return [];
    if (mayOpenMaths(line.slice(start.at))) return [];
    this.#line = '';
    const rows = this.#flush(start.bars);
    this.#prose = this.#newProse(start);
    return [...rows, ...this.#prose.push(line.slice(start.at)).map(render)];
  }

  #readStart(line: string): LineStart {
    return readLineStart(line, {
      theme: this.#theme,
      columns: this.#widths.columns,
      before: this.#containers,
      continues: this.#continues,
    });
  }

  #newProse(start: LineStart): ProseLine {
    return new ProseLine(start, {widths: this.#widths, theme: this.#theme, ids: this.#ids});
  }

  /** What was kept back until this line: it is neither underlined nor a part of a table. */
  #flush(bars: Line = []): Row[] {
    const rows = (this.#held?.lines ?? []).map(render);
    this.#held = undefined;
    rows.push(...this.#endTable());
    if (this.#gap) rows.push(render(bars));
    this.#gap = false;
    return rows;
  }

  #endLine(): Row[] {
    if (this.#prose !== undefined) return this.#endProse(this.#prose);
    if (this.#code !== undefined) return this.#endCodeLine(this.#code);
    const line = this.#line;
    this.#line = '';
    if (this.#maths !== undefined) return this.#endMathsLine(this.#maths, line);
    if (line.trim() === '') return this.#blankLine();
    const start = this.#readStart(line);
    const rest = line.slice(start.at);
    const rows = this.#joinHeld(start, rest) ?? this.#joinTable(start, rest, line.length);
    if (rows !== undefined) return rows;
    return [...this.#flush(start.bars), ...this.#block(start, rest, line.length)];
  }

  /** A line that makes a title or the header of a table of the line before. */
  #joinHeld(start: LineStart, rest: string): Row[] | undefined {
    const held = this.#held;
    const same = held === undefined || held.start.after.quotes === start.after.quotes;
    if (UNDERLINE.test(rest) && this.#continues && same && start.after.items.length === 0) {
      this.#continues = false;
      this.#held = undefined;
      return held === undefined ? [] : this.#title(held);
    }
    if (held?.isHeader && same && fitsHeader(rest, held.source)) {
      this.#table = {start: held.start, lines: [held.source, rest]};
      this.#held = undefined;
      this.#continues = false;
      return [];
    }
    return undefined;
  }

  #title({start, source}: Held): Row[] {
    const style = combine(start.style, this.#theme.headings[0]);
    const prefix = this.#theme.keepsMarks ? [...start.prefix, {text: '# ', style}] : start.prefix;
    const prose = this.#newProse({...start, prefix, style});
    return [...prose.push(source), ...prose.end()].map(render);
  }

  /** A line of a table: it has a bar at its beginning, or the table has begun and a bar parts it. */
  #joinTable(start: LineStart, rest: string, length: number): Row[] | undefined {
    const table = this.#table;
    if (length > TABLE_ROW_LIMIT) return undefined;
    const same = table !== undefined && table.start.after.quotes === start.after.quotes;
    const goesOn = (lines: readonly string[]) => (lines.length > 1 ? hasCells(rest) : fitsHeader(rest, lines[0] ?? ''));
    const isRow = /^\s*\|/.test(rest) || (same && length <= BARE_ROW_LIMIT && goesOn(table.lines));
    if (!isRow) return undefined;
    const rows = same ? [] : this.#flush(start.bars);
    if (same) table.lines.push(rest);
    else {
      this.#table = {start, lines: [rest]};
      this.#enter(start, false);
    }
    return rows;
  }

  #block(start: LineStart, rest: string, length: number): Row[] {
    if (rest.trim() === '') {
      this.#enter(start, false);
      return [render(start.bars)];
    }
    const code = length <= FENCE_LIMIT ? openFence(rest, start, this.#theme, this.#highlight) : undefined;
    if (code !== undefined) {
      this.#enter(start, false);
      this.#code = code;
      return [code.label()];
    }
    if (length < HEAD && RULE.test(rest)) {
      this.#enter(start, false);
      const rule = this.#theme.rule.repeat(Math.min(8, this.#widths.columns));
      return [render([...start.hanging, {text: rule, style: this.#theme.dim}])];
    }
    const maths = openMaths(rest, start);
    if (maths !== undefined) {
      this.#enter(start, true);
      this.#maths = maths;
      return [];
    }
    this.#prose = this.#newProse(start);
    return [...this.#prose.push(rest).map(render), ...this.#endProse(this.#prose)];
  }

  /** The next line stands behind this one. */
  #enter(start: LineStart, continues: boolean): void {
    this.#containers = start.after;
    this.#continues = continues;
  }

  #blankLine(): Row[] {
    this.#gap = false;
    this.#continues = false;
    this.#containers = {...this.#containers, quotes: 0, quoted: []};
    return [...this.#flush(), BLANK];
  }

  #endProse(prose: ProseLine): Row[] {
    const {start, source} = prose;
    const lines = prose.end();
    this.#prose = undefined;
    this.#enter(start, start.level === 0);
    if (source === undefined || start.level > 0 || start.isItem) return lines.map(render);
    this.#held = {start, source, lines, isHeader: hasCells(source)};
    return [];
  }

  #endTable(): Row[] {
    const table = this.#table;
    this.#table = undefined;
    if (table === undefined) return [];
    const {start, lines} = table;
    const {columns} = this.#widths;
    const prefix = start.hanging;
    if (isTable(lines, columns)) return renderTable(lines, {columns, prefix, theme: this.#theme, ids: this.#ids});
    return lines.flatMap((line) => {
      const prose = this.#newProse(start);
      return [...prose.push(line), ...prose.end()].map(render);
    });
  }

  #endCodeLine(code: CodeBlock): Row[] {
    const rows = code.endLine();
    if (rows === 'closed') {
      this.#code = undefined;
      this.#gap = true;
      return [];
    }
    return 'ended' in rows ? [...this.#leaveCode(rows.ended), ...this.#endLine()] : rows;
  }

  /** The quote in which the block stood is over: the line belongs to what follows. */
  #leaveCode(line: string): Row[] {
    this.#code = undefined;
    this.#gap = true;
    this.#line = line;
    return this.#decide();
  }

  #endMathsLine(maths: DisplayMaths, line: string): Row[] {
    const state = maths.take(line);
    if (state === 'open') return [];
    if (state === 'not') return this.#giveUpMaths();
    this.#maths = undefined;
    this.#continues = true;
    return maths.rows(this.#widths, this.#theme);
  }

  /** The formula had no end: its opener is shown as it was written, and the lines behind it are read again as text. */
  #giveUpMaths(): Row[] {
    const maths = this.#maths;
    if (maths === undefined) return [];
    const open = this.#line;
    this.#maths = undefined;
    const rows = [maths.openerRow()];
    for (const line of maths.lines) {
      this.#line = '';
      rows.push(...(line === '' ? [] : this.#grow(line)), ...this.#endLine());
    }
    this.#line = '';
    return open === '' ? rows : [...rows, ...this.#grow(open)];
  }
}

function widthsOf(columns: number, margin: number): Widths {
  const most = Math.max(1, columns);
  return {columns: most, terminal: most + margin};
}
