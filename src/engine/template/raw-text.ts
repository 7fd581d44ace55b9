// Text that a frontend has put into its own template: control tokens stand in it by their names, and are read as such.
import type {Steps} from '../../base/in-turns.ts';
import type {Token} from '../contract/requests.ts';
import type {Tokenizer} from '../contract/tokenizer.ts';
import {SpecialTexts} from './foreign/marked-text.ts';

const KNOWN = new WeakMap<Tokenizer, SpecialTexts>();
/** Parts between two pauses. */
const STEP = 512;

/**
 * The ids of a text that is cut at control tokens and at pieces that were added to the vocabulary, of two at one place at the
 * longer. Each stretch of text is encoded by itself, as llama.cpp does.
 */
export function* rawTextSteps(text: string, tokenizer: Tokenizer): Steps<Token[]> {
  const specials = KNOWN.get(tokenizer) ?? new SpecialTexts(tokenizer.specials.keys());
  KNOWN.set(tokenizer, specials);
  const tokens: Token[] = [];
  let count = 0;
  for (const part of specials.parts(text)) {
    if (part === undefined || count++ % STEP === 0) yield;
    if (part === undefined) continue;
    if ('text' in part) for (const token of yield* tokenizer.encodeSteps(part.text)) tokens.push(token);
    else {
      const id = tokenizer.specials.get(part.special);
      if (id !== undefined) tokens.push(id);
    }
  }
  return tokens;
}
