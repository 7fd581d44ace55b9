// The shapes of Anthropic's Messages: the body a client sends, and the message it gets.
import {z} from 'zod';
import {MAX_MESSAGES} from '../../body/chat-schema.ts';
import {samplingFields} from '../../body/sampling-schema.ts';

const BlockSchema = z.looseObject({type: z.string()});
const ContentSchema = z.union([z.string(), z.array(BlockSchema)]);
const {stop: _openai, ...sampling} = samplingFields;

export const MessagesRequestSchema = z.object({
  model: z.string().nullish().describe('any name; the loaded model answers'),
  messages: z
    .array(z.looseObject({role: z.enum(['user', 'assistant', 'system']), content: ContentSchema}))
    .min(1)
    .max(MAX_MESSAGES)
    .describe('blocks: text, thinking, tool_use, tool_result; images and documents are refused by their path'),
  system: z
    .union([z.string(), z.array(BlockSchema)])
    .nullish()
    .describe('a system message in front'),
  stream: z.boolean().nullish(),
  tools: z
    .array(z.looseObject({name: z.string(), type: z.string().nullish()}))
    .max(1024)
    .nullish()
    .describe('{name, description, input_schema}; those of another type are left out'),
  tool_choice: z
    .looseObject({
      type: z.enum(['auto', 'any', 'tool', 'none']),
      name: z.string().nullish(),
      disable_parallel_tool_use: z.boolean().nullish(),
    })
    .nullish(),
  thinking: z
    .looseObject({type: z.enum(['enabled', 'adaptive', 'disabled']), budget_tokens: z.number().nullish()})
    .nullish(),
  output_config: z.looseObject({effort: z.string().nullish()}).nullish().describe('effort, format'),
  ...sampling,
  stop_sequences: z.array(z.string()).nullish(),
});

const MessageUsageSchema = z.object({
  input_tokens: z.int().describe('without those of the cache'),
  cache_creation_input_tokens: z.int(),
  cache_read_input_tokens: z.int(),
  output_tokens: z.int(),
  output_tokens_details: z.object({thinking_tokens: z.int()}).optional(),
});
export type MessageUsage = z.infer<typeof MessageUsageSchema>;

const BlockOutSchema = z.discriminatedUnion('type', [
  z.object({type: z.literal('text'), text: z.string()}),
  z.object({type: z.literal('thinking'), thinking: z.string(), signature: z.string()}),
  z.object({type: z.literal('tool_use'), id: z.string(), name: z.string(), input: z.record(z.string(), z.unknown())}),
]);
export type Block = z.infer<typeof BlockOutSchema>;

export const MessageReplySchema = z.object({
  id: z.string(),
  type: z.literal('message'),
  role: z.literal('assistant'),
  model: z.string(),
  content: z.array(BlockOutSchema),
  stop_reason: z.enum(['end_turn', 'max_tokens', 'stop_sequence', 'tool_use']).nullable(),
  stop_sequence: z.string().nullable(),
  usage: MessageUsageSchema,
});
export type MessageReply = z.infer<typeof MessageReplySchema>;

export const MessageEventSchema = z.looseObject({type: z.string()});
export const TokenCountSchema = z.object({input_tokens: z.int()});
