// What OpenAI's and Mistral's published field tables demand of a reply, written apart from the server's own schemas.
import {z} from 'zod';

const usage = z.object({prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int()});
const finish = z.enum(['stop', 'length', 'tool_calls', 'content_filter']);

const toolCall = z.object({
  id: z.string().regex(/^[a-zA-Z0-9]{9}$/),
  type: z.literal('function'),
  function: z.object({name: z.string(), arguments: z.string()}),
});

const topLogprob = z.object({token: z.string(), logprob: z.number().max(0), bytes: z.array(z.int()).nullable()});
const logprobs = z.object({
  content: z.array(topLogprob.extend({top_logprobs: z.array(topLogprob).max(20)})).nullable(),
  refusal: z.array(topLogprob).nullable(),
});

const reply = <Choice extends z.ZodType>(object: string, choice: Choice) =>
  z.object({
    id: z.string().min(1),
    object: z.literal(object),
    created: z.int().positive(),
    model: z.string().min(1),
    choices: z.array(choice),
  });

/** OpenAI requires logprobs and refusal, null or not; Mistral requires usage. */
export const chatCompletion = reply(
  'chat.completion',
  z.object({
    index: z.int(),
    message: z.object({
      role: z.literal('assistant'),
      content: z.union([z.string(), z.array(z.looseObject({type: z.enum(['text', 'thinking'])}))]).nullable(),
      refusal: z.null(),
      tool_calls: z.array(toolCall).min(1).optional(),
    }),
    finish_reason: finish,
    logprobs: logprobs.nullable(),
  }),
).extend({usage});

/** Mistral's client wants each delta's tool call whole, with its function's name. */
export const chatChunk = reply(
  'chat.completion.chunk',
  z.object({
    index: z.int(),
    delta: z.object({
      role: z.literal('assistant').optional(),
      content: z.union([z.string(), z.array(z.unknown())]).optional(),
      tool_calls: z.array(toolCall.extend({index: z.int()})).optional(),
    }),
    finish_reason: finish.nullable(),
    logprobs: logprobs.nullish(),
  }),
).extend({usage: usage.nullish()});

export const textCompletion = reply(
  'text_completion',
  z.object({
    text: z.string(),
    index: z.int(),
    logprobs: z
      .object({
        tokens: z.array(z.string()),
        token_logprobs: z.array(z.number()),
        top_logprobs: z.array(z.record(z.string(), z.number())).nullable(),
        text_offset: z.array(z.int()),
      })
      .nullable(),
    finish_reason: finish.nullable(),
  }),
).extend({usage: usage.nullish()});

/** All four fields are required; code is a text or null, never a number. */
export const error = z.strictObject({
  error: z.strictObject({
    message: z.string().min(1),
    type: z.string().min(1),
    param: z.string().nullable(),
    code: z.string().nullable(),
    // llama.vscode reads these two of a prompt that does not fit, on every route.
    n_prompt_tokens: z.int().optional(),
    n_ctx: z.int().optional(),
  }),
});

/** OpenAI's four fields, and Mistral's card, whose `type` its client cannot do without. */
export const model = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.int(),
  owned_by: z.string(),
  type: z.literal('base'),
  max_context_length: z.int(),
  aliases: z.array(z.string()),
  capabilities: z.object({completion_chat: z.boolean(), function_calling: z.boolean(), completion_fim: z.boolean()}),
});

export const modelList = z.object({object: z.literal('list'), data: z.array(model).min(1)});

/** The chunks of a whole event stream: one id, every choice finished once, [DONE] at the end. */
export function checkChatStream(events: readonly unknown[]): z.infer<typeof chatChunk>[] {
  if (events.at(-1) !== '[DONE]') throw new Error(`the stream ends with ${JSON.stringify(events.at(-1))}`);
  const chunks = events.slice(0, -1).map((event) => chatChunk.parse(event));
  if (new Set(chunks.map(({id}) => id)).size !== 1) throw new Error('the id changes within the stream');
  const ends = chunks.flatMap(({choices}) => choices.filter((choice) => choice.finish_reason !== null));
  if (new Set(ends.map(({index}) => index)).size !== ends.length) throw new Error('a choice finished twice');
  return chunks;
}
