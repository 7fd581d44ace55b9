// A stream of text by whole sentences, for screen readers: what is read aloud is never half a word.

/** Characters without any end of a sentence after which a text is cut between two words. */
const LONGEST = 400;

/** A line end; or a full stop (Latin ones only before a space) with the quotes and brackets that close behind it. */
const END = /\n|[。！？]["'”’»）」』]*|[.!?…]+["'”’»)\]*_]*(?=\s)/g;

/** Holds text back until a sentence ends. It looks at the text alone, never at a clock. */
export class Sentences {
  #held = '';

  /** Takes more text; returns what is whole now, possibly nothing. */
  push(text: string): string {
    this.#held += text;
    let end = 0;
    for (const match of this.#held.matchAll(END)) end = match.index + match[0].length;
    if (end === 0 && this.#held.length > LONGEST) end = this.#held.lastIndexOf(' ') + 1;
    const whole = this.#held.slice(0, end);
    this.#held = this.#held.slice(end);
    return whole;
  }

  /** What is left when the text ends. */
  end(): string {
    const rest = this.#held;
    this.#held = '';
    return rest;
  }
}
