// Reads the part of ECMA-262's regular expressions that names a regular language: no look-around, no references back.
import {type CodeRange, charSet, complement} from './code-points.ts';

export type PatternNode =
  | {readonly kind: 'set'; readonly ranges: readonly CodeRange[]}
  | {readonly kind: 'sequence'; readonly items: readonly PatternNode[]}
  | {readonly kind: 'choice'; readonly options: readonly PatternNode[]}
  | {readonly kind: 'repeat'; readonly item: PatternNode; readonly min: number; readonly max: number};

/** One of the ways a pattern can match: from the very start or not, to the very end or not. */
export interface Alternative {
  readonly fromStart: boolean;
  readonly toEnd: boolean;
  readonly body: PatternNode;
}

/** For what is none of ours; caught in `parsePattern`. */
class NotRegular extends Error {}

/** Longer ones could nest deeper than this reads. */
const LONGEST = 1000;

/** The alternatives of a pattern; undefined for one that this cannot read. */
export function parsePattern(source: string): readonly Alternative[] | undefined {
  if (source.length > LONGEST) return undefined;
  try {
    return new Parser(source).pattern();
  } catch (error) {
    if (error instanceof NotRegular) return undefined;
    throw error;
  }
}

const SYNTAX = new Set('^$\\.*+?()[]{}|');

class Parser {
  private readonly chars: readonly string[];
  private at = 0;

  constructor(source: string) {
    this.chars = [...source];
  }

  pattern(): Alternative[] {
    const alternatives = [this.alternative()];
    while (this.take('|')) alternatives.push(this.alternative());
    if (this.at < this.chars.length) throw new NotRegular();
    return alternatives;
  }

  private alternative(): Alternative {
    const fromStart = this.take('^');
    const body = this.sequence();
    return {fromStart, toEnd: this.take('$'), body};
  }

  private choice(): PatternNode {
    const options = [this.sequence()];
    while (this.take('|')) options.push(this.sequence());
    return options.length === 1 ? (options[0] as PatternNode) : {kind: 'choice', options};
  }

  private sequence(): PatternNode {
    const items: PatternNode[] = [];
    for (let next = this.chars[this.at]; next !== undefined && !'|)$'.includes(next); next = this.chars[this.at]) {
      items.push(this.quantified(this.atom()));
    }
    return {kind: 'sequence', items};
  }

  private atom(): PatternNode {
    if (this.take('(')) return this.group();
    if (this.take('[')) return {kind: 'set', ranges: this.members()};
    if (this.take('.')) return {kind: 'set', ranges: charSet('.')};
    if (this.take('\\')) return {kind: 'set', ranges: this.escape()};
    const char = this.next();
    if (SYNTAX.has(char)) throw new NotRegular();
    return {kind: 'set', ranges: one(char)};
  }

  private group(): PatternNode {
    if (this.take('?')) {
      const isNamed = this.take('<') && /[\p{L}_$]/u.test(this.chars[this.at] ?? '');
      if (isNamed) while (!this.take('>')) this.next();
      else if (!this.take(':')) throw new NotRegular();
    }
    const group = this.choice();
    if (!this.take(')')) throw new NotRegular();
    return group;
  }

  private quantified(item: PatternNode): PatternNode {
    const counts = this.counts();
    if (!counts) return item;
    // Lazy or not, the same texts match.
    this.take('?');
    const [min, max] = counts;
    return {kind: 'repeat', item, min, max};
  }

  private counts(): readonly [min: number, max: number] | undefined {
    if (this.take('*')) return [0, Number.POSITIVE_INFINITY];
    if (this.take('+')) return [1, Number.POSITIVE_INFINITY];
    if (this.take('?')) return [0, 1];
    if (!this.take('{')) return undefined;
    const text: string[] = [];
    while (!this.take('}')) text.push(this.next());
    const [, least, comma, most] = /^(\d+)(,?)(\d*)$/.exec(text.join('')) ?? [];
    if (least === undefined || (comma === '' && most !== '')) throw new NotRegular();
    const min = Number(least);
    const max = most ? Number(most) : comma ? Number.POSITIVE_INFINITY : min;
    if (max < min) throw new NotRegular();
    return [min, max];
  }

  /** Behind the opening bracket of a class. */
  private members(): CodeRange[] {
    const negated = this.take('^');
    const ranges: CodeRange[] = [];
    while (!this.take(']')) {
      const from = this.member();
      if (this.chars[this.at] !== '-' || this.chars[this.at + 1] === ']') {
        ranges.push(...from);
        continue;
      }
      this.take('-');
      const to = this.member();
      const [first, last] = [single(from), single(to)];
      if (first > last) throw new NotRegular();
      ranges.push([first, last]);
    }
    return negated ? complement(ranges) : ranges;
  }

  private member(): readonly CodeRange[] {
    if (!this.take('\\')) return one(this.next());
    if (this.take('b')) return [[8, 8]];
    if (this.take('-')) return one('-');
    return this.escape();
  }

  /** Behind a backslash. */
  private escape(): readonly CodeRange[] {
    const char = this.next();
    if ('dDwWsS'.includes(char)) return charSet(char);
    const control = {n: '\n', r: '\r', t: '\t', f: '\f', v: '\v'}[char];
    if (control !== undefined) return one(control);
    if (char === '0' && !/\d/.test(this.chars[this.at] ?? '')) return [[0, 0]];
    if (char === 'x') return this.code(2);
    if (char === 'u') return this.take('{') ? this.longCode() : this.code(4);
    if (SYNTAX.has(char) || char === '/') return one(char);
    throw new NotRegular();
  }

  private code(digits: number): readonly CodeRange[] {
    const text = this.chars.slice(this.at, this.at + digits).join('');
    this.at += digits;
    return codePoint(text, digits);
  }

  private longCode(): readonly CodeRange[] {
    let text = '';
    while (!this.take('}')) text += this.next();
    return codePoint(text, text.length);
  }

  private take(char: string): boolean {
    const found = this.chars[this.at] === char;
    if (found) this.at += 1;
    return found;
  }

  private next(): string {
    const char = this.chars[this.at];
    if (char === undefined) throw new NotRegular();
    this.at += 1;
    return char;
  }
}

function one(char: string): CodeRange[] {
  const code = char.codePointAt(0) ?? 0;
  return [[code, code]];
}

/** Halves of a pair are not put together: who writes them means something else than a character. */
function codePoint(hex: string, digits: number): readonly CodeRange[] {
  const code = /^[0-9a-fA-F]+$/.test(hex) && hex.length === digits ? Number.parseInt(hex, 16) : Number.NaN;
  if (!(code <= 0x10ffff) || (code >= 0xd800 && code <= 0xdfff)) throw new NotRegular();
  return [[code, code]];
}

/** @throws NotRegular for a class where one character must stand */
function single(ranges: readonly CodeRange[]): number {
  const [range] = ranges;
  if (!range || ranges.length > 1 || range[0] !== range[1]) throw new NotRegular();
  return range[0];
}
