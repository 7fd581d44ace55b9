// One line of prose as it grows: which of its marks are emphasis, and the pieces that are decided whatever follows.
import {combine, type Piece, type Style, type Theme} from '../style.ts';
import type {LinkIds} from './links.ts';
import {type Reader, tokenAt, tokensOf} from './scan.ts';
import {type Mark, type Token, WINDOW} from './token.ts';

/** A run of marks with what pairing made of it: styles that end, signs that are text, styles that begin. */
interface Run {
  readonly mark: Mark;
  ends: number;
  left: number;
  readonly begins: Style[];
}

type Item = Exclude<Token, Mark> | Run;

/** Pairs runs of marks as CommonMark does: one that closes ends the nearest open one of its kind. */
class Pairs {
  readonly items: Item[] = [];
  readonly #theme: Theme;
  #open: Run[] = [];

  constructor(theme: Theme) {
    this.#theme = theme;
  }

  copy(): Pairs {
    const copy = new Pairs(this.#theme);
    const copies = new Map<Run, Run>();
    for (const item of this.items) {
      if (!isRun(item)) copy.items.push(item);
      else {
        const run = {...item, begins: [...item.begins]};
        copies.set(item, run);
        copy.items.push(run);
      }
    }
    copy.#open = this.#open.flatMap((run) => copies.get(run) ?? []);
    return copy;
  }

  add(token: Token): void {
    if (token.type !== 'mark') {
      this.items.push(token);
      return;
    }
    const run: Run = {mark: token, ends: 0, left: token.length, begins: []};
    this.items.push(run);
    if (token.closes) this.#close(run);
    if (token.opens && run.ends === 0) this.#open.push(run);
  }

  /** Takes the items that are decided: all before the first run that a later one may close. `at`: where reading is. */
  take(at: number): Item[] {
    while (this.#open[0] !== undefined && at > endOf(this.#open[0].mark) + WINDOW) this.#open.shift();
    const first = this.#open[0];
    return this.items.splice(0, first === undefined ? this.items.length : this.items.indexOf(first));
  }

  #close(run: Run): void {
    while (run.left > 0) {
      const at = this.#partnerOf(run);
      const partner = this.#open[at];
      if (partner === undefined) return;
      const length = Math.min(partner.left, run.left);
      partner.begins.unshift(styleOf(run.mark.sign, length, this.#theme));
      partner.left -= length;
      run.left -= length;
      run.ends += 1;
      this.#open = this.#open.slice(0, partner.left > 0 ? at + 1 : at);
    }
  }

  /** Index of the nearest open run that `run` can end: of the same length, or the two make up a run of three. */
  #partnerOf(run: Run): number {
    const fits = ({mark, left}: Run, below: Run | undefined) =>
      mark.sign === run.mark.sign &&
      run.mark.at - endOf(mark) <= WINDOW &&
      (left === run.left ||
        left === 3 ||
        (run.left === 3 && below?.mark.sign === mark.sign && below.left + left === run.left));
    for (let at = this.#open.length - 1; at >= 0; at -= 1) {
      if (fits(this.#open[at] as Run, this.#open[at - 1])) return at;
    }
    return -1;
  }
}

function isRun(item: Item): item is Run {
  return 'mark' in item;
}

function endOf(mark: Mark): number {
  return mark.at + mark.length;
}

function styleOf(sign: string, length: number, theme: Theme): Style {
  if (sign === '~') return theme.strike;
  return ['', theme.emphasis, theme.strong, combine(theme.strong, theme.emphasis)][length] ?? '';
}

/** Turns decided items into pieces; what emphasis is open goes on from one call to the next. */
class Styler {
  readonly #theme: Theme;
  #styles: Style[];

  constructor(theme: Theme, styles: readonly Style[]) {
    this.#theme = theme;
    this.#styles = [...styles];
  }

  copy(): Styler {
    return new Styler(this.#theme, this.#styles);
  }

  pieces(items: readonly Item[]): Piece[] {
    return items.flatMap((item) => this.#pieces(item));
  }

  #pieces(item: Item): Piece[] {
    if (isRun(item)) {
      this.#styles.length -= item.ends;
      const text = item.mark.sign.repeat(item.left);
      const pieces = text === '' ? [] : [{text, style: this.#style('')}];
      this.#styles.push(...item.begins);
      return pieces;
    }
    switch (item.type) {
      case 'break':
        return [{text: '\n', style: ''}];
      case 'code':
        return [{text: item.text, style: this.#style(this.#theme.code)}];
      case 'address':
        return [{text: item.text, style: this.#style(this.#theme.dim)}];
      case 'link': {
        const label = paired(item.label, this.#theme);
        const pieces = new Styler(this.#theme, [this.#style(this.#theme.link)]).pieces(label);
        return item.link === undefined ? pieces : pieces.map((piece) => ({...piece, link: item.link}));
      }
      default:
        return item.text === '' ? [] : [{text: item.text, style: this.#style('')}];
    }
  }

  #style(inner: Style): Style {
    return combine(this.#styles.reduce(combine, ''), inner);
  }
}

function paired(tokens: readonly Token[], theme: Theme): Item[] {
  const pairs = new Pairs(theme);
  for (const token of tokens) pairs.add(token);
  return pairs.items;
}

/** All pieces of a text that is complete. */
export function inlinePieces(text: string, theme: Theme, ids: LinkIds, style: Style = ''): Piece[] {
  const tokens = tokensOf(text, {theme, ids, within: 'cell'});
  return new Styler(theme, [style]).pieces(paired(tokens, theme));
}

/**
 * A line that is written bit by bit. The pieces that it returns are final: how the text was cut makes no difference to them.
 * Constructs are those of CommonMark with formulas; `Reader` says what they are read with.
 */
export class InlineLine {
  readonly #reader: Reader;
  readonly #pairs: Pairs;
  readonly #styler: Styler;
  #text: string;
  /** Place in the line of the first character of `#text`. */
  #from: number;
  /** Index in `#text` up to which tokens are read. */
  #at: number;

  constructor(theme: Theme, ids: LinkIds, style: Style = '') {
    this.#reader = {theme, ids, within: 'line'};
    this.#pairs = new Pairs(theme);
    this.#styler = new Styler(theme, [style]);
    this.#text = '';
    this.#from = 0;
    this.#at = 0;
  }

  /** Adds text; returns the pieces that it decides. */
  push(text: string): Piece[] {
    this.#text += text;
    this.#read(this.#pairs, this.#reader, false);
    const pieces = this.#styler.pieces(this.#pairs.take(this.#from + this.#at));
    // Words and marks are judged by what stands before them, no further back than a window.
    if (this.#at > 4 * WINDOW) this.#forget(this.#at - WINDOW - 1);
    return pieces;
  }

  /** Ends the line; returns the pieces that were open. */
  end(): Piece[] {
    const text = this.#text.slice(this.#at);
    if (text !== '') this.#at = this.#read(this.#pairs, this.#reader, true);
    return this.#styler.pieces(this.#pairs.items.splice(0));
  }

  /** What is open as it would be if the line ended here. */
  open(): Piece[] {
    const pairs = this.#pairs.copy();
    const at = this.#at;
    this.#read(pairs, {...this.#reader, ids: {...this.#reader.ids}}, true);
    this.#at = at;
    return this.#styler.copy().pieces(pairs.items);
  }

  #read(pairs: Pairs, reader: Reader, closed: boolean): number {
    while (this.#at < this.#text.length) {
      const found = tokenAt(this.#text, this.#at, closed, reader);
      if (found === 'wait') break;
      for (const token of found.tokens)
        pairs.add(token.type === 'mark' ? {...token, at: token.at + this.#from} : token);
      this.#at = found.end;
    }
    return this.#at;
  }

  #forget(count: number): void {
    this.#text = this.#text.slice(count);
    this.#from += count;
    this.#at -= count;
  }
}
