// How few tokens a text can have, without encoding it: what is far too long is refused in no time.
import type {Tokenizer} from '../contract/tokenizer.ts';

/** UTF-16 units that are encoded in a tenth of a second: then the exact number is the better answer. */
const QUICK = 1 << 18;

/** No token of a text says more bytes than the vocabulary's longest one. */
export class LengthBound {
  readonly #tokenizer: Tokenizer;
  #longest: number | undefined;

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /** A number of tokens that the texts do not come below, or 0 when `limit` of them may well be enough. */
  atLeast(texts: readonly string[], limit: number): number {
    if (texts.reduce((sum, text) => sum + text.length, 0) <= QUICK) return 0;
    // White space at the ends may be cut by a template.
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text.trim()), 0);
    this.#longest ??= longestToken(this.#tokenizer);
    const least = Math.ceil(bytes / this.#longest);
    return least > limit ? least : 0;
  }
}

function longestToken(tokenizer: Tokenizer): number {
  let longest = 1;
  for (let token = 0; token < tokenizer.vocabSize; token++) longest = Math.max(longest, tokenizer.bytes(token).length);
  return longest;
}
