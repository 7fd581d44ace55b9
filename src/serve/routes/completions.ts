// POST /v1/completions, OpenAI's text completion: plain continuation, or fill-in-the-middle when a suffix is given.

import {z} from 'zod';
import {EngineError} from '../../base/errors.ts';
import {parseJson} from '../../base/json.ts';
import type {GenerationEvent} from '../../engine/contract/backend.ts';
import type {Token} from '../../engine/contract/requests.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import type {Tokenizer} from '../../engine/contract/tokenizer.ts';
import {samplingFields, samplingParams} from '../body/sampling-schema.ts';
import {StreamOptionsSchema, usagePlace} from '../reply/chat-reply.ts';
import {CompletionChunkWriter, type CompletionOptions, completion} from '../reply/completion-reply.ts';
import {CompletionSchema, generationErrors, jsonOrStream} from '../reply/reply-schemas.ts';
import {checkTokens} from '../reply/token-ids.ts';
import type {App} from '../route.ts';
import {answers, nthSampling, type Start, streamAnswers} from '../run-generations.ts';
import type {Run, Service} from '../service.ts';

const TokensSchema = z.array(z.int().min(0)).min(1);
const MAX_CHOICES = 128;
/** OpenAI's default for this route. */
const MAX_TOKENS = 16;

const CompletionRequestSchema = z.object({
  model: z.string().nullish().describe('any name; the loaded model answers'),
  prompt: z
    .union([z.string(), TokensSchema, z.array(z.string()).min(1), z.array(TokensSchema).min(1)])
    .describe('a text, its token ids, or a list of either'),
  suffix: z.string().nullish().describe('the text after the gap: fill-in-the-middle'),
  n: z.int().min(1).max(MAX_CHOICES).nullish(),
  best_of: z.int().min(1).nullish().describe('only as large as n'),
  echo: z.boolean().nullish(),
  logprobs: z.int().min(0).max(5).nullish(),
  stream: z.boolean().nullish(),
  stream_options: StreamOptionsSchema,
  user: z.string().nullish(),
  ...samplingFields,
});
type CompletionBody = z.infer<typeof CompletionRequestSchema>;
type Prompt = string | readonly Token[];

function promptList(prompt: CompletionBody['prompt']): readonly Prompt[] {
  if (typeof prompt === 'string') return [prompt];
  return typeof prompt[0] === 'number' ? [prompt as Token[]] : (prompt as readonly Prompt[]);
}

function refuse(message: string, param: string): never {
  throw new EngineError('unsupported', message, {param});
}

/** Refuses what would be ignored otherwise: an answer to another question is worse than none. */
function check({best_of, n, echo, logprobs, suffix, prompt}: CompletionBody, tokenizer: Tokenizer | undefined): void {
  if (best_of && best_of !== (n ?? 1)) refuse("'best_of' other than 'n' is not supported", 'best_of');
  if (echo && logprobs !== null && logprobs !== undefined) refuse("'echo' with 'logprobs' is not supported", 'echo');
  if (!tokenizer && typeof logprobs === 'number') refuse('this backend gives no log-probabilities', 'logprobs');
  if (tokenizer)
    for (const one of promptList(prompt)) if (typeof one !== 'string') checkTokens(one, tokenizer, 'prompt');
  if (!suffix) return;
  if (promptList(prompt).some((one) => typeof one !== 'string')) refuse('with a suffix, prompt must be text', 'prompt');
  if (typeof logprobs === 'number') refuse("'logprobs' with 'suffix' is not supported", 'logprobs');
}

function textOf(prompt: Prompt, tokenizer: Tokenizer | undefined): string {
  if (typeof prompt === 'string') return prompt;
  if (!tokenizer) return refuse("'echo' of token ids needs a local model", 'echo');
  const decoder = tokenizer.decoder();
  return prompt.map((token) => decoder.push(token)).join('') + decoder.end();
}

function startOne(run: Run, prompt: Prompt, suffix: string | undefined, sampling: SamplingParams) {
  const {backend, signal} = run;
  if (suffix && typeof prompt === 'string') return backend.fim({prompt, suffix, sampling}, signal);
  return backend.complete({prompt, sampling}, signal) as AsyncIterable<GenerationEvent>;
}

export function addCompletions(app: App, service: Service): void {
  app.post(
    '/v1/completions',
    {
      schema: {
        tags: ['OpenAI and Mistral'],
        summary: 'Continue a text, or fill the gap before its suffix',
        body: CompletionRequestSchema,
        response: {200: jsonOrStream(CompletionSchema, CompletionSchema), ...generationErrors()},
      },
    },
    async ({body, bodyText}, reply) => {
      const {model, tokenizer} = service.backend;
      check(body, tokenizer);
      const prompts = promptList(body.prompt);
      const n = body.n ?? 1;
      if (prompts.length * n > MAX_CHOICES) refuse(`more than ${MAX_CHOICES} choices in one request`, 'prompt');
      const wantsLogprobs = typeof body.logprobs === 'number';
      const sampling = {
        ...samplingParams(parseJson(bodyText), {...service.options.defaults, maxTokens: MAX_TOKENS}),
        ...(wantsLogprobs && {topLogprobs: body.logprobs ?? 0}),
      };
      const promptOf = (index: number) => prompts[Math.floor(index / n)] ?? '';
      const start: Start = (run, index) =>
        startOne(run, promptOf(index), body.suffix ?? undefined, nthSampling(sampling, index % n));
      const options: CompletionOptions = {
        model: model.id,
        logprobsOf: wantsLogprobs ? tokenizer : undefined,
        usage: usagePlace(body.stream_options),
        echo: (index) => (body.echo ? textOf(promptOf(index), tokenizer) : ''),
      };
      const total = prompts.length * n;
      if (body.stream) {
        return streamAnswers(service, reply, total, start, new CompletionChunkWriter(n, options));
      }
      return completion(await answers(service, reply, total, start), n, options);
    },
  );
}
