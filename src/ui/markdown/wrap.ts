// Word wrap that takes text as it comes: a row is final as soon as the next word does not fit on it.
import {graphemes, width} from '../../base/cells/graphemes.ts';
import {type Piece, type Row, render} from './style.ts';

const CJK = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff00-\uff60]/u;
/** Never first on a row. */
const CLOSING = /^[、。，．・：；？！」』】）〕》〉’”)\]},.;:!?ー々]/u;

/** Wraps pieces of text to a number of columns; rows after the first begin with `hanging`. */
export class RowWrapper {
  #columns: number;
  readonly #hanging: readonly Piece[];
  readonly #hangingWidth: number;
  #row: Piece[];
  #rowWidth: number;
  /** Width of the prefix: a row with nothing but its prefix takes a word however long. */
  #empty: number;
  #space: Piece | undefined;
  #word: Piece[] = [];
  #wordWidth = 0;
  #previous = '';
  #started = false;

  constructor(columns: number, prefix: readonly Piece[], hanging: readonly Piece[], hangingWidth = cells(hanging)) {
    this.#columns = columns;
    const hangs = hangingWidth + 4 <= columns;
    this.#hanging = hangs ? hanging : [];
    this.#hangingWidth = hangs ? hangingWidth : 0;
    this.#row = [...prefix];
    this.#rowWidth = cells(prefix);
    this.#empty = this.#rowWidth;
  }

  /** A copy to try out text that may still change. */
  clone(): RowWrapper {
    const copy = new RowWrapper(this.#columns, [], this.#hanging, this.#hangingWidth);
    copy.#row = [...this.#row];
    copy.#rowWidth = this.#rowWidth;
    copy.#empty = this.#empty;
    copy.#space = this.#space;
    copy.#word = [...this.#word];
    copy.#wordWidth = this.#wordWidth;
    copy.#previous = this.#previous;
    copy.#started = this.#started;
    return copy;
  }

  /** Adds a piece; returns the rows that became final. */
  push(piece: Piece): Row[] {
    const rows: Row[] = [];
    for (const cluster of graphemes(piece.text)) {
      const one = {...piece, text: cluster};
      if (/^[ \t]$/.test(cluster)) this.#endWord(this.#started || this.#word.length > 0 ? one : undefined, one);
      else {
        const breaks = CJK.test(cluster) || CJK.test(this.#previous);
        if (breaks && !CLOSING.test(cluster)) this.#endWord(undefined, undefined);
        this.#grow(one, rows);
      }
      this.#previous = cluster;
    }
    return rows;
  }

  /** Goes on with another width; returns the rows into which an unfinished row falls that is too wide now. */
  resize(columns: number): Row[] {
    this.#columns = columns;
    if (this.#rowWidth + this.#spaceWidth() + this.#wordWidth <= columns) return [];
    const pieces = [...this.#row, ...(this.#space === undefined ? [] : [this.#space]), ...this.#word];
    this.#row = [];
    this.#word = [];
    this.#space = undefined;
    this.#rowWidth = 0;
    this.#wordWidth = 0;
    this.#empty = 0;
    return pieces.flatMap((piece) => this.push(piece));
  }

  /** The unfinished row; after it the wrapper is used up. */
  end(): Row {
    this.#endWord(undefined, undefined);
    return render(this.#row);
  }

  #grow(piece: Piece, rows: Row[]): void {
    this.#word.push(piece);
    this.#wordWidth += room(piece);
    const space = this.#space === undefined ? 0 : this.#spaceWidth();
    if (this.#rowWidth + space + this.#wordWidth <= this.#columns) return;
    if (this.#rowWidth > this.#empty) this.#newRow(rows);
    while (this.#rowWidth + this.#wordWidth > this.#columns && this.#word.length > 1) this.#splitWord(rows);
  }

  #spaceWidth(): number {
    return this.#space === undefined ? 0 : width(this.#space.text);
  }

  #newRow(rows: Row[]): void {
    rows.push(render(this.#row));
    this.#row = [...this.#hanging];
    this.#rowWidth = this.#hangingWidth;
    this.#empty = this.#rowWidth;
    this.#space = undefined;
  }

  /** Breaks a word that is longer than a row. */
  #splitWord(rows: Row[]): void {
    const last = this.#word.pop() as Piece;
    this.#row.push(...this.#word);
    this.#newRow(rows);
    this.#word = [last];
    this.#wordWidth = room(last);
  }

  /** Puts the word on the row. `space` follows it; `lead` keeps the indentation of a line that starts with spaces. */
  #endWord(space: Piece | undefined, lead: Piece | undefined): void {
    if (this.#word.length > 0) {
      if (this.#space !== undefined) this.#put(this.#space);
      this.#row = this.#row.concat(this.#word);
      this.#rowWidth += this.#wordWidth;
      this.#space = undefined;
      this.#word = [];
      this.#wordWidth = 0;
      this.#started = true;
    }
    if (space !== undefined) {
      this.#space = {...space, text: (this.#space?.text ?? '') + (space.text === '\t' ? '  ' : space.text)};
    } else if (lead !== undefined && this.#rowWidth + 4 < this.#columns / 2) {
      this.#put({...lead, text: lead.text === '\t' ? '    ' : lead.text});
      this.#empty = this.#rowWidth;
    }
  }

  #put(piece: Piece): void {
    this.#row.push(piece);
    this.#rowWidth += room(piece);
  }
}

/** Cells of a piece. One without any takes a little all the same: a row must not take them without end. */
function room(piece: Piece): number {
  return width(piece.text) || 1 / 64;
}

function cells(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + width(piece.text), 0);
}
