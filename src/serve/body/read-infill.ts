// The bodies of llama-server's native /completion and /infill as calls.
import {z} from 'zod';
import {EngineError} from '../../base/errors.ts';
import type {Json} from '../../base/json.ts';
import type {ResponseFormat} from '../../engine/contract/requests.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import {rowOf} from '../../engine/contract/sampling-table.ts';
import {Fields} from '../../engine/wire/fields.ts';
import {readSampling} from '../../engine/wire/read-sampling.ts';
import {knownFields} from './known-fields.ts';
import {formFields, readForm} from './read-form.ts';
import {anyBias, numberField, samplingFields} from './sampling-schema.ts';
import {type RawPrompt, RawPromptsSchema, readRawPrompts} from './shared/read-prompt.ts';

/** What /completion and /infill have in common; fields that only tune llama.cpp's own samplers are ignored. */
const nativeFields = {
  ...samplingFields,
  ...formFields,
  n_predict: numberField(rowOf('maxTokens'), '-1 is up to the context limit, 0 only evaluates the prompt'),
  n_probs: z.int().min(0).max(20).nullish().describe('log-probabilities of this many alternatives'),
  n_cmpl: z.int().min(1).max(128).nullish().describe('answers; more than one come as a list'),
  logit_bias: anyBias,
  post_sampling_probs: z.boolean().nullish().describe('probabilities behind the sampling, as prob instead of logprob'),
  timings_per_token: z.boolean().nullish().describe('each event of a stream has the timings'),
  return_progress: z.boolean().nullish().describe('a stream tells how much of the prompt is read'),
  response_fields: z
    .array(z.string().min(1))
    .max(100)
    .nullish()
    .describe('paths such as generation_settings/n_predict: the reply has these alone, by their paths'),
  stream: z.boolean().nullish(),
  id_slot: z.int().min(-1).nullish().describe('a slot to prefer'),
  cache_prompt: z.boolean().nullish().describe('accepted; the cache is always used'),
  return_tokens: z.boolean().nullish(),
  t_max_predict_ms: z.int().min(0).nullish().describe('ends the answer after this time, once it has a line'),
};

export const NativeCompletionSchema = z.object({
  prompt: RawPromptsSchema,
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
  /** They are those behind the sampling. */
  readonly afterSampling: boolean;
  /** Whether each event of a stream has the timings. */
  readonly timingsPerToken: boolean;
  /** Whether a stream tells how much of the prompt is read. */
  readonly progress: boolean;
  /** Paths of what the reply has; empty: all of it. */
  readonly responseFields: readonly string[];
  /** Ends an answer that has a line after this time, in milliseconds; 0 is no limit. */
  readonly timeLimitMs: number;
}

export interface NativeCompletionCall extends NativeCall {
  /** Each is answered. */
  readonly prompts: readonly RawPrompt[];
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

function readNative(fields: Fields, defaults: SamplingParams): NativeCall {
  const alternatives = fields.integer('n_probs') ?? 0;
  const afterSampling = fields.boolean('post_sampling_probs') ?? false;
  const returnTokens = fields.boolean('return_tokens') ?? false;
  const stream = fields.boolean('stream') ?? false;
  const responseFormat = readForm(fields);
  if (alternatives > 0 && afterSampling && responseFormat) {
    const message = 'beside a form of the answer the probabilities are those before sampling';
    throw new EngineError('unsupported', `'post_sampling_probs' is not supported: ${message}`, {
      param: 'post_sampling_probs',
    });
  }
  return {
    sampling: {
      ...readSampling(fields, defaults, NAMES, {isClamped: true}),
      ...(alternatives > 0 && {topLogprobs: alternatives}),
      ...(alternatives > 0 && afterSampling && {afterSampling}),
      // A stream tells the ids in any case, as llama-server's does.
      ...((returnTokens || stream) && {returnTokens: true}),
    },
    responseFormat,
    n: fields.integer('n_cmpl') ?? 1,
    stream,
    slot: fields.integer('id_slot') ?? -1,
    returnTokens,
    probabilities: alternatives > 0,
    afterSampling,
    timingsPerToken: fields.boolean('timings_per_token') ?? false,
    progress: fields.boolean('return_progress') ?? false,
    responseFields: (fields.list('response_fields') ?? []).filter((path) => typeof path === 'string'),
    timeLimitMs: fields.integer('t_max_predict_ms') ?? 0,
  };
}

/** @throws EngineError with the parameter's path. */
export function readNativeCompletion(json: Json, defaults: SamplingParams): NativeCompletionCall {
  const fields = knownFields(json, NativeCompletionSchema);
  return {
    ...readNative(fields, defaults),
    prompts: readRawPrompts(fields.get('prompt'), 'prompt'),
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
