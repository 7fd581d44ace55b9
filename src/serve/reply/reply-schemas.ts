// The replies several routes share, as zod schemas: the types of the code and the OpenAPI document come from them.
import {z} from 'zod';
import {ProgressSchema, TimingsSchema} from './timings.ts';

export const ErrorSchema = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string().nullable(),
      n_prompt_tokens: z.int().optional().describe('of context_length_exceeded'),
      n_ctx: z.int().optional(),
    }),
  })
  .describe("OpenAI's error");

export const LlamaErrorSchema = z
  .object({
    error: z.object({
      code: z.int(),
      message: z.string(),
      type: z.string(),
      n_prompt_tokens: z.int().optional(),
      n_ctx: z.int().optional(),
    }),
  })
  .describe("llama-server's error");

export const MessageErrorSchema = z
  .object({
    type: z.literal('error'),
    error: z.object({type: z.string(), message: z.string()}),
    request_id: z.string(),
  })
  .describe("Anthropic's error");

export const FastApiErrorSchema = z
  .object({
    detail: z.union([
      z.string(),
      z.array(z.object({loc: z.array(z.union([z.string(), z.number()])), msg: z.string(), type: z.string()})),
    ]),
  })
  .describe("FastAPI's error");

const UsageSchema = z.object({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  total_tokens: z.int(),
  prompt_tokens_details: z.object({cached_tokens: z.int()}),
  completion_tokens_details: z.object({reasoning_tokens: z.int()}).optional(),
  num_cached_tokens: z.int(),
});

const FinishReasonSchema = z.enum(['stop', 'length', 'tool_calls']);

const TopLogprobSchema = z.object({token: z.string(), logprob: z.number(), bytes: z.array(z.int()).nullable()});
export const ChoiceLogprobsSchema = z.object({
  content: z.array(TopLogprobSchema.extend({top_logprobs: z.array(TopLogprobSchema)})).nullable(),
  refusal: z.null(),
});
export type ChoiceLogprobs = z.infer<typeof ChoiceLogprobsSchema>;

const ToolCallSchema = z.object({
  id: z.string().describe('9 letters or digits'),
  type: z.literal('function'),
  function: z.object({name: z.string(), arguments: z.string()}),
});

const TextPartSchema = z.object({type: z.literal('text'), text: z.string()});
const ContentSchema = z.union([
  z.string(),
  z.array(z.union([TextPartSchema, z.object({type: z.literal('thinking'), thinking: z.array(TextPartSchema)})])),
]);
export type WireContent = z.infer<typeof ContentSchema>;

const ChatMessageSchema = z.object({
  role: z.literal('assistant'),
  content: ContentSchema.nullable(),
  refusal: z.null(),
  reasoning_content: z.string().optional(),
  tool_calls: z.array(ToolCallSchema).optional(),
});

/** What no protocol has a field for. */
const toldFields = {
  thinking_cut: z.boolean().optional().describe('the thought was ended because its budget was used up'),
  notes: z.array(z.string()).optional().describe('how the request was understood, a sentence each'),
};

/** Of a whole reply of our own routes. */
export const WarningsSchema = z
  .array(z.string())
  .optional()
  .describe('what the request asked for and does not get, as in the header x-mistral-warnings');

export const ChatCompletionSchema = z.object({
  id: z.string(),
  object: z.literal('chat.completion'),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.object({
      index: z.int(),
      message: ChatMessageSchema,
      finish_reason: FinishReasonSchema,
      logprobs: ChoiceLogprobsSchema.nullable(),
      token_ids: z.array(z.int()).optional(),
      ...toldFields,
    }),
  ),
  system_fingerprint: z.string(),
  prompt_token_ids: z.array(z.int()).optional(),
  timings: TimingsSchema.optional(),
  usage: UsageSchema,
  warnings: WarningsSchema,
});
export type ChatCompletion = z.infer<typeof ChatCompletionSchema>;

export const ChatCompletionChunkSchema = z.object({
  id: z.string(),
  object: z.literal('chat.completion.chunk'),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.object({
      index: z.int(),
      delta: z.object({
        role: z.literal('assistant').optional(),
        content: ContentSchema.optional(),
        reasoning_content: z.string().optional(),
        tool_calls: z.array(ToolCallSchema.extend({index: z.int()})).optional(),
      }),
      finish_reason: FinishReasonSchema.nullable(),
      logprobs: ChoiceLogprobsSchema.nullable(),
      token_ids: z.array(z.int()).optional(),
      ...toldFields,
    }),
  ),
  system_fingerprint: z.string(),
  prompt_token_ids: z.array(z.int()).optional(),
  timings: TimingsSchema.optional(),
  prompt_progress: ProgressSchema.optional(),
  usage: UsageSchema.nullish(),
});
export type ChatCompletionChunk = z.infer<typeof ChatCompletionChunkSchema>;

const CompletionLogprobsSchema = z.object({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.number()),
  top_logprobs: z.array(z.record(z.string(), z.number())).nullable(),
  text_offset: z.array(z.int()),
});
export type CompletionLogprobs = z.infer<typeof CompletionLogprobsSchema>;

export const CompletionSchema = z.object({
  id: z.string(),
  object: z.literal('text_completion'),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.object({
      text: z.string(),
      index: z.int(),
      logprobs: CompletionLogprobsSchema.nullable(),
      finish_reason: FinishReasonSchema.nullable(),
      prompt_token_ids: z.array(z.int()).optional(),
      token_ids: z.array(z.int()).optional(),
    }),
  ),
  system_fingerprint: z.string(),
  usage: UsageSchema.nullish(),
  warnings: WarningsSchema,
});
export type Completion = z.infer<typeof CompletionSchema>;

export const InputTokensSchema = z.object({object: z.literal('response.input_tokens'), input_tokens: z.int()});

const STREAM_NOTE = 'with stream: true, server-sent events; the last one is [DONE]';

/** A reply that is one object, or a stream of chunks. */
export const jsonOrStream = (json: z.ZodType, chunk: z.ZodType) => ({
  description: STREAM_NOTE,
  content: {'application/json': {schema: json}, 'text/event-stream': {schema: chunk}},
});

type ErrorStatus = 400 | 401 | 403 | 404 | 413 | 415 | 422 | 429 | 500 | 501 | 502 | 503 | 529;

/** The error replies of a route, for the OpenAPI document. */
export function errors(schema: z.ZodType, ...statuses: ErrorStatus[]): Record<number, z.ZodType> {
  return Object.fromEntries(statuses.map((status) => [status, schema]));
}

/** What any generating route may refuse with. */
export const generationErrors = (schema: z.ZodType = ErrorSchema) =>
  errors(schema, 400, 401, 403, 413, 415, 429, 500, 502, 503);
