// The bodies of llama-server's native /completion and /infill as calls.
import {z} from 'zod';
import {isJsonArray, isJsonNumber, type Json} from '../../base/json.ts';
import type {ResponseFormat, Token} from '../../engine/contract/requests.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import {BIAS, rowOf, TOKEN_ID} from '../../engine/contract/sampling-table.ts';
import {Fields} from '../../engine/wire/fields.ts';
import {readSampling} from '../../engine/wire/read-sampling.ts';
import {knownFields} from './known-fields.ts';
import {formFields, readForm} from './read-form.ts';
import {numberField, samplingFields} from './sampling-schema.ts';

const tokenId = z.int().min(0);
const BiasSchema = z.union([z.number(), z.literal(false)]).nullish();

const {logit_bias: _map, ...shared} = samplingFields;

/** What /completion and /infill have in common; fields that only tune llama.cpp's own samplers are ignored. */
const nativeFields = {
  ...shared,
  ...formFields,
  n_predict: numberField(rowOf('maxTokens'), '-1 is up to the context limit, 0 only evaluates the prompt'),
  n_probs: z.int().min(0).max(20).nullish().describe('log-probabilities of this many alternatives'),
  n_cmpl: z.int().min(1).max(128).nullish().describe('answers; more than one come as a list'),
  logit_bias: z
    .union([z.array(z.tuple([tokenId, BiasSchema])), z.record(z.string().regex(TOKEN_ID), BiasSchema)])
    .nullish()
    .describe('token id and a number added to its logit; false is never'),
  stream: z.boolean().nullish(),
  id_slot: z.int().min(-1).nullish().describe('a slot to prefer'),
  cache_prompt: z.boolean().nullish().describe('accepted; the cache is always used'),
  return_tokens: z.boolean().nullish(),
  t_max_predict_ms: z.int().min(0).nullish().describe('ends the answer after this time, once it has a line'),
};

export const NativeCompletionSchema = z.object({
  prompt: z.union([z.string(), z.array(z.union([z.string(), tokenId]))]),
  parse_special: z
    .boolean()
    .nullish()
    .describe('names of control tokens in the prompt are these tokens (default: true)'),
  ...nativeFields,
});

export const InfillRequestSchema = z.object({
  input_prefix: z.string().describe('the code before the gap'),
  input_suffix: z.string().describe('the code after it'),
  input_extra: z
    .array(z.object({text: z.string(), filename: z.string().nullish()}))
    .nullish()
    .describe('other files, the most useful last; left out where the context is too small'),
  prompt: z.string().nullish().describe('more text between the prefix and the gap'),
  ...nativeFields,
});

/** What every native route is asked for. */
export interface NativeCall {
  readonly sampling: SamplingParams;
  /** The form each answer must have. */
  readonly responseFormat: ResponseFormat | undefined;
  /** Answers. */
  readonly n: number;
  readonly stream: boolean;
  /** The slot to prefer; -1 is any. */
  readonly slot: number;
  readonly returnTokens: boolean;
  /** Whether the log-probabilities of the tokens are returned. */
  readonly probabilities: boolean;
  /** Ends an answer that has a line after this time, in milliseconds; 0 is no limit. */
  readonly timeLimitMs: number;
}

export interface NativeCompletionCall extends NativeCall {
  /** A text, or texts and token ids mixed. */
  readonly prompt: string | readonly (string | Token)[];
  /** Whether names of control tokens in a text are these tokens. */
  readonly parseSpecial: boolean;
}

/** Another file that is shown to the model. */
export interface ExtraFile {
  readonly text: string;
  readonly filename: string | undefined;
}

export interface InfillCall extends NativeCall {
  /** The code before the gap. */
  readonly prefix: string;
  /** The code after it. */
  readonly suffix: string;
  /** The most useful one last. */
  readonly extras: readonly ExtraFile[];
  /** Room to leave for the answer, in tokens. */
  readonly answerLength: number;
}

const NAMES = {maxTokens: ['n_predict', 'max_tokens']};

/** llama.cpp's bias has false for never, may lie beyond OpenAI's range and may be a list of pairs. */
function readLogitBias(fields: Fields): ReadonlyMap<Token, number> | undefined {
  const bias = fields.get('logit_bias');
  if (bias === undefined) return undefined;
  const pairs = isJsonArray(bias) ? new Map(bias.map((pair) => pairOf(pair))) : bias;
  const values = new Fields(pairs, fields.pathOf('logit_bias'), fields.context);
  return new Map(
    values.names().flatMap((id) => {
      const value = values.get(id) === false ? BIAS.min : values.number(id, {});
      return value === undefined ? [] : [[Number(id), Math.max(BIAS.min, Math.min(BIAS.max, value))] as const];
    }),
  );
}

function pairOf(json: Json): readonly [id: string, value: Json] {
  const [id, value = null] = isJsonArray(json) ? json : [];
  return [isJsonNumber(id) ? String(Number(id.source)) : '', value];
}

function readNative(fields: Fields, defaults: SamplingParams): NativeCall {
  const alternatives = fields.integer('n_probs') ?? 0;
  const returnTokens = fields.boolean('return_tokens') ?? false;
  const logitBias = readLogitBias(fields);
  return {
    sampling: {
      ...readSampling(fields.without('logit_bias'), defaults, NAMES),
      ...(logitBias && {logitBias}),
      ...((alternatives > 0 || returnTokens) && {topLogprobs: alternatives}),
    },
    responseFormat: readForm(fields),
    n: fields.integer('n_cmpl') ?? 1,
    stream: fields.boolean('stream') ?? false,
    slot: fields.integer('id_slot') ?? -1,
    returnTokens,
    probabilities: alternatives > 0,
    timeLimitMs: fields.integer('t_max_predict_ms') ?? 0,
  };
}

/** llama-server mixes texts and ids. */
function readPrompt(json: Json | undefined): NativeCompletionCall['prompt'] {
  if (!isJsonArray(json)) return typeof json === 'string' ? json : [];
  return json.flatMap((part): (string | Token)[] => {
    if (typeof part === 'string') return [part];
    return isJsonNumber(part) ? [Number(part.source)] : [];
  });
}

/** @throws EngineError with the parameter's path. */
export function readNativeCompletion(json: Json, defaults: SamplingParams): NativeCompletionCall {
  const fields = knownFields(json, NativeCompletionSchema);
  return {
    ...readNative(fields, defaults),
    prompt: readPrompt(fields.get('prompt')),
    parseSpecial: fields.boolean('parse_special') ?? true,
  };
}

/** @throws EngineError with the parameter's path. */
export function readInfill(json: Json, defaults: SamplingParams): InfillCall {
  const fields = knownFields(json, InfillRequestSchema);
  const extras = fields.list('input_extra') ?? [];
  return {
    ...readNative(fields, defaults),
    prefix: fields.requiredString('input_prefix') + (fields.string('prompt') ?? ''),
    suffix: fields.requiredString('input_suffix'),
    extras: extras.map((item, index) => {
      const extra = new Fields(item, `input_extra[${index}]`, fields.context);
      return {text: extra.requiredString('text'), filename: extra.string('filename')};
    }),
    answerLength: Math.max(0, fields.integer('n_predict') ?? 0),
  };
}
