// Token ids that come from or go to a client.
import {EngineError} from '../../base/errors.ts';
import {HOLE, type Token} from '../../engine/contract/prompt.ts';
import type {Tokenizer} from '../../engine/contract/tokenizer.ts';
import {encodeParts, rawParts} from '../../engine/template/raw-text.ts';

/** @throws EngineError for an id the vocabulary lacks. */
export function checkTokens(tokens: readonly Token[], {vocabSize}: Tokenizer, param: string): void {
  const wrong = tokens.findIndex((token) => token >= vocabSize);
  if (wrong === -1) return;
  throw new EngineError('invalid_request', `there is no token ${tokens[wrong]}; the vocabulary has ${vocabSize}`, {
    param: `${param}[${wrong}]`,
  });
}

const decoder = new TextDecoder();

/** A token's own text: a control token by its name, a part of a character as U+FFFD. */
export function tokenText(token: Token, tokenizer: Tokenizer): string {
  return tokenizer.isControl(token) ? tokenizer.piece(token) : decoder.decode(tokenizer.bytes(token));
}

/** The text a prompt was made of, control tokens by their names; media have none. */
export function promptText(tokens: readonly Token[], tokenizer: Tokenizer): string {
  let text = '';
  let decoder = tokenizer.decoder();
  for (const token of tokens) {
    if (token === HOLE) continue;
    if (tokenizer.isControl(token)) {
      text += decoder.end() + tokenizer.piece(token);
      decoder = tokenizer.decoder();
    } else text += decoder.push(token);
  }
  return text + decoder.end();
}

/** The ids of a text, without BOS; `parseSpecial`: names of control tokens are these tokens. */
export function encodeText(text: string, tokenizer: Tokenizer, parseSpecial: boolean): Token[] {
  return parseSpecial ? encodeParts(rawParts(text, tokenizer), tokenizer) : tokenizer.encode(text);
}
