// Token ids that come from or go to a client.
import {EngineError} from '../../base/errors.ts';
import {atOnce, type Steps} from '../../base/in-turns.ts';
import {HOLE, type Token} from '../../engine/contract/prompt.ts';
import type {Tokenizer} from '../../engine/contract/tokenizer.ts';
import {rawTextSteps} from '../../engine/template/raw-text.ts';

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

/** Tokens between two pauses. */
const STEP = 1024;

/** The text a prompt was made of, control tokens by their names; media have none. */
export function* promptTextSteps(tokens: readonly Token[], tokenizer: Tokenizer): Steps<string> {
  let text = '';
  let decoder = tokenizer.decoder();
  for (const [index, token] of tokens.entries()) {
    if (index % STEP === 0) yield;
    if (token === HOLE) continue;
    if (tokenizer.isControl(token)) {
      text += decoder.end() + tokenizer.piece(token);
      decoder = tokenizer.decoder();
    } else text += decoder.push(token);
  }
  return text + decoder.end();
}

/** The same without a pause, for a prompt that a context holds. */
export function promptText(tokens: readonly Token[], tokenizer: Tokenizer): string {
  return atOnce(promptTextSteps(tokens, tokenizer));
}

/** The ids of a text, without BOS; `parseSpecial`: names of control tokens are these tokens. */
export function textSteps(text: string, tokenizer: Tokenizer, parseSpecial: boolean): Steps<Token[]> {
  return parseSpecial ? rawTextSteps(text, tokenizer) : tokenizer.encodeSteps(text);
}

/** A list as JSON, for replies that hold one of a million items. */
export function* jsonListSteps<Item>(items: readonly Item[], json: (item: Item) => unknown): Steps<string> {
  const parts: string[] = [];
  for (let from = 0; from < items.length; from += STEP) {
    parts.push(JSON.stringify(items.slice(from, from + STEP).map(json)).slice(1, -1));
    yield;
  }
  return `[${parts.join(',')}]`;
}
