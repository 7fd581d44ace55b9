// A fill-in-the-middle request as token ids: the suffix stands first, the model goes on after the prompt.

import {type Token, type Tokenized, textPrompt} from '../../contract/prompt.ts';
import {Refusal} from '../../contract/refusal.ts';
import type {FIMRequest, TemplateVersion} from '../../contract/requests.ts';
import {TEMPLATES} from '../../contract/templates.ts';
import type {Tokenizer} from '../../contract/tokenizer.ts';

/**
 * BOS [SUFFIX] suffix [PREFIX] prompt.
 * @throws Refusal when the version or the vocabulary has no fill-in-the-middle. (mistral-common writes unknown tokens
 * for the v2 vocabulary, which lacks both markers; no model can have learnt that.)
 */
export function encodeFim(
  request: Pick<FIMRequest, 'prompt' | 'suffix'>,
  tokenizer: Tokenizer,
  version: TemplateVersion,
): Tokenized {
  if (TEMPLATES[version].fim === 'refused') {
    throw new Refusal('TokenizerException', `Template ${version} does not support fill-in-the-middle.`);
  }
  const suffixMarker = tokenizer.controlId('[SUFFIX]');
  const prefixMarker = tokenizer.controlId('[PREFIX]');
  if (suffixMarker === undefined || prefixMarker === undefined) {
    throw new Refusal('UnsupportedTokenizerFeatureException', 'This model has no fill-in-the-middle tokens.', {
      hint: 'Codestral models have them.',
    });
  }
  const suffix = encodeSuffix(request.suffix ?? '', tokenizer);
  const tokens = [tokenizer.bos, suffixMarker, ...suffix, prefixMarker, ...tokenizer.encode(request.prompt)];
  return {...textPrompt(tokens), version};
}

/** mistral-common encodes behind a "☺" of two tokens and cuts those off, so that no word mark starts the suffix. */
function encodeSuffix(suffix: string, tokenizer: Tokenizer): Token[] {
  return suffix === '' ? [] : tokenizer.encode(`☺${suffix}`).slice(2);
}
