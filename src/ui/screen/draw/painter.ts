// Draws the live rows below the terminal's own scrollback: only rows that changed, in one synchronised write.

import {boundaryAt, graphemes, width, withoutStyles} from '../../../base/cells/graphemes.ts';
import {isUncertain} from '../../../base/cells/width-by-class.ts';
import type {TerminalSequence} from '../../../base/terminal-text.ts';
import type {Row} from '../../markdown/style.ts';
import type {Caret} from '../../prompt/prompt-rows.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

const BEGIN = '\x1b[?2026h';
const END = '\x1b[?2026l';
const HIDE = '\x1b[?25l';
const SHOW = '\x1b[?25h';
const CLEAR_ROW = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';
/** A style or a link in a row, kept by a split. */
const STYLES = /(\x1b\[[\d;]*m|\x1b\]8;[^\x1b]*\x1b\\)/;

/**
 * Owner of the live rows. It never clears the screen or the scrollback and never moves above its own first row, so what
 * is above stays what it is. Rows have to be narrower than the terminal.
 */
export class Painter {
  readonly #write: (text: TerminalSequence) => void;
  #rows: readonly Row[] = [];
  /** Row of the terminal's cursor, counted from the first live row. */
  #at = 0;
  #caret: Caret | undefined;

  constructor(write: (text: TerminalSequence) => void) {
    this.#write = write;
  }

  /** Puts `finished` rows into the scrollback and shows `rows` below them, the cursor at `caret` (undefined: hidden). */
  draw(finished: readonly Row[], rows: readonly Row[], caret: Caret | undefined): void {
    const body = finished.length > 0 ? this.#replaceAll(finished, rows) : this.#change(rows);
    const sameCaret = this.#caret?.row === caret?.row && this.#caret?.column === caret?.column;
    if (body === '' && sameCaret) return;
    const place = caret === undefined ? '' : this.#goTo(caret.row) + column(caret.column) + SHOW;
    this.#send(BEGIN + HIDE + body + place + END);
    this.#caret = caret;
    this.#rows = rows;
  }

  /** Takes the live rows off the screen; the cursor stays where they began. */
  clear(): void {
    if (this.#rows.length > 0) this.#send(`${this.#goTo(0)}\r${CLEAR_BELOW}${SHOW}`);
    this.#forget();
  }

  /**
   * The terminal has other dimensions now. One that reflows has re-wrapped the live rows: they take more rows when it
   * got narrower, and are taken off before the next draw.
   */
  resized(columns: number, reflows: boolean): void {
    const above = this.#rows.slice(0, this.#at);
    const up = above.reduce((sum, row) => sum + (reflows ? wrappedHeight(row, columns) : 1), 0);
    this.#send(`${BEGIN}${up > 0 ? `\x1b[${up}A` : ''}\r${CLEAR_BELOW}${END}`);
    this.#forget();
  }

  /** Rows are clean by their type, and all else here is the painter's own. */
  #send(text: string): void {
    this.#write(text as TerminalSequence);
  }

  #forget(): void {
    this.#rows = [];
    this.#at = 0;
    this.#caret = undefined;
  }

  #goTo(row: number): string {
    const by = row - this.#at;
    this.#at = row;
    return by === 0 ? '' : by < 0 ? `\x1b[${-by}A` : `\x1b[${by}B`;
  }

  #replaceAll(finished: readonly Row[], rows: readonly Row[]): string {
    let text = `${this.#goTo(0)}\r`;
    // A row of the scrollback may be wider than the terminal, which wraps it: clear below first, then print.
    if (this.#rows.length > 0) text += CLEAR_BELOW;
    text += `${finished.join('\r\n')}\r\n`;
    text += rows.map((row) => anchored(row, 0)).join('\r\n');
    this.#at = Math.max(0, rows.length - 1);
    return text;
  }

  #change(rows: readonly Row[]): string {
    let text = '';
    const before = this.#rows;
    rows.forEach((row, index) => {
      const old = before[index];
      if (old === row) return;
      if (old === undefined && index > 0) {
        text += index - 1 === this.#at ? '\r\n' : `${this.#goTo(index - 1)}\r\n`;
        this.#at = index;
        text += anchored(row, 0);
      } else if (old !== undefined && grows(old, row)) {
        const from = width(old);
        text += this.#goTo(index) + column(from) + anchored(row.slice(old.length), from);
      } else text += `${this.#goTo(index)}\r${anchored(row, 0)}${CLEAR_ROW}`;
    });
    if (before.length > rows.length) {
      text +=
        rows.length === 0
          ? `${this.#goTo(0)}\r${CLEAR_BELOW}`
          : `${this.#goTo(rows.length - 1)}\r\x1b[B${CLEAR_BELOW}\x1b[A`;
    }
    return text;
  }
}

/** Moves to a column, counted from 0. */
function column(number: number): string {
  return `\x1b[${number + 1}G`;
}

/** True where a row is another with something behind it, and the last cluster of that one is still whole. */
function grows(old: string, row: string): boolean {
  return old !== '' && row.startsWith(old) && boundaryAt(row, old.length, 'left') === old.length;
}

/**
 * A row that begins at column `from`, with the cursor put right behind each cluster that this terminal may draw wider or
 * narrower than it is counted. Then a wrong width is a gap or an overlap of one cell, and all else stands where it belongs.
 */
function anchored(row: string, from: number): string {
  if (!isUncertain(row)) return row;
  let text = '';
  let at = from;
  for (const part of row.split(STYLES)) {
    if (part.startsWith('\x1b')) text += part;
    else {
      for (const cluster of graphemes(part)) {
        at += width(cluster);
        text += isUncertain(cluster) ? cluster + column(at) : cluster;
      }
    }
  }
  return text;
}

/** Rows that a terminal wraps a row to; a wide character that does not fit at the end of one begins the next. */
function wrappedHeight(row: string, columns: number): number {
  if (width(row) <= columns) return 1;
  let height = 1;
  let used = 0;
  for (const cluster of graphemes(withoutStyles(row))) {
    const cells = width(cluster);
    if (used + cells > columns) {
      height += 1;
      used = 0;
    }
    used += cells;
  }
  return height;
}
