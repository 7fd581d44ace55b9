// SPM tokens to text as they come.
import type {Token} from '../../contract/requests.ts';
import type {TokenDecoder, Tokenizer} from '../../contract/tokenizer.ts';
import {Utf8Stream} from '../utf8-stream.ts';

type WordMarking = Tokenizer & {startsWithWordMark(token: Token): boolean};

/**
 * SentencePiece's rules: control tokens give nothing; the first token that gives text loses one leading word mark, the
 * dummy prefix, if it has one (a byte piece or <unk> has none); later tokens keep theirs; each byte that is no character becomes U+FFFD.
 */
export class SpmDecoder implements TokenDecoder {
  readonly #tokenizer: WordMarking;
  readonly #stream = new Utf8Stream('byte');
  #dropsPrefix: boolean;

  constructor(tokenizer: WordMarking, dummyPrefix: boolean) {
    this.#tokenizer = tokenizer;
    this.#dropsPrefix = dummyPrefix;
  }

  push(token: Token): string {
    const bytes = this.#tokenizer.bytes(token);
    if (this.#tokenizer.isControl(token)) return this.#stream.flush();
    const drop = this.#dropsPrefix && this.#tokenizer.startsWithWordMark(token);
    this.#dropsPrefix = false;
    return this.#stream.push(drop ? bytes.subarray(1) : bytes);
  }

  end(): string {
    return this.#stream.flush();
  }
}
