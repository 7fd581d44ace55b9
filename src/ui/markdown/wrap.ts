// Word wrap that takes text as it comes: a row is final as soon as the next word does not fit on it.
import {graphemes, width} from '../../base/cells/graphemes.ts';
import type {Piece} from './style.ts';

const CJK = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff00-\uff60]/u;
/** Never first on a row. */
const CLOSING = /^[、。，．・：；？！」』】）〕》〉’”)\]},.;:!?ー々]/u;
/** Scripts that put no spaces between their words: a long run of them is no word. */
const WITHOUT_SPACES = /^[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
/** Cells of a word that are printed whole; the rest of a longer one begins the next row. */
const LONGEST_WORD = 4096;

/** A row as pieces. */
export type Line = readonly Piece[];

/** A piece that one wrapper alone has. */
interface Growing extends Piece {
  text: string;
}

export interface Widths {
  /** Cells that are filled with words. */
  readonly columns: number;
  /** Cells of the terminal, which wraps what is longer. */
  readonly terminal: number;
}

/**
 * Wraps pieces of text; rows after the first begin with `hanging`. A word that is longer than a row is written whole, so that
 * the terminal wraps it and a copy or a click gets all of it. A line end in a piece ends the row.
 */
export class RowWrapper {
  #widths: Widths;
  #hanging: readonly Piece[];
  #hangingWidth: number;
  /** Rows that have to be narrower than the terminal: live ones and cells of a table. Long words are cut for them. */
  readonly #cuts: boolean;
  /** What the row begins with. */
  #lead: readonly Piece[];
  #row: Growing[] = [];
  #rowWidth: number;
  /** A row of this width has nothing but its prefix: it takes a word however long. */
  #empty: number;
  #space: Piece | undefined;
  #word: Growing[] = [];
  #wordWidth = 0;
  /** False for a word with wide characters, or without spaces between words: it is cut where the row ends. */
  #isWhole = true;
  /** True for a row with a word that is longer than it. */
  #isLong = false;
  #previous = '';
  #started = false;

  constructor(widths: Widths, prefix: readonly Piece[], hanging: readonly Piece[], cuts = false) {
    const hangingWidth = cells(hanging);
    const hangs = hangingWidth + 4 <= widths.columns;
    this.#widths = widths;
    this.#hanging = hangs ? hanging : [];
    this.#hangingWidth = hangs ? hangingWidth : 0;
    this.#cuts = cuts;
    this.#lead = prefix;
    this.#rowWidth = cells(prefix);
    this.#empty = this.#rowWidth;
  }

  /** A copy to try out text that may still change; its rows are cut to the columns. */
  live(): RowWrapper {
    const copy = new RowWrapper(this.#widths, [], [], true);
    copy.#hanging = this.#hanging;
    copy.#hangingWidth = this.#hangingWidth;
    copy.#lead = this.#lead;
    copy.#row = this.#row.map((piece) => ({...piece}));
    copy.#rowWidth = this.#rowWidth;
    copy.#empty = this.#empty;
    copy.#space = this.#space;
    copy.#word = this.#word.map((piece) => ({...piece}));
    copy.#wordWidth = this.#wordWidth;
    copy.#isWhole = this.#isWhole;
    copy.#isLong = this.#isLong;
    copy.#previous = this.#previous;
    copy.#started = this.#started;
    return copy;
  }

  /** Adds a piece; returns the rows that became final. */
  push(piece: Piece): Line[] {
    const rows: Line[] = [];
    for (const cluster of graphemes(piece.text)) this.#add(piece, cluster, rows);
    return rows;
  }

  /** Goes on with other widths; returns the rows into which an unfinished row falls that is too wide now. */
  resize(widths: Widths): Line[] {
    this.#widths = widths;
    if (!this.#isLong && this.#rowWidth + this.#spaceWidth() + this.#wordWidth <= widths.columns) return [];
    const pieces = [...this.#row, ...(this.#space === undefined ? [] : [this.#space]), ...this.#word];
    this.#word = [];
    this.#wordWidth = 0;
    this.#begin(this.#lead, cells(this.#lead));
    return pieces.flatMap((piece) => this.push(piece));
  }

  /** The unfinished row, more than one where it is cut; after it the wrapper is used up. */
  end(): Line[] {
    this.#endWord(undefined, undefined);
    return this.#finished();
  }

  #add(piece: Piece, cluster: string, rows: Line[]): void {
    if (cluster === '\n') {
      this.#endWord(undefined, undefined);
      this.#newRow(rows);
    } else if (cluster === ' ' || cluster === '\t') {
      const isBetween = this.#started || this.#word.length > 0;
      const one = {...piece, text: cluster};
      // Spaces behind a line break are not shown.
      if (!isBetween || this.#word.length > 0 || this.#rowWidth > this.#empty)
        this.#endWord(isBetween ? one : undefined, one);
    } else {
      const isPlain = cluster.length === 1 && cluster < '\x7f' && this.#previous < '\x7f';
      if (!isPlain && (CJK.test(cluster) || CJK.test(this.#previous)) && !CLOSING.test(cluster)) {
        this.#endWord(undefined, undefined);
      }
      this.#grow(piece, cluster, rows);
    }
    this.#previous = cluster;
  }

  #grow(piece: Piece, cluster: string, rows: Line[]): void {
    const {columns} = this.#widths;
    const size = room(cluster);
    const fitsWhole = size === 1 && (cluster < '\x7f' || !WITHOUT_SPACES.test(cluster));
    // What cannot be a part of a long word begins behind it.
    if (!fitsWhole && this.#isWhole && this.#rowWidth + this.#wordWidth > columns) this.#endWord(undefined, undefined);
    if (this.#word.length === 0) this.#isWhole = true;
    this.#isWhole &&= fitsWhole;
    const grown = this.#wordWidth + size;
    if (this.#rowWidth + this.#spaceWidth() + grown > columns) {
      if (this.#rowWidth > this.#empty) this.#newRow(rows);
      if (this.#rowWidth + grown > columns && !(this.#isWhole && grown < LONGEST_WORD)) this.#fill(rows);
    }
    append(this.#word, piece, cluster);
    this.#wordWidth += size;
  }

  /** Puts a word that is longer than a row on rows, cut where they end; it goes on with the next row. */
  #fill(rows: Line[]): void {
    if (this.#word.length === 0) return;
    const word = this.#word;
    this.#word = [];
    this.#wordWidth = 0;
    for (const piece of word) {
      if (this.#isWhole) {
        this.#put(piece, piece.text, room(piece.text));
        continue;
      }
      for (const cluster of graphemes(piece.text)) {
        const size = room(cluster);
        if (this.#rowWidth > this.#empty && this.#rowWidth + size > this.#widths.columns) this.#newRow(rows);
        this.#put(piece, cluster, size);
      }
    }
    this.#newRow(rows);
  }

  #spaceWidth(): number {
    return this.#space === undefined ? 0 : width(this.#space.text);
  }

  #newRow(rows: Line[]): void {
    rows.push(...this.#finished());
    this.#begin(this.#hanging, this.#hangingWidth);
  }

  #begin(lead: readonly Piece[], size: number): void {
    this.#lead = lead;
    this.#row = [];
    this.#rowWidth = size;
    this.#empty = size;
    this.#space = undefined;
    this.#isLong = false;
  }

  #finished(): Line[] {
    const row = [...this.#lead, ...this.#row];
    const isWide = this.#isLong || this.#rowWidth > this.#widths.columns;
    return this.#cuts && isWide ? cutLine(row, this.#widths.columns) : [row];
  }

  /** Puts the word on the row. `space` follows it; `lead` keeps the indentation of a line that starts with spaces. */
  #endWord(space: Piece | undefined, lead: Piece | undefined): void {
    if (this.#word.length > 0) {
      if (this.#space !== undefined) this.#put(this.#space, this.#space.text, this.#spaceWidth());
      for (const piece of this.#word) append(this.#row, piece, piece.text);
      this.#rowWidth += this.#wordWidth;
      if (this.#rowWidth > this.#widths.columns) this.#goOnBehind();
      this.#space = undefined;
      this.#word = [];
      this.#wordWidth = 0;
      this.#started = true;
    }
    if (space !== undefined) {
      this.#space = {...space, text: (this.#space?.text ?? '') + (space.text === '\t' ? '  ' : space.text)};
    } else if (lead !== undefined && this.#rowWidth + 4 < this.#widths.columns / 2) {
      const spaces = lead.text === '\t' ? '    ' : lead.text;
      this.#put(lead, spaces, spaces.length);
      this.#empty = this.#rowWidth;
    }
  }

  /** The row has a long word: what follows stands where the terminal has wrapped it to. */
  #goOnBehind(): void {
    const column = this.#rowWidth % this.#widths.terminal;
    // A word that ends with the terminal's row leaves no place behind it.
    this.#rowWidth = column === 0 ? this.#widths.columns : column;
    this.#isLong = true;
    this.#empty = -1;
  }

  #put(piece: Piece, text: string, size: number): void {
    append(this.#row, piece, text);
    this.#rowWidth += size;
  }
}

/** Adds text in the look of a piece to a row; one of the same look at its end grows. */
function append(pieces: Growing[], {style, link}: Piece, text: string): void {
  const last = pieces.at(-1);
  if (last !== undefined && last.style === style && last.link === link) last.text += text;
  else pieces.push({text, style, link});
}

/** A row in parts of at most `columns` cells. */
export function cutLine(row: Line, columns: number): Line[] {
  if (cells(row) <= columns) return [row];
  const rows: Line[] = [];
  let part: Growing[] = [];
  let used = 0;
  for (const piece of row) {
    for (const text of isAscii(piece.text) ? slices(piece.text, columns, used) : graphemes(piece.text)) {
      const size = room(text);
      if (used > 0 && used + size > columns) {
        rows.push(part);
        part = [];
        used = 0;
      }
      append(part, piece, text);
      used += size;
    }
  }
  rows.push(part);
  return rows;
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

/** A text in parts that fill rows, the first of which has `used` cells. */
function* slices(text: string, columns: number, used: number): Generator<string, void, undefined> {
  let size = Math.max(0, Math.floor(columns - used)) || columns;
  for (let at = 0; at < text.length; at += size, size = columns) yield text.slice(at, at + size);
}

/** Cells of a text. One without any takes a little for each unit all the same: a row must not take them without end. */
function room(text: string): number {
  return width(text) || text.length / 8;
}

function cells(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + width(piece.text), 0);
}
