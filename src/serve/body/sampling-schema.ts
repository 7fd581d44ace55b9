// The shape of the sampling fields of a request body, in all their spellings.

import {z} from 'zod';
import {
  BIAS,
  httpRangeText,
  isTakenOverHttp,
  MAX_STOP_TEXTS,
  type NumberRow,
  SAMPLING,
  TOKEN_ID,
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
const LogitBiasSchema = z
  .record(z.string().regex(TOKEN_ID), z.number().min(BIAS.min).max(BIAS.max).nullish())
  .nullish();

/** Fields that OpenAI, Mistral, vLLM and llama-server share. */
export const samplingFields = {
  ...shared,
  stop: StopSchema,
  logit_bias: LogitBiasSchema.describe('token id to a number added to its logit'),
};
