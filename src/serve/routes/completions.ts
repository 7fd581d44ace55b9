// POST /v1/completions, OpenAI's text completion: plain continuation, or fill-in-the-middle when a suffix is given.

import {EngineError} from '../../base/errors.ts';
import {inTurns} from '../../base/in-turns.ts';
import type {GenerationEvent} from '../../engine/contract/backend.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import type {Tokenizer} from '../../engine/contract/tokenizer.ts';
import {schemaNotes} from '../../engine/template/encode/answer-grammar.ts';
import {type CompletionCall, CompletionRequestSchema, readCompletion} from '../body/read-completion.ts';
import type {CompletionPrompt} from '../body/shared/read-prompt.ts';
import {stillThere} from '../http/still-there.ts';
import {CompletionChunkWriter, type CompletionOptions, completion} from '../reply/completion-reply.ts';
import {CompletionSchema, generationErrors, jsonOrStream} from '../reply/reply-schemas.ts';
import {fingerprintOf} from '../reply/system-fingerprint.ts';
import {allPrompts} from '../reply/token-ids.ts';
import {tell} from '../reply/told.ts';
import type {App} from '../route.ts';
import {answers, nthSampling, type StartGeneration, streamAnswers} from '../run-generations.ts';
import type {RunningRequest, Service} from '../service.ts';

function refuse(message: string, param: string): never {
  throw new EngineError('unsupported', message, {param});
}

/** What only the backend can tell: whether it knows the tokens. */
function check({logprobs, tokenIds}: CompletionCall, tokenizer: Tokenizer | undefined): void {
  if (!tokenizer && logprobs) refuse('this backend gives no log-probabilities', 'logprobs');
  if (!tokenizer && tokenIds) refuse('this backend tells no token ids', 'return_token_ids');
}

function textOf(prompt: CompletionPrompt, tokenizer: Tokenizer | undefined): string {
  if (typeof prompt === 'string') return prompt;
  if (!tokenizer) return refuse("'echo' of token ids needs a local model", 'echo');
  const decoder = tokenizer.decoder();
  return prompt.map((token) => decoder.push(token)).join('') + decoder.end();
}

function startOne(run: RunningRequest, prompt: CompletionPrompt, call: CompletionCall, sampling: SamplingParams) {
  const {backend, signal} = run;
  const {suffix, responseFormat, parseSpecial} = call;
  const how = {sampling, ...(responseFormat && {responseFormat})};
  if (suffix !== undefined && typeof prompt === 'string') return backend.fim({prompt, suffix, ...how}, signal);
  return backend.complete({prompt, parseSpecial, ...how}, signal) as AsyncIterable<GenerationEvent>;
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
      config: {fields: 'completions', warns: true},
    },
    async (request, reply) => {
      const {model, tokenizer} = service.backend;
      const call = readCompletion(request.json, service.defaults);
      check(call, tokenizer);
      const prompts = await allPrompts(call, service.backend, stillThere(request));
      service.checkChoices(prompts.length * call.n, prompts.length > 1 ? 'prompt' : 'n');
      const {n, sampling, responseFormat} = call;
      tell(reply, ...(await inTurns(schemaNotes({responseFormat}))));
      const promptOf = (index: number) => prompts[Math.floor(index / n)] ?? '';
      const start: StartGeneration = (run, index) =>
        startOne(run, promptOf(index), call, nthSampling(sampling, index % n));
      const options: CompletionOptions = {
        model: model.id,
        fingerprint: fingerprintOf(model, service.options.build),
        logprobsOf: call.logprobs ? tokenizer : undefined,
        tokenIds: call.tokenIds,
        idsAsTokens: call.idsAsTokens,
        usage: call.usage,
        echo: (index) => (call.echo ? textOf(promptOf(index), tokenizer) : ''),
      };
      const total = prompts.length * n;
      if (call.stream) return streamAnswers(service, reply, total, start, new CompletionChunkWriter(n, options));
      return completion(await answers(service, reply, total, start), n, options);
    },
  );
}
