// The shapes of OpenAI's Responses: the body a client sends, and the object it gets.
import {z} from 'zod';
import {rowOf} from '../../../engine/contract/sampling-table.ts';
import {MAX_MESSAGES} from '../../body/chat-schema.ts';
import {numberField, samplingFields} from '../../body/sampling-schema.ts';

const ItemSchema = z.looseObject({type: z.string().nullish(), role: z.string().nullish()});

const {max_tokens: _chat, ...sampling} = samplingFields;

export const ResponsesRequestSchema = z
  .object({
    model: z.string().nullish().describe('any name; the loaded model answers'),
    input: z
      .union([z.string(), z.array(ItemSchema).max(MAX_MESSAGES)])
      .nullish()
      .describe('a text, or items: message, function_call, function_call_output, reasoning; others are passed over'),
    instructions: z.string().nullish().describe('a system message in front'),
    stream: z.boolean().nullish(),
    tools: z
      .array(z.looseObject({type: z.string()}))
      .max(1024)
      .nullish()
      .describe('function, and namespace with functions in it; others are left out'),
    tool_choice: z
      .union([z.enum(['auto', 'none', 'required']), z.looseObject({type: z.string()})])
      .nullish()
      .describe('also {type: function, name} and {type: allowed_tools, mode, tools}'),
    parallel_tool_calls: z.boolean().nullish(),
    text: z
      .looseObject({format: z.looseObject({type: z.enum(['text', 'json_object', 'json_schema'])}).nullish()})
      .nullish(),
    reasoning: z.looseObject({effort: z.string().nullish(), summary: z.string().nullish()}).nullish(),
    include: z.array(z.string()).nullish().describe('reasoning.encrypted_content, message.output_text.logprobs'),
    max_output_tokens: numberField(rowOf('maxTokens')),
    top_logprobs: z.int().min(0).max(20).nullish(),
    truncation: z.string().nullish().describe('a prompt is never shortened'),
    metadata: z.record(z.string(), z.unknown()).nullish(),
    user: z.string().nullish(),
    previous_response_id: z.string().nullish().describe('refused: nothing is kept'),
    prompt_cache_key: z.string().nullish(),
    safety_identifier: z.string().nullish(),
    ...sampling,
  })
  .superRefine(({input, instructions}, context) => {
    if (typeof input !== 'string' && input === undefined && instructions === undefined) missing(context);
    else if (input === null && !instructions) missing(context);
  });

function missing(context: z.RefinementCtx): void {
  context.addIssue({code: 'custom', path: ['input'], message: 'a text or a list of items is needed'});
}

const status = z.enum(['in_progress', 'completed', 'incomplete']);
const LogprobSchema = z.object({
  token: z.string(),
  logprob: z.number(),
  bytes: z.array(z.int()).nullable(),
  top_logprobs: z.array(z.object({token: z.string(), logprob: z.number(), bytes: z.array(z.int()).nullable()})),
});
const OutputTextSchema = z.object({
  type: z.literal('output_text'),
  text: z.string(),
  annotations: z.array(z.never()),
  logprobs: z.array(LogprobSchema),
});

const OutputItemSchema = z.discriminatedUnion('type', [
  z.object({
    id: z.string(),
    type: z.literal('message'),
    role: z.literal('assistant'),
    status,
    content: z.array(OutputTextSchema),
  }),
  z.object({
    id: z.string(),
    type: z.literal('reasoning'),
    summary: z.array(z.object({type: z.literal('summary_text'), text: z.string()})),
    content: z.array(z.object({type: z.literal('reasoning_text'), text: z.string()})).optional(),
    encrypted_content: z.string().optional(),
    status,
  }),
  z.object({
    id: z.string(),
    type: z.literal('function_call'),
    status,
    arguments: z.string(),
    call_id: z.string(),
    name: z.string(),
    namespace: z.string().optional(),
  }),
]);
export type OutputItem = z.infer<typeof OutputItemSchema>;
export type ItemStatus = z.infer<typeof status>;

const ResponseUsageSchema = z.object({
  input_tokens: z.int(),
  input_tokens_details: z.object({cached_tokens: z.int(), cache_write_tokens: z.int()}),
  output_tokens: z.int(),
  output_tokens_details: z.object({reasoning_tokens: z.int()}),
  total_tokens: z.int(),
});
export type ResponseUsage = z.infer<typeof ResponseUsageSchema>;

export const ResponseSchema = z.object({
  id: z.string(),
  object: z.literal('response'),
  created_at: z.int(),
  status: z.enum(['in_progress', 'completed', 'incomplete', 'failed']),
  background: z.literal(false),
  completed_at: z.int().nullable(),
  error: z.object({code: z.string(), message: z.string()}).nullable(),
  incomplete_details: z.object({reason: z.literal('max_output_tokens')}).nullable(),
  instructions: z.string().nullable(),
  max_output_tokens: z.number().nullable(),
  max_tool_calls: z.null(),
  model: z.string(),
  output: z.array(OutputItemSchema),
  parallel_tool_calls: z.boolean(),
  previous_response_id: z.null(),
  prompt_cache_key: z.string().nullable(),
  reasoning: z.object({effort: z.string().nullable(), summary: z.string().nullable()}),
  safety_identifier: z.string().nullable(),
  service_tier: z.literal('default'),
  store: z.literal(false),
  temperature: z.number(),
  text: z.looseObject({format: z.unknown()}),
  tool_choice: z.unknown(),
  tools: z.array(z.unknown()),
  top_logprobs: z.int(),
  top_p: z.number(),
  truncation: z.literal('disabled'),
  usage: ResponseUsageSchema.nullable(),
  user: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()),
  access_programs: z.null(),
});
export type ResponseObject = z.infer<typeof ResponseSchema>;

export const ResponseEventSchema = z.looseObject({type: z.string(), sequence_number: z.int()});
export type ResponseEvent = z.infer<typeof ResponseEventSchema>;
