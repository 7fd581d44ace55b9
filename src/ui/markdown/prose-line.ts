// A line of prose while it is written: its pieces are wrapped, and kept back as long as the line may be something else.
import type {LineStart} from './containers.ts';
import {InlineLine} from './inline/inline-line.ts';
import type {LinkIds} from './inline/links.ts';
import type {Piece, Theme} from './style.ts';
import {cutLine, type Line, RowWrapper, type Widths} from './wrap.ts';

/** A line that may be the header of a table, or a heading, is kept back up to this many characters. */
const KEPT_BACK = 400;
/** The marks that close a heading, with the spaces round them. */
const CLOSING_MARKS = /(?:^|[ \t]+)#+[ \t]*$/;

export interface ProseContext {
  readonly widths: Widths;
  readonly theme: Theme;
  readonly ids: LinkIds;
}

export class ProseLine {
  readonly start: LineStart;
  #context: ProseContext;
  #inline: InlineLine;
  #wrapper: RowWrapper;
  /** Source of the line while it is kept back. */
  #source = '';
  #isKept = true;
  #kept: Line[] = [];

  constructor(start: LineStart, context: ProseContext) {
    this.start = start;
    this.#context = context;
    this.#inline = new InlineLine(context.theme, context.ids, start.style);
    this.#wrapper = new RowWrapper(context.widths, start.prefix, start.hanging);
  }

  /** The source, when no row of the line is out yet. */
  get source(): string | undefined {
    return this.#isKept ? this.#source : undefined;
  }

  /** Adds text; returns the rows that are final. */
  push(text: string): Line[] {
    if (!this.#isKept) return this.#feed(text);
    this.#source += text;
    if (this.start.level > 0) {
      if (this.#source.length <= KEPT_BACK) return [];
      this.#isKept = false;
      return this.#feed(this.#source);
    }
    this.#kept.push(...this.#feed(text));
    if (this.#source.length <= this.#most) return [];
    this.#isKept = false;
    return this.#kept.splice(0);
  }

  /** Ends the line; returns the rows that are left. */
  end(): Line[] {
    if (this.start.level > 0 && this.#isKept) this.#kept = this.#feed(this.#source.replace(CLOSING_MARKS, ''));
    const rows = this.#inline.end().flatMap((piece) => this.#wrapper.push(piece));
    return [...this.#kept, ...rows, ...this.#wrapper.end()];
  }

  /** What is not final, as live rows. */
  tail(): Line[] {
    const wrapper = this.#wrapper.live();
    const open = this.#openPieces().flatMap((piece) => wrapper.push(piece));
    return [...this.#kept.flatMap((row) => cutLine(row, this.#context.widths.columns)), ...open, ...wrapper.end()];
  }

  /** Goes on with other widths; returns the rows that became final by it. */
  resize(widths: Widths): Line[] {
    this.#context = {...this.#context, widths};
    if (!this.#isKept) return this.#wrapper.resize(widths);
    const source = this.#source;
    this.#source = '';
    this.#kept = [];
    this.#inline = new InlineLine(this.#context.theme, {...this.#context.ids}, this.start.style);
    this.#wrapper = new RowWrapper(widths, this.start.prefix, this.start.hanging);
    return this.push(source);
  }

  /** Characters up to which nothing is final: a bar near the beginning makes a header of a table possible. */
  get #most(): number {
    const {columns} = this.#context.widths;
    if (this.start.isItem) return 0;
    return this.#source.slice(0, columns).includes('|') ? KEPT_BACK : Math.min(columns, KEPT_BACK);
  }

  #openPieces(): Piece[] {
    if (this.start.level === 0 || !this.#isKept) return this.#inline.open();
    const {theme, ids} = this.#context;
    const line = new InlineLine(theme, {...ids}, this.start.style);
    return [...line.push(this.#source.replace(CLOSING_MARKS, '')), ...line.open()];
  }

  #feed(text: string): Line[] {
    return this.#inline.push(text).flatMap((piece) => this.#wrapper.push(piece));
  }
}
