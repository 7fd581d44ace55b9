// The bodies of /tokenize and /detokenize as calls.
import {z} from 'zod';
import {isJsonNumber, type Json} from '../../base/json.ts';
import type {Token} from '../../engine/contract/requests.ts';
import {knownFields} from './known-fields.ts';

export const TokenizeRequestSchema = z.object({
  content: z.string(),
  add_special: z.boolean().nullish().describe('puts the begin-of-text token in front'),
  parse_special: z.boolean().nullish().describe('names of control tokens are these tokens (default: true)'),
  with_pieces: z.boolean().nullish(),
});

export interface TokenizeCall {
  readonly text: string;
  /** Whether the begin-of-text token stands in front. */
  readonly addSpecial: boolean;
  /** Whether names of control tokens are these tokens. */
  readonly parseSpecial: boolean;
  /** Whether each id comes with its text. */
  readonly withPieces: boolean;
}

/** @throws EngineError with the parameter's path. */
export function readTokenize(json: Json): TokenizeCall {
  const fields = knownFields(json, TokenizeRequestSchema);
  return {
    text: fields.requiredString('content'),
    addSpecial: fields.boolean('add_special') ?? false,
    parseSpecial: fields.boolean('parse_special') ?? true,
    withPieces: fields.boolean('with_pieces') ?? false,
  };
}

export const DetokenizeRequestSchema = z.object({tokens: z.array(z.int().min(0))});

/** The ids to decode. @throws EngineError with the parameter's path. */
export function readDetokenize(json: Json): readonly Token[] {
  const fields = knownFields(json, DetokenizeRequestSchema);
  const tokens = fields.list('tokens') ?? fields.missing('tokens');
  return tokens.flatMap((token) => (isJsonNumber(token) ? [Number(token.source)] : []));
}
