// The shape of the sampling fields of a request body, in all their spellings.

import {z} from 'zod';
import {
  BIAS,
  httpRangeText,
  isTakenOverHttp,
  MAX_STOP_TEXTS,
  type NumberRow,
  SAMPLING,
} from '../../engine/contract/sampling-table.ts';

/** A member of the row: what the table takes over HTTP. Absent and null mean the same in every dialect. */
export function numberField(row: NumberRow, description = row.help) {
  const {integer, min, max, above, below} = row.wireRange ?? row;
  const off = row.off ?? [];
  const lowest = Math.min(...off, ...(min === undefined ? [] : [min]));
  const highest = Math.max(...off, ...(max === undefined ? [] : [max]));
  const expected = `expected ${httpRangeText(row)}`;
  return z
    .number(expected)
    .refine((value) => isTakenOverHttp(row, value), expected)
    .meta({
      type: integer ? 'integer' : 'number',
      ...(min !== undefined && {minimum: lowest}),
      ...(max !== undefined && {maximum: highest}),
      ...(above !== undefined && {exclusiveMinimum: above}),
      ...(below !== undefined && {exclusiveMaximum: below}),
    })
    .nullish()
    .describe(description);
}

type NumberField = ReturnType<typeof numberField>;

const numbers = Object.fromEntries(
  SAMPLING.flatMap((row) => row.wire.map((name) => [name, numberField(row)])),
) as Record<
  | 'temperature'
  | 'top_p'
  | 'top_k'
  | 'min_p'
  | 'max_tokens'
  | 'max_completion_tokens'
  | 'thinking_budget'
  | 'thinking_token_budget'
  | 'thinking_budget_tokens'
  | 'seed'
  | 'random_seed'
  | 'frequency_penalty'
  | 'presence_penalty'
  | 'repetition_penalty'
  | 'repeat_penalty'
  | 'repeat_last_n'
  | 'no_repeat_ngram_size',
  NumberField
>;
const {max_completion_tokens, thinking_budget, thinking_token_budget, thinking_budget_tokens, ...shared} = numbers;

/** Of a chat alone: OpenAI's newer name of max_tokens, and what is about thoughts. */
export const chatSamplingFields = {
  max_completion_tokens,
  thinking_budget,
  thinking_token_budget,
  thinking_budget_tokens,
};

const StopSchema = z.union([z.string(), z.array(z.string()).max(MAX_STOP_TEXTS)]).nullish();
const TokenIdSchema = z.int().min(0);
const MAX_WORDS = 1000;
/** More than any vocabulary has. */
const MAX_IDS = 300_000;
/** In characters: a word or a few. */
const MAX_WORD = 256;

/** OpenAI's object of ids; llama-server's has texts for ids too, false for never, and may be a list of pairs. */
function biasSchema(value: z.ZodType) {
  return z
    .union([
      z.record(z.string().max(MAX_WORD), value),
      z.array(z.tuple([z.union([TokenIdSchema, z.string().max(MAX_WORD)]), value])),
    ])
    .nullish();
}
const BIAS_TEXT = 'token ids, or texts for each of their tokens, to numbers added to the logits; false is never';
const OpenAiBias = z.union([z.number().min(BIAS.min).max(BIAS.max), z.literal(false)]).nullish();
/** What llama-server takes: any number. */
export const anyBias = biasSchema(z.union([z.number(), z.literal(false)]).nullish()).describe(BIAS_TEXT);

/** What may be in an answer and how it may end: vLLM's fields, of which llama-server has some. */
const limitFields = {
  ignore_eos: z.boolean().nullish().describe('the answer is as long as it may be'),
  min_tokens: z.int().min(0).nullish().describe('nothing ends the answer before so many tokens'),
  stop_token_ids: z.array(TokenIdSchema).max(MAX_WORDS).nullish().describe('tokens that end the answer'),
  allowed_token_ids: z.array(TokenIdSchema).max(MAX_IDS).nullish().describe('nothing but these tokens comes'),
  bad_words: z.array(z.string().min(1).max(MAX_WORD)).max(MAX_WORDS).nullish().describe('texts that do not come'),
  include_stop_str_in_output: z.boolean().nullish().describe('the answer has the stop string that ended it'),
};

/** Fields that OpenAI, Mistral, vLLM and llama-server share. */
export const samplingFields = {
  ...shared,
  ...limitFields,
  stop: StopSchema,
  logit_bias: biasSchema(OpenAiBias).describe(BIAS_TEXT),
};
