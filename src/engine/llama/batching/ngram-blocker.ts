// no_repeat_ngram_size: which tokens would complete an n-gram that has occurred already (Hugging Face's rule).
import {HOLE, type Token} from '../../contract/prompt.ts';

/** Remembers each run of `size - 1` tokens with what followed it; a step costs O(size), not O(length). */
export class NgramBlocker {
  readonly #size: number;
  readonly #tail: Token[] = [];
  readonly #followers = new Map<string, Set<Token>>();

  constructor(size: number, tokens: readonly Token[]) {
    this.#size = size;
    for (const token of tokens) this.push(token);
  }

  /** The places of a medium are no tokens: they are skipped. */
  push(token: Token): void {
    if (token === HOLE) return;
    if (this.#tail.length === this.#size - 1) {
      const key = this.#tail.join(' ');
      const followers = this.#followers.get(key);
      if (followers) followers.add(token);
      else this.#followers.set(key, new Set([token]));
      this.#tail.shift();
    }
    if (this.#size > 1) this.#tail.push(token);
  }

  /** The tokens that must not come next. */
  blocked(): ReadonlySet<Token> {
    if (this.#tail.length < this.#size - 1) return new Set();
    return this.#followers.get(this.#tail.join(' ')) ?? new Set();
  }
}
