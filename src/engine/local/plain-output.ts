// Generated ids as plain text, for continuation and fill-in-the-middle: control tokens say nothing.

import type {Token} from '../contract/requests.ts';
import type {TokenDecoder, Tokenizer} from '../contract/tokenizer.ts';
import {answerDecoder} from '../template/parse/answer-decoder.ts';
import type {OutputEvent} from '../template/parse/output-parser.ts';
import type {OutputReader} from './generate.ts';

export class PlainOutput implements OutputReader {
  readonly #decoder: TokenDecoder;

  /** The prompt tells whether the text goes on in mid-sentence: then a first word mark is a space. */
  constructor(tokenizer: Tokenizer, prompt: readonly Token[]) {
    this.#decoder = answerDecoder(prompt, tokenizer);
  }

  push(token: Token): readonly OutputEvent[] {
    return asEvents(this.#decoder.push(token));
  }

  /** An answer ends at a whole character: what is left in the decoder is a part of one. */
  end<Reason>(reason: Reason): {events: readonly OutputEvent[]; reason: Reason} {
    return {events: [], reason};
  }
}

function asEvents(text: string): readonly OutputEvent[] {
  return text === '' ? [] : [{type: 'text', text}];
}
