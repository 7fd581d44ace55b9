// The body of OpenAI's text completion as a call: texts to continue, or gaps to fill.
import {z} from 'zod';
import {EngineError} from '../../base/errors.ts';
import type {Json} from '../../base/json.ts';
import type {ResponseFormat} from '../../engine/contract/requests.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import {readSampling} from '../../engine/wire/read-sampling.ts';
import type {UsagePlace} from '../reply/chat-reply.ts';
import {StreamOptionsSchema} from './chat-schema.ts';
import {knownFields, readUsagePlace} from './known-fields.ts';
import {formFields, readForm} from './read-form.ts';
import {samplingFields} from './sampling-schema.ts';
import {type RawPrompt, RawPromptsSchema, readRawPrompts} from './shared/read-prompt.ts';
import {readProbabilities, readTokenReply, type TokenReply, tokenReplyFields} from './shared/token-reply.ts';

const MAX_CHOICES = 128;
/** OpenAI's default for this route. */
const MAX_TOKENS = 16;

export const CompletionRequestSchema = z.object({
  model: z.string().nullish().describe('any name; the loaded model answers'),
  prompt: RawPromptsSchema,
  suffix: z.string().nullish().describe('the text after the gap: fill-in-the-middle'),
  n: z.int().min(1).max(MAX_CHOICES).nullish(),
  best_of: z.int().min(1).nullish().describe('only as large as n'),
  echo: z.boolean().nullish(),
  parse_special: z
    .boolean()
    .nullish()
    .describe('names of control tokens in the prompt are these tokens (default: true)'),
  logprobs: z.int().min(0).max(5).nullish(),
  ...tokenReplyFields,
  stream: z.boolean().nullish(),
  stream_options: StreamOptionsSchema,
  user: z.string().nullish(),
  ...formFields,
  ...samplingFields,
});

export interface CompletionCall extends TokenReply {
  readonly prompts: readonly RawPrompt[];
  /** The text after the gap: then all prompts are texts. */
  readonly suffix: string | undefined;
  /** Answers to each prompt. */
  readonly n: number;
  readonly sampling: SamplingParams;
  /** The form each answer must have. */
  readonly responseFormat: ResponseFormat | undefined;
  readonly logprobs: boolean;
  /** Whether names of control tokens in a text are these tokens. */
  readonly parseSpecial: boolean;
  /** Whether each answer starts with its prompt. */
  readonly echo: boolean;
  readonly stream: boolean;
  readonly usage: UsagePlace;
}

function refuse(message: string, param: string): never {
  throw new EngineError('unsupported', message, {param});
}

/** Refuses what would be ignored otherwise: an answer to another question is worse than none. */
function check({prompts, suffix, n, logprobs, echo}: CompletionCall, bestOf: number | undefined): void {
  if (bestOf && bestOf !== n) refuse("'best_of' other than 'n' is not supported", 'best_of');
  if (echo && logprobs) refuse("'echo' with 'logprobs' is not supported", 'echo');
  if (suffix !== undefined) {
    if (prompts.some((one) => typeof one !== 'string')) refuse('with a suffix, prompt must be text', 'prompt');
    if (logprobs) refuse("'logprobs' with 'suffix' is not supported", 'logprobs');
  }
  if (prompts.length * n > MAX_CHOICES) refuse(`more than ${MAX_CHOICES} choices in one request`, 'prompt');
}

/** @throws EngineError `unsupported` with the parameter's path for what has no answer here. */
export function readCompletion(json: Json, defaults: SamplingParams): CompletionCall {
  const fields = knownFields(json, CompletionRequestSchema);
  const topLogprobs = fields.integer('logprobs') ?? readProbabilities(fields);
  const tokenReply = readTokenReply(fields);
  const call: CompletionCall = {
    prompts: readRawPrompts(fields.get('prompt'), 'prompt'),
    // An empty suffix is none: there is no gap.
    suffix: fields.string('suffix') || undefined,
    n: fields.integer('n') ?? 1,
    sampling: {
      ...readSampling(fields, {...defaults, maxTokens: MAX_TOKENS}),
      ...(topLogprobs !== undefined && {topLogprobs}),
      ...(tokenReply.tokenIds && {returnTokens: true}),
    },
    responseFormat: readForm(fields),
    logprobs: topLogprobs !== undefined,
    ...tokenReply,
    parseSpecial: fields.boolean('parse_special') ?? true,
    echo: fields.boolean('echo') ?? false,
    stream: fields.boolean('stream') ?? false,
    usage: readUsagePlace(fields),
  };
  check(call, fields.integer('best_of'));
  return call;
}
