// The bodies and replies of llama-server's own routes.
import {z} from 'zod';
import {rowOf, TOKEN_ID} from '../../engine/contract/sampling-table.ts';
import {numberField, samplingFields} from '../body/sampling-schema.ts';

const tokenId = z.int().min(0);
export const PromptSchema = z.union([z.string(), z.array(z.union([z.string(), tokenId]))]);

const {logit_bias: _map, ...shared} = samplingFields;

/** What /completion and /infill have in common; fields that only tune llama.cpp's own samplers are ignored. */
export const completionFields = {
  ...shared,
  n_predict: numberField(rowOf('maxTokens'), '-1 is up to the context limit, 0 only evaluates the prompt'),
  n_probs: z.int().min(0).max(20).nullish().describe('log-probabilities of this many alternatives'),
  n_cmpl: z.int().min(1).max(128).nullish().describe('answers; more than one come as a list'),
  logit_bias: z
    .union([
      z.array(z.tuple([tokenId, z.union([z.number(), z.literal(false)])])),
      z.record(z.string().regex(TOKEN_ID), z.union([z.number(), z.literal(false)])),
    ])
    .nullish()
    .describe('token id and a number added to its logit; false is never'),
  stream: z.boolean().nullish(),
  id_slot: z.int().min(-1).nullish().describe('a slot to prefer'),
  cache_prompt: z.boolean().nullish().describe('accepted; the cache is always used'),
  return_tokens: z.boolean().nullish(),
  t_max_predict_ms: z.int().min(0).nullish().describe('ends the answer after this time, once it has a line'),
};

export const CompletionRequestSchema = z.object({prompt: PromptSchema, ...completionFields});

export const InfillRequestSchema = z.object({
  input_prefix: z.string().describe('the code before the gap'),
  input_suffix: z.string().describe('the code after it'),
  input_extra: z
    .array(z.object({text: z.string(), filename: z.string().nullish()}))
    .nullish()
    .describe('other files, the most useful last; left out where the context is too small'),
  prompt: z.string().nullish().describe('more text between the prefix and the gap'),
  ...completionFields,
});

export type LlamaFields = Omit<z.infer<typeof CompletionRequestSchema>, 'prompt'>;

const ProbabilitySchema = z.object({
  id: z.int(),
  token: z.string(),
  bytes: z.array(z.int()),
  logprob: z.number(),
});

const TimingsSchema = z.object({
  cache_n: z.int(),
  prompt_n: z.int(),
  prompt_ms: z.number(),
  prompt_per_token_ms: z.number().nullable(),
  prompt_per_second: z.number().nullable(),
  predicted_n: z.int(),
  predicted_ms: z.number(),
  predicted_per_token_ms: z.number().nullable(),
  predicted_per_second: z.number().nullable(),
});
export type WireTimings = z.infer<typeof TimingsSchema>;

const partFields = {
  index: z.int(),
  content: z.string(),
  tokens: z.array(z.int()),
  id_slot: z.int(),
  stop: z.boolean(),
  tokens_predicted: z.int(),
  tokens_evaluated: z.int(),
  completion_probabilities: z.array(ProbabilitySchema.extend({top_logprobs: z.array(ProbabilitySchema)})).optional(),
};
export type WireProbabilities = NonNullable<z.infer<typeof PartSchema>['completion_probabilities']>;

/** One event of a stream. */
export const PartSchema = z.object(partFields);
export type Part = z.infer<typeof PartSchema>;

export const LlamaCompletionSchema = z.object({
  ...partFields,
  model: z.string(),
  generation_settings: z.record(z.string(), z.unknown()),
  prompt: z.string(),
  truncated: z.boolean(),
  stop_type: z.enum(['eos', 'word', 'limit']),
  stopping_word: z.string(),
  tokens_cached: z.int(),
  timings: TimingsSchema,
});
export type LlamaCompletion = z.infer<typeof LlamaCompletionSchema>;
