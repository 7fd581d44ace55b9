// Keeps the texts of a request apart from a template's own: no text of a user becomes a control token.

import {isJsonArray, isJsonObject, type Json} from '../../../base/json.ts';

/** The first code point of a private plane: no text means anything by it. */
const FIRST_MARK = 0xf0000;
const LAST_MARK = 0xffffd;

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** UTF-16 units that are searched at once. */
const STRETCH = 1 << 14;

/** A stretch of what a template printed: the text of a special token, or plain text. */
export type Part = {readonly special: string} | {readonly text: string};

/** The texts of special tokens that a vocabulary has, as what may not stand in a user's text. */
export class SpecialTexts {
  /** Longest first, so that of two at one place the longer counts; a single character cannot be kept apart. */
  readonly #texts: readonly string[];
  readonly #any: RegExp | undefined;
  /** Beginnings and ends of special texts, without the whole. */
  readonly #beginnings = new Set<string>();
  readonly #ends = new Set<string>();
  readonly #longest: number;

  constructor(texts: Iterable<string>) {
    this.#texts = [...texts].filter((text) => [...text].length > 1).sort((a, b) => b.length - a.length);
    this.#longest = this.#texts[0]?.length ?? 0;
    for (const text of this.#texts) {
      for (let length = 1; length < text.length; length++) {
        this.#beginnings.add(text.slice(0, length));
        this.#ends.add(text.slice(length));
      }
    }
    if (this.#texts.length === 0) return;
    const pattern = this.#texts.map(escaped).join('|');
    this.#any = new RegExp(pattern, 'g');
  }

  /**
   * The text with a mark inside every special text, and at an edge that could become one together with what a template
   * puts beside it.
   */
  mark(text: string, mark: string): string {
    if (this.#any === undefined || text === '') return text;
    let marked = text;
    for (let before = ''; before !== marked; ) {
      before = marked;
      marked = before.replace(this.#any, (special) => {
        const first = String.fromCodePoint(special.codePointAt(0) ?? 0);
        return first + mark + special.slice(first.length);
      });
    }
    for (let length = 1; length < this.#longest; length++) {
      if (!this.#beginnings.has(marked.slice(-length))) continue;
      marked += mark;
      break;
    }
    for (let length = 1; length < this.#longest; length++) {
      if (!this.#ends.has(marked.slice(0, length))) continue;
      marked = mark + marked;
      break;
    }
    return marked;
  }

  /** What was printed, cut at special texts; the marks are taken out of the text between. */
  split(printed: string, mark: string): readonly Part[] {
    return [...this.parts(printed)].flatMap((part): readonly Part[] => {
      if (part === undefined || 'special' in part) return part ? [part] : [];
      const text = withoutMark(part.text, mark);
      return text === '' ? [] : [{text}];
    });
  }

  /** A text cut at special texts, from left to right. Undefined now and then, where the reader may pause. */
  *parts(text: string): Generator<Part | undefined> {
    let from = 0;
    for (let at = 0; this.#any !== undefined && at < text.length; ) {
      // Also a special text that begins at the end of the stretch is whole.
      this.#any.lastIndex = 0;
      const found = this.#any.exec(text.slice(at, at + STRETCH + this.#longest));
      if (found === null || found.index >= STRETCH) {
        at += STRETCH;
        yield undefined;
        continue;
      }
      const start = at + found.index;
      if (start > from) yield {text: text.slice(from, start)};
      yield {special: found[0]};
      from = start + found[0].length;
      at = from;
    }
    if (from < text.length) yield {text: text.slice(from)};
  }

  /** The special text that a text begins with. */
  first(text: string): string | undefined {
    return this.#texts.find((special) => text.startsWith(special));
  }
}

/** The mark as it is, or as JSON of ASCII alone spells it. */
function withoutMark(text: string, mark: string): string {
  const spelled = [...mark.split('')].map((unit) => `\\u${unit.charCodeAt(0).toString(16)}`).join('');
  return text.replaceAll(mark, '').replaceAll(spelled, '');
}

/** A character that none of these texts has. */
export function freshMark(texts: readonly string[]): string {
  const used = new Set(texts.flatMap((text) => text.match(/[\u{f0000}-\u{ffffd}]/gu) ?? []));
  for (let code = FIRST_MARK; code <= LAST_MARK; code++) {
    const mark = String.fromCodePoint(code);
    if (!used.has(mark)) return mark;
  }
  throw new RangeError('the request has every private character there is');
}

/** A value with every text in it changed, names of members too. */
export function mapTexts(json: Json, change: (text: string) => string): Json {
  if (typeof json === 'string') return change(json);
  if (isJsonArray(json)) return json.map((item) => mapTexts(item, change));
  if (!isJsonObject(json)) return json;
  return new Map([...json].map(([name, value]) => [change(name), mapTexts(value, change)]));
}
