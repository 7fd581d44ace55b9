// The body of a chat completion request: the union of what OpenAI's, Mistral's and vLLM's clients send.
import {z} from 'zod';
import {EFFORTS} from '../../engine/template/model-settings.ts';
import {formFields} from './read-form.ts';
import {chatSamplingFields, samplingFields} from './sampling-schema.ts';
import {tokenReplyFields} from './shared/token-reply.ts';

/** Messages of one request, also where a dialect calls them items. */
export const MAX_MESSAGES = 10_000;

export const StreamOptionsSchema = z.object({include_usage: z.boolean().nullish()}).nullish();

const TextPartSchema = z.object({type: z.literal('text'), text: z.string()});

const PartSchema = z
  .object({
    type: z.string(),
    text: z.string().nullish(),
    refusal: z.string().nullish(),
    thinking: z.union([z.string(), z.array(TextPartSchema)]).nullish(),
    closed: z.boolean().nullish(),
  })
  .describe('text, thinking, refusal; images and sound are refused by name');

const ToolCallSchema = z.object({
  id: z.string().nullish().describe('any text: other forms than 9 letters or digits are mapped'),
  type: z.literal('function').nullish(),
  function: z.object({
    name: z.string(),
    arguments: z
      .union([z.string(), z.record(z.string(), z.unknown())])
      .nullish()
      .describe('JSON text, or an object'),
  }),
});

const MessageSchema = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: z.union([z.string(), z.array(PartSchema)]).nullish(),
  name: z.string().nullish(),
  prefix: z.boolean().nullish().describe('the model goes on from this last assistant message'),
  tool_calls: z.array(ToolCallSchema).nullish(),
  tool_call_id: z.string().nullish(),
});

const ToolSchema = z.object({
  type: z.literal('function'),
  function: z.object({
    name: z.string(),
    description: z.string().nullish(),
    parameters: z.record(z.string(), z.unknown()).nullish().describe('a JSON schema'),
    strict: z.boolean().nullish(),
  }),
});

const NamedToolSchema = z.object({type: z.literal('function').nullish(), function: z.object({name: z.string()})});
const ToolChoiceSchema = z.union([
  z.enum(['auto', 'none', 'any', 'required']),
  NamedToolSchema,
  z.object({
    type: z.literal('allowed_tools'),
    allowed_tools: z.object({mode: z.enum(['auto', 'required']), tools: z.array(NamedToolSchema)}),
  }),
]);

export const ChatRequestSchema = z.object({
  model: z.string().nullish().describe('any name; the loaded model answers'),
  messages: z.array(MessageSchema).min(1).max(MAX_MESSAGES),
  stream: z.boolean().nullish(),
  stream_options: StreamOptionsSchema,
  tools: z.array(ToolSchema).max(1024).nullish(),
  tool_choice: ToolChoiceSchema.nullish().describe('any and required mean the same'),
  parallel_tool_calls: z.boolean().nullish(),
  n: z.int().min(1).max(128).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  ...tokenReplyFields,
  timings_per_token: z.boolean().nullish().describe("llama-server's: each chunk has the timings"),
  return_progress: z.boolean().nullish().describe("llama-server's: a stream tells how much of the prompt is read"),
  reasoning_effort: z
    .string()
    .nullish()
    .describe("one of the model's own levels; of these seven, one that it lacks stands for the next lower it has")
    .meta({examples: [...EFFORTS]}),
  model_settings: z
    .record(z.string(), z.unknown())
    .nullish()
    .describe('settings that the tokenizer file of the model names, by their names'),
  prompt_mode: z.literal('reasoning').nullish().describe('the reply carries the thoughts as parts of its content'),
  safe_prompt: z.boolean().nullish().describe('puts a safety instruction in front'),
  continue_final_message: z.boolean().nullish(),
  user: z.string().nullish(),
  ...formFields,
  ...samplingFields,
  ...chatSamplingFields,
});
