// The bodies of requests for embeddings: OpenAI's, llama-server's and Ollama's two.
import {z} from 'zod';
import {EngineError} from '../../base/errors.ts';
import type {Json} from '../../base/json.ts';
import type {Fields} from '../../engine/wire/fields.ts';
import {knownFields} from '../body/known-fields.ts';
import {type CompletionPrompt, PromptsSchema, readPrompts} from '../body/shared/read-prompt.ts';

/** OpenAI's own limit for one request. */
const MAX_INPUTS = 2048;

const model = z.string().nullish().describe('any name; the loaded model answers');
const dimensions = z.int().min(1).nullish().describe("refused: a vector has the model's own length");

export const EmbeddingsRequestSchema = z.object({
  input: PromptsSchema,
  model,
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions,
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
  refuseDimensions(fields);
  const inputs = limited(readPrompts(fields.get('input')), 'input');
  return {inputs, isBase64: fields.string('encoding_format') === 'base64'};
}

export const LlamaEmbeddingsRequestSchema = z.object({
  input: PromptsSchema.nullish(),
  content: PromptsSchema.nullish().describe('the older name of input'),
  encoding_format: z
    .enum(['float', 'base64'])
    .nullish()
    .describe('figures in either case, as llama-server writes them'),
  embd_normalize: z.int().nullish().describe('2: a vector has length 1'),
  model,
});

/** `param`: which of the two fields the inputs stand in. @throws EngineError with the parameter's name. */
export function readLlamaEmbeddings(json: Json): {inputs: readonly CompletionPrompt[]; param: string} {
  const fields = knownFields(json, LlamaEmbeddingsRequestSchema);
  const param = fields.get('input') === undefined ? 'content' : 'input';
  if (fields.get(param) === undefined) {
    throw new EngineError('invalid_request', "give the texts in 'input' or 'content'", {param: 'input'});
  }
  if ((fields.integer('embd_normalize') ?? 2) !== 2) refuse('a vector has length 1: only 2 is done', 'embd_normalize');
  return {inputs: limited(readPrompts(fields.get(param)), param), param};
}

const ofOllama = {
  model,
  options: z.record(z.string(), z.unknown()).nullish().describe('none of them changes a vector'),
  keep_alive: z.union([z.number(), z.string()]).nullish().describe('the model stays loaded whatever it says'),
};

export const OllamaEmbedRequestSchema = z.object({
  ...ofOllama,
  input: z.union([z.string(), z.array(z.string())]).nullish(),
  dimensions,
});

export const OllamaEmbeddingsRequestSchema = z.object({...ofOllama, prompt: z.string().nullish()});

export interface OllamaEmbedCall {
  /** The name the reply repeats. */
  readonly model: string | undefined;
  /** None: Ollama answers an empty text with no vector. */
  readonly texts: readonly string[];
}

/** @throws EngineError `unsupported` with the parameter's name. */
export function readOllamaEmbed(json: Json): OllamaEmbedCall {
  const fields = knownFields(json, OllamaEmbedRequestSchema);
  refuseDimensions(fields);
  const input = fields.get('input');
  const texts = [input ?? []].flat().filter((one) => typeof one === 'string');
  return {model: fields.string('model'), texts: input === '' ? [] : limited(texts, 'input')};
}

export function readOllamaEmbeddings(json: Json): OllamaEmbedCall {
  const fields = knownFields(json, OllamaEmbeddingsRequestSchema);
  const prompt = fields.string('prompt') ?? '';
  return {model: fields.string('model'), texts: prompt === '' ? [] : [prompt]};
}

function refuseDimensions(fields: Fields): void {
  if (fields.get('dimensions') === undefined) return;
  refuse("a vector has the model's own length; leave out 'dimensions'", 'dimensions');
}

function limited<T>(inputs: readonly T[], param: string): readonly T[] {
  if (inputs.length > MAX_INPUTS) refuse(`more than ${MAX_INPUTS} texts in one request`, param);
  return inputs;
}

function refuse(message: string, param: string): never {
  throw new EngineError('unsupported', message, {param});
}
