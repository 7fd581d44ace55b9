// The bodies of three older servers as calls: the Truss chat, mistral-docker-api and the Codestral Mamba server.
import {z} from 'zod';
import type {Json} from '../../base/json.ts';
import type {ChatCompletionRequest} from '../../engine/contract/requests.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import {rowOf} from '../../engine/contract/sampling-table.ts';
import {readMessages} from '../../engine/wire/read-request.ts';
import {readSampling} from '../../engine/wire/read-sampling.ts';
import {ChatRequestSchema} from '../body/chat-schema.ts';
import {knownFields} from '../body/known-fields.ts';
import {numberField} from '../body/sampling-schema.ts';

const {messages, temperature, top_p, top_k, repetition_penalty, no_repeat_ngram_size, stream, stop, seed, max_tokens} =
  ChatRequestSchema.shape;

/** A conversation to answer. */
export interface PredictCall {
  readonly request: ChatCompletionRequest;
  readonly stream: boolean;
}

/** The original's defaults; its README names the cap max_tokens, its code read max_new_tokens only. */
const PREDICT_DEFAULTS: SamplingParams = {
  temperature: 1,
  maxTokens: 512,
  topP: 0.95,
  topK: 50,
  repeatPenalty: 1,
  noRepeatNgramSize: 0,
};
const PREDICT_NAMES = {maxTokens: ['max_new_tokens', 'max_tokens']};
/** The original's limit, too. */
const predictMaxTokens = numberField({...rowOf('maxTokens'), wireRange: {integer: true, min: 0, max: 4096}});

export const PredictRequestSchema = z.object({
  messages,
  stream: z.boolean().nullish().describe('the text itself, without any framing'),
  max_tokens: predictMaxTokens,
  max_new_tokens: predictMaxTokens,
  temperature,
  top_p,
  top_k,
  repetition_penalty,
  no_repeat_ngram_size,
  do_sample: z.boolean().nullish().describe('false takes the most likely token every time'),
  use_cache: z.boolean().nullish().describe('accepted; the cache is always used'),
});

/** @throws EngineError with the parameter's path. */
export function readPredict(json: Json): PredictCall {
  const fields = knownFields(json, PredictRequestSchema);
  const sampling = readSampling(fields, PREDICT_DEFAULTS, PREDICT_NAMES);
  const isGreedy = fields.boolean('do_sample') === false;
  return {
    request: {messages: readMessages(fields), sampling: isGreedy ? {...sampling, temperature: 0} : sampling},
    stream: fields.boolean('stream') ?? false,
  };
}

export const InferRequestSchema = z.object({messages, temperature, top_p, stream, stop, seed, max_tokens});

const INFER_DEFAULTS: SamplingParams = {temperature: 0.2, topP: 0.95};

/** @throws EngineError with the parameter's path. */
export function readInfer(json: Json): PredictCall {
  const fields = knownFields(json, InferRequestSchema);
  const sampling = readSampling(fields, INFER_DEFAULTS);
  return {request: {messages: readMessages(fields), sampling}, stream: fields.boolean('stream') ?? false};
}

export const EnginesRequestSchema = z.object({
  model: z.string().describe('echoed in the reply'),
  prompt: z.string(),
  max_tokens,
  temperature,
  dtype: z.enum(['float16', 'float32', 'bfloat16']).nullish().describe('accepted; the model file decides'),
});

export interface EnginesCall {
  /** As the client names it. */
  readonly model: string;
  readonly request: ChatCompletionRequest;
}

/** The prompt is one user message. @throws EngineError with the parameter's path. */
export function readEngines(json: Json, defaults: SamplingParams): EnginesCall {
  const fields = knownFields(json, EnginesRequestSchema);
  const message = {role: 'user', content: fields.requiredString('prompt')} as const;
  return {
    model: fields.requiredString('model'),
    request: {messages: [message], sampling: readSampling(fields, defaults)},
  };
}
