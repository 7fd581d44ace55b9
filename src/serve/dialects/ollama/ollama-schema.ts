// The shapes of Ollama's API: the bodies of chat and generate, their lines, and what is said of the model.
import {z} from 'zod';
import {MAX_MESSAGES} from '../../body/chat-schema.ts';

const shared = {
  model: z.string().nullish().describe('any name; the loaded model answers'),
  stream: z.boolean().nullish().describe('true unless false'),
  format: z
    .union([z.string(), z.record(z.string(), z.unknown())])
    .nullish()
    .describe('json, or a JSON schema'),
  options: z.record(z.string(), z.unknown()).nullish().describe('temperature, num_predict, stop and others'),
  think: z
    .union([z.boolean(), z.string()])
    .nullish()
    .describe('false hides thoughts and stops them where the model can; a level, or true'),
  keep_alive: z
    .union([z.number(), z.string()])
    .nullish()
    .describe('how long the model stays behind this answer, where there are several; one alone always stays'),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
};

export const OllamaChatSchema = z.object({
  ...shared,
  messages: z
    .array(z.looseObject({role: z.string()}))
    .max(MAX_MESSAGES)
    .describe('none: nothing but the state of the model is told'),
  tools: z.array(z.looseObject({})).max(1024).nullish(),
});

export const OllamaGenerateSchema = z.object({
  ...shared,
  prompt: z.string().nullish(),
  suffix: z.string().nullish().describe('the text after the gap: fill-in-the-middle'),
  system: z.string().nullish(),
  raw: z.boolean().nullish().describe('the prompt as it is, without a template'),
});

const LogprobSchema = z.object({token: z.string(), logprob: z.number(), bytes: z.array(z.int()).nullable()});
const lineFields = {
  model: z.string(),
  created_at: z.string(),
  logprobs: z.array(LogprobSchema.extend({top_logprobs: z.array(LogprobSchema)})).optional(),
  done: z.boolean(),
  done_reason: z.enum(['stop', 'length', 'load', 'unload']).optional(),
  total_duration: z.int().optional().describe('nanoseconds, as all durations'),
  load_duration: z.int().optional(),
  prompt_eval_count: z.int().optional(),
  prompt_eval_duration: z.int().optional(),
  eval_count: z.int().optional(),
  eval_duration: z.int().optional(),
};

const OllamaToolCallSchema = z.object({
  id: z.string(),
  function: z.object({index: z.int(), name: z.string(), arguments: z.record(z.string(), z.unknown())}),
});

export const ChatLineSchema = z.object({
  ...lineFields,
  message: z.object({
    role: z.literal('assistant'),
    content: z.string(),
    thinking: z.string().optional(),
    tool_calls: z.array(OllamaToolCallSchema).optional(),
  }),
});
export const GenerateLineSchema = z.object({...lineFields, response: z.string(), thinking: z.string().optional()});

/** A line of either route, or the failure that ends a stream. */
export interface OllamaLine extends Partial<z.infer<typeof ChatLineSchema>> {
  readonly response?: string;
  readonly thinking?: string;
  readonly error?: string;
}
export type OllamaToolCall = z.infer<typeof OllamaToolCallSchema>;

const DetailsSchema = z.object({
  parent_model: z.literal(''),
  format: z.literal('gguf'),
  family: z.string(),
  families: z.array(z.string()),
  parameter_size: z.string(),
  quantization_level: z.string(),
});

const cardFields = {
  name: z.string(),
  model: z.string(),
  size: z.int(),
  digest: z.string().describe('64 hex digits that name this file; not its hash'),
  details: DetailsSchema,
};
export const TagsSchema = z.object({
  models: z.array(z.object({...cardFields, modified_at: z.string(), capabilities: z.array(z.string())})),
});
export const PsSchema = z.object({
  models: z.array(z.object({...cardFields, size_vram: z.int(), expires_at: z.string(), context_length: z.int()})),
});
export const ShowRequestSchema = z.object({
  model: z.string().nullish(),
  name: z.string().nullish().describe('the older name of model'),
  verbose: z.boolean().nullish(),
});
export const ShowSchema = z.object({
  license: z.literal(''),
  modelfile: z.literal(''),
  parameters: z.string(),
  template: z.string(),
  details: DetailsSchema,
  model_info: z.record(z.string(), z.union([z.string(), z.number()])),
  capabilities: z.array(z.string()),
  modified_at: z.string(),
});

export const OllamaErrorSchema = z.object({error: z.string()}).describe("Ollama's error");
