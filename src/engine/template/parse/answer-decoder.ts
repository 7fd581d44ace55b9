// The text of an answer, token by token: whether a first word mark is a space depends on what stands before it.
import type {Token} from '../../contract/requests.ts';
import type {TokenDecoder, Tokenizer} from '../../contract/tokenizer.ts';

/** A decoder that has seen the end of the prompt: where a text is gone on with, a first word mark is a space. */
export function answerDecoder(prompt: readonly Token[], tokenizer: Tokenizer): TokenDecoder {
  const decoder = tokenizer.decoder();
  const last = prompt.at(-1);
  if (last !== undefined && !tokenizer.isControl(last)) decoder.push(last);
  return decoder;
}

/** What each token of an answer adds to its text, in the order they came. */
export function answerSpeller(prompt: readonly Token[], tokenizer: Tokenizer): (token: Token) => string {
  const decoder = answerDecoder(prompt, tokenizer);
  return (token) => (tokenizer.isControl(token) ? '' : decoder.push(token));
}
