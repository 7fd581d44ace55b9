// A stream of text by whole sentences, for screen readers: what is read aloud is never half a word.

/** Characters without any end of a sentence after which a text is cut between two words, or anywhere. */
const LONGEST = 400;
const LONGEST_WORD = 4 * LONGEST;

/** These end a sentence before a space, behind the quotes and brackets that close it; the wide ones end it at once. */
const STOPS = '.!?…';
const CLOSERS = '"\'”’»)]*_';
const WIDE_STOPS = '。！？';
const WIDE_CLOSERS = '"\'”’»）」』]*';

/** Holds text back until a sentence ends. It looks at each character once, and never at a clock. */
export class Sentences {
  #held = '';
  /** What the characters so far end with. */
  #after: 'text' | 'stop' | 'wide stop' = 'text';
  /** Behind the last space of what is held; 0 for none. */
  #wordStart = 0;

  /** Takes more text; returns what is whole now, possibly nothing. */
  push(text: string): string {
    const before = this.#held.length;
    let end = 0;
    for (let index = 0; index < text.length; index++) {
      const sign = text[index] as string;
      end = this.#endAt(sign, before + index) ?? end;
      if (sign === ' ') this.#wordStart = before + index + 1;
    }
    // What closes after it was written belongs to the next part.
    if (this.#after === 'wide stop') this.#after = 'text';
    this.#held += text;
    const held = this.#held.length;
    if (end === 0 && held > LONGEST) end = this.#wordStart;
    if (end === 0 && held > LONGEST_WORD) end = /[\ud800-\udbff]$/.test(text) ? held - 1 : held;
    if (end === 0) return '';
    const whole = this.#held.slice(0, end);
    this.#held = this.#held.slice(end);
    this.#wordStart = Math.max(0, this.#wordStart - end);
    return whole;
  }

  /** Where a sentence ends by this character at `index`; undefined where none does. */
  #endAt(sign: string, index: number): number | undefined {
    const after = this.#after;
    this.#after = 'text';
    if (sign === '\n') return index + 1;
    if (WIDE_STOPS.includes(sign) || (after === 'wide stop' && WIDE_CLOSERS.includes(sign))) {
      this.#after = 'wide stop';
      return index + 1;
    }
    if (STOPS.includes(sign) || (after === 'stop' && CLOSERS.includes(sign))) this.#after = 'stop';
    return after === 'stop' && /\s/.test(sign) ? index : undefined;
  }

  /** What is left when the text ends. */
  end(): string {
    const rest = this.#held;
    this.#held = '';
    this.#after = 'text';
    this.#wordStart = 0;
    return rest;
  }
}
