// Cuts text into the pieces tekken merges within: its published pattern as a scanner that is linear for any input.
import {CASELESS, characterClass, LOWER, MARK, NEWLINE, NUMBER, OTHER, SPACE, UPPER} from './character-class.ts';

/**
 * The pattern of every published tekken.json. Regular expression engines back up over it (llama.cpp's overflows its
 * stack on 30,000 letters), so it is written out below; its seven branches are tried in this order.
 */
export const TEKKEN_PATTERN =
  '[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+' +
  '|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*' +
  '|\\p{N}' +
  '| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*' +
  '|\\s*[\\r\\n]+' +
  '|\\s+(?!\\S)' +
  '|\\s+';

const SPACE_BYTE = 0x20;
const SLASH = 0x2f;

/** Walks over UTF-8 text. `text` must be valid UTF-8. */
export class TekkenSplitter {
  readonly #text: Uint8Array;
  /** Class and end of the character last looked at: two results without an object per character. */
  #kind = 0;
  #after = 0;

  constructor(text: Uint8Array) {
    this.#text = text;
  }

  /** Where the piece that begins at `start` ends. `start` is before the end of the text. */
  end(start: number): number {
    this.#look(start);
    const kind = this.#kind;
    const second = this.#after;
    const isSpace = kind === SPACE || kind === NEWLINE;
    if (kind !== NEWLINE && kind !== NUMBER) {
      const word = this.#word(start, kind, second);
      if (word > 0) return word;
    }
    if (kind === NUMBER) return second;
    if (!isSpace) return this.#symbols(second);
    if (this.#text[start] === SPACE_BYTE && this.#isSymbol(second)) return this.#symbols(this.#after);
    return this.#spaces(start);
  }

  /** Branches 1 and 2: letters, possibly with one other character in front. 0 when neither matches. */
  #word(start: number, kind: number, second: number): number {
    const isLetter = kind === UPPER || kind === LOWER || kind === CASELESS;
    if (isLetter) return this.#letters(start, true);
    if (kind !== MARK) return this.#letters(second, true);
    // A mark may stand in front or be the first letter: the first branch tries both before the second branch is asked.
    return this.#letters(second, false) || second;
  }

  /**
   * `[upper]*[lower]+` from `start`, else (with `upperAlone`) `[upper]+`; 0 when neither matches. Caseless letters and
   * marks are in both sets: when no lower case letter follows, the first branch backs up to the last of them.
   */
  #letters(start: number, upperAlone: boolean): number {
    let at = start;
    let lastOfBoth = 0;
    for (this.#look(at); this.#kind === UPPER || this.#inBoth(); this.#look(at)) {
      at = this.#after;
      if (this.#inBoth()) lastOfBoth = at;
    }
    if (this.#kind !== LOWER) return lastOfBoth || (upperAlone && at > start ? at : 0);
    while (this.#kind === LOWER || this.#inBoth()) {
      at = this.#after;
      this.#look(at);
    }
    return at;
  }

  #inBoth(): boolean {
    return this.#kind === CASELESS || this.#kind === MARK;
  }

  #isSymbol(at: number): boolean {
    this.#look(at);
    return this.#kind === OTHER || this.#kind === MARK;
  }

  /** Rest of branch 4, behind its first symbol. */
  #symbols(from: number): number {
    let at = from;
    while (this.#isSymbol(at)) at = this.#after;
    while (this.#kind === NEWLINE || this.#text[at] === SLASH) {
      at = this.#after;
      this.#look(at);
    }
    return at;
  }

  /** Branches 5 to 7: up to the last newline, else all but the space a following word takes, else all. */
  #spaces(start: number): number {
    let at = start;
    let beforeLast = start;
    let afterNewline = 0;
    for (this.#look(at); this.#kind === SPACE || this.#kind === NEWLINE; this.#look(at)) {
      beforeLast = at;
      at = this.#after;
      if (this.#kind === NEWLINE) afterNewline = at;
    }
    if (afterNewline > 0) return afterNewline;
    const atEnd = at === this.#text.length;
    return atEnd || beforeLast === start ? at : beforeLast;
  }

  #look(at: number): void {
    const text = this.#text;
    if (at >= text.length) {
      this.#kind = 0;
      this.#after = at;
      return;
    }
    const first = text[at] as number;
    if (first < 0x80) {
      this.#after = at + 1;
      this.#kind = characterClass(first);
      return;
    }
    const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    let codePoint = first & (0xff >> (length + 1));
    for (let i = 1; i < length; i++) codePoint = (codePoint << 6) | ((text[at + i] as number) & 0x3f);
    this.#after = at + length;
    this.#kind = characterClass(codePoint);
  }
}
