// Text that a frontend has put into its own template: control tokens stand in it by their names, and are read as such.
import type {Token} from '../contract/requests.ts';
import type {Tokenizer} from '../contract/tokenizer.ts';
import {freshMark, type Part, SpecialTexts} from './foreign/marked-text.ts';

const KNOWN = new WeakMap<Tokenizer, SpecialTexts>();

/** The text cut at control tokens and at pieces that were added to the vocabulary, of two at one place at the longer. */
export function rawParts(text: string, tokenizer: Tokenizer): readonly Part[] {
  const specials = KNOWN.get(tokenizer) ?? new SpecialTexts(tokenizer.specials.keys());
  KNOWN.set(tokenizer, specials);
  return specials.split(text, freshMark([text]));
}

/** Each stretch of text is encoded by itself, as llama.cpp does. */
export function encodeParts(parts: readonly Part[], tokenizer: Tokenizer): Token[] {
  return parts.flatMap((part) => {
    if ('text' in part) return tokenizer.encode(part.text);
    const id = tokenizer.specials.get(part.special);
    return id === undefined ? [] : [id];
  });
}
