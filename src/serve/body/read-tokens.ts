// The bodies of requests that write nothing as calls: /tokenize, /detokenize, and embeddings.
import {z} from 'zod';
import {EngineError} from '../../base/errors.ts';
import {isJsonNumber, type Json} from '../../base/json.ts';
import type {Token} from '../../engine/contract/requests.ts';
import {knownFields} from './known-fields.ts';
import {type CompletionPrompt, PromptsSchema, readPrompts} from './read-completion.ts';

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

/** OpenAI's own limit for one request. */
const MAX_INPUTS = 2048;

export const EmbeddingsRequestSchema = z.object({
  input: PromptsSchema,
  model: z.string().nullish().describe('any name; the loaded model answers'),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.int().min(1).nullish().describe("refused: a vector has the model's own length"),
  user: z.string().nullish(),
});

export interface EmbeddingsCall {
  readonly inputs: readonly CompletionPrompt[];
  /** Vectors as base64 of little-endian floats of 32 bits, which OpenAI's clients ask for. */
  readonly isBase64: boolean;
}

/** @throws EngineError `unsupported` with the parameter's name. */
export function readEmbeddings(json: Json): EmbeddingsCall {
  const fields = knownFields(json, EmbeddingsRequestSchema);
  const inputs = readPrompts(fields, 'input');
  const refuse = (message: string, param: string): never => {
    throw new EngineError('unsupported', message, {param});
  };
  if (fields.get('dimensions') !== undefined)
    refuse("a vector has the model's own length; leave out 'dimensions'", 'dimensions');
  if (inputs.length > MAX_INPUTS) refuse(`more than ${MAX_INPUTS} texts in one request`, 'input');
  return {inputs, isBase64: fields.string('encoding_format') === 'base64'};
}
