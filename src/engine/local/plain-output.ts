// Generated ids as plain text, for continuation and fill-in-the-middle: control tokens say nothing.

import type {Token} from '../contract/requests.ts';
import type {TokenDecoder, Tokenizer} from '../contract/tokenizer.ts';
import type {OutputEvent} from '../template/parse/output-parser.ts';
import type {OutputReader} from './generate.ts';

export class PlainOutput implements OutputReader {
  readonly #decoder: TokenDecoder;

  /** The prompt tells whether the text goes on in mid-sentence: then a first word mark is a space. */
  constructor(tokenizer: Tokenizer, prompt: readonly Token[]) {
    this.#decoder = tokenizer.decoder();
    const last = prompt.at(-1);
    if (last !== undefined && !tokenizer.isControl(last)) this.#decoder.push(last);
  }

  push(token: Token): readonly OutputEvent[] {
    return asEvents(this.#decoder.push(token));
  }

  end<Reason>(reason: Reason): {events: readonly OutputEvent[]; reason: Reason} {
    return {events: asEvents(this.#decoder.end()), reason};
  }
}

function asEvents(text: string): readonly OutputEvent[] {
  return text === '' ? [] : [{type: 'text', text}];
}
