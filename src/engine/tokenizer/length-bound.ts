// How few tokens a text can have, without encoding it: what is far too long is refused in no time.
import type {Tokenizer} from '../contract/tokenizer.ts';

/** UTF-16 units that are encoded in a few tenths of a second: then the exact number is the better answer. */
const QUICK = 1 << 18;

/** No token says more bytes of a text than the vocabulary's longest one: control tokens are named in raw prompts. */
export class LengthBound {
  readonly #tokenizer: Tokenizer;
  #longest: number | undefined;

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /** A number of tokens that the texts do not come below, or 0 when `limit` of them may well be enough. */
  atLeast(texts: readonly string[], limit: number): number {
    if (texts.reduce((sum, text) => sum + text.length, 0) <= QUICK) return 0;
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    this.#longest ??= longestToken(this.#tokenizer);
    const least = Math.ceil(bytes / this.#longest);
    return least > limit ? least : 0;
  }
}

function longestToken(tokenizer: Tokenizer): number {
  let longest = 1;
  for (const name of tokenizer.specials.keys()) longest = Math.max(longest, Buffer.byteLength(name));
  for (let token = 0; token < tokenizer.vocabSize; token++) longest = Math.max(longest, tokenizer.bytes(token).length);
  return longest;
}
