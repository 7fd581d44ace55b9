// The replies of llama-server's own routes.
import {z} from 'zod';
import {WarningsSchema} from '../reply/reply-schemas.ts';
import {ProgressSchema, TimingsSchema} from '../reply/timings.ts';

const ProbabilitySchema = z.object({
  id: z.int(),
  token: z.string(),
  bytes: z.array(z.int()),
  logprob: z.number().optional(),
  prob: z.number().optional().describe('behind the sampling, with post_sampling_probs'),
});

const partFields = {
  index: z.int(),
  content: z.string(),
  tokens: z.array(z.int()),
  id_slot: z.int(),
  stop: z.boolean(),
  tokens_predicted: z.int(),
  tokens_evaluated: z.int(),
  completion_probabilities: z
    .array(
      ProbabilitySchema.extend({
        top_logprobs: z.array(ProbabilitySchema).optional(),
        top_probs: z.array(ProbabilitySchema).optional(),
      }),
    )
    .optional(),
  timings: TimingsSchema.optional(),
  prompt_progress: ProgressSchema.optional(),
};
export type WireProbabilities = NonNullable<z.infer<typeof AnswerPartSchema>['completion_probabilities']>;

/** One event of a stream. */
export const AnswerPartSchema = z.object(partFields);
export type AnswerPart = z.infer<typeof AnswerPartSchema>;

export const LlamaCompletionSchema = z.object({
  ...partFields,
  model: z.string(),
  generation_settings: z.record(z.string(), z.unknown()),
  prompt: z.string(),
  truncated: z.boolean(),
  stop_type: z.enum(['eos', 'word', 'limit']),
  stopping_word: z.string(),
  has_new_line: z.boolean(),
  tokens_cached: z.int(),
  timings: TimingsSchema,
  warnings: WarningsSchema,
});
export type LlamaCompletion = z.infer<typeof LlamaCompletionSchema>;
