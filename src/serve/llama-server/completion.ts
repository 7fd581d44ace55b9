// POST /completion and /infill, as llama-server's own clients (llama.vscode, Continue) call them.

import type {FastifyReply} from 'fastify';
import {z} from 'zod';
import {EngineError} from '../../base/errors.ts';
import {inTurns, type Steps} from '../../base/in-turns.ts';
import type {Backend, GenerationEvent} from '../../engine/contract/backend.ts';
import {collectAnswer} from '../../engine/contract/collect-answer.ts';
import {checkLength} from '../../engine/contract/prompt.ts';
import type {Token} from '../../engine/contract/requests.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import {schemaNotes} from '../../engine/template/encode/answer-grammar.ts';
import {
  InfillRequestSchema,
  type NativeCall,
  type NativeCompletionCall,
  NativeCompletionSchema,
  readInfill,
  readNativeCompletion,
} from '../body/read-infill.ts';
import {stillThere} from '../http/still-there.ts';
import {SSE} from '../reply/event-stream.ts';
import {generationErrors, jsonOrStream, LlamaErrorSchema} from '../reply/reply-schemas.ts';
import {checkTokens, textSteps} from '../reply/token-ids.ts';
import {tell} from '../reply/told.ts';
import type {App} from '../route.ts';
import {cutShort, nthSampling, sendFailure} from '../run-generations.ts';
import type {RunningRequest, Service} from '../service.ts';
import {fitInfill} from './infill.ts';
import {LlamaChunkWriter, type LlamaReplyOptions, llamaCompletion} from './reply.ts';
import {AnswerPartSchema, LlamaCompletionSchema} from './schema.ts';

/** True once a generation has run for `limitMs` since its first text and has finished a line: llama-server's rule. */
function timeIsUp(limitMs: number): (event: GenerationEvent) => boolean {
  let first: number | undefined;
  let hasLine = false;
  return (event) => {
    if (event.type !== 'text') return false;
    first ??= performance.now();
    hasLine ||= event.text.includes('\n');
    return hasLine && performance.now() - first > limitMs;
  };
}

/** Parts of a mixed prompt between two pauses. */
const STEP = 256;

/**
 * A prompt of texts and ids as one list of ids; llama-server mixes them.
 * @throws EngineError `context_length_exceeded` as soon as they are more than fit.
 */
function* promptSteps(
  {prompt, parseSpecial}: NativeCompletionCall,
  {tokenizer, model}: Backend,
): Steps<string | readonly Token[]> {
  if (typeof prompt === 'string') return prompt;
  if (tokenizer)
    checkTokens(
      prompt.filter((one) => typeof one === 'number'),
      tokenizer,
      'prompt',
    );
  if (prompt.every((one) => typeof one === 'number')) return prompt;
  if (!tokenizer) throw new EngineError('unsupported', 'a mixed prompt needs a local model', {param: 'prompt'});
  const tokens: Token[] = [];
  for (const [index, one] of prompt.entries()) {
    if (index % STEP === 0) yield;
    if (typeof one === 'number') tokens.push(one);
    else for (const token of yield* textSteps(one, tokenizer, parseSpecial)) tokens.push(token);
    checkLength(tokens.length, model.contextSize ?? Number.POSITIVE_INFINITY, index < prompt.length - 1);
  }
  return tokens;
}

/**
 * `n_predict: 0` asks to have the prompt in the cache when the real request comes. The engine evaluates a prompt only
 * to generate, so one token is made and kept to ourselves.
 */
async function* promptOnly(events: AsyncIterable<GenerationEvent>): AsyncGenerator<GenerationEvent> {
  for await (const event of events) {
    if (event.type === 'finish') yield {...event, reason: 'length', usage: {...event.usage, completionTokens: 0}};
    else if (event.type === 'prompt' || event.type === 'prefill') yield event;
  }
}

type StartNative = (
  run: RunningRequest,
  sampling: SamplingParams,
  signal: AbortSignal,
) => AsyncIterable<GenerationEvent>;

function limited({timeLimitMs}: NativeCall, run: RunningRequest, one: SamplingParams, start: StartNative) {
  if (one.maxTokens === 0) return run.watch(promptOnly(start(run, {...one, maxTokens: 1}, run.signal)));
  if (timeLimitMs === 0) return run.watch(start(run, one, run.signal));
  return run.watch(cutShort((own) => start(run, one, own), run.signal, timeIsUp(timeLimitMs), 'length'));
}

/** Answers in llama-server's form: one object, a list of them for n_cmpl, or a stream without [DONE]. */
function answer(service: Service, reply: FastifyReply, call: NativeCall, start: StartNative) {
  const {sampling, n, slot} = call;
  const {model, tokenizer} = service.backend;
  service.checkChoices(n, 'n_cmpl');
  tell(reply, ...schemaNotes(call));
  const optionsOf = (run: RunningRequest): LlamaReplyOptions => ({
    model: model.id,
    contextSize: model.contextSize ?? 0,
    sampling,
    tokenizer,
    slot: run.slot.id,
    returnTokens: call.returnTokens,
    probabilities: call.probabilities,
  });
  if (call.stream) {
    return service.stream(
      reply,
      SSE,
      async (run, stream) => {
        const writer = new LlamaChunkWriter(optionsOf(run));
        for (let index = 0; index < n; index++) {
          for await (const event of limited(call, run, nthSampling(sampling, index), start)) {
            if (!stream.isOpen) stream.open();
            const chunk = writer.chunk(event, index);
            if (chunk) await stream.send(chunk);
          }
        }
      },
      sendFailure(reply),
      slot,
    );
  }
  return service.run(
    reply,
    async (run) => {
      const all = [];
      for (let index = 0; index < n; index++) {
        const one = await collectAnswer(limited(call, run, nthSampling(sampling, index), start));
        all.push(llamaCompletion(one, index, optionsOf(run)));
      }
      return n === 1 ? all[0] : all;
    },
    slot,
  );
}

const formOf = ({responseFormat}: NativeCall) => (responseFormat ? {responseFormat} : {});

/** Without the vocabulary there are no ids to speak of. */
function check({probabilities, returnTokens}: NativeCall, {tokenizer}: Backend): void {
  const param = probabilities ? 'n_probs' : returnTokens ? 'return_tokens' : undefined;
  if (param && !tokenizer) throw new EngineError('unsupported', `'${param}' needs a local model`, {param});
}

const replySchema = {
  200: jsonOrStream(
    z.union([LlamaCompletionSchema, z.array(LlamaCompletionSchema)]),
    z.union([AnswerPartSchema, LlamaCompletionSchema]),
  ),
  ...generationErrors(LlamaErrorSchema),
};

export function addLlamaCompletion(app: App, service: Service): void {
  for (const url of ['/completion', '/completions']) {
    app.post(
      url,
      {
        schema: {
          tags: ['llama.cpp'],
          summary: 'Continue a text or token ids, in the native form',
          body: NativeCompletionSchema,
          response: replySchema,
        },
        config: {errors: 'llama', fields: 'llama', warns: true},
      },
      async (request, reply) => {
        const call = readNativeCompletion(request.json, service.defaults);
        check(call, service.backend);
        const prompt = await inTurns(promptSteps(call, service.backend), stillThere(request));
        return answer(service, reply, call, ({backend}, one, signal) =>
          backend.complete({prompt, parseSpecial: call.parseSpecial, sampling: one, ...formOf(call)}, signal),
        );
      },
    );
  }
  app.post(
    '/infill',
    {
      schema: {
        tags: ['llama.cpp'],
        summary: 'Fill in the middle, as llama.vscode and llama.vim ask for it',
        body: InfillRequestSchema,
        response: replySchema,
      },
      config: {errors: 'llama', fields: 'infill', warns: true},
    },
    async (request, reply) => {
      const call = readInfill(request.json, service.defaults);
      const {backend} = service;
      check(call, backend);
      const {prompt, suffix} = await fitInfill(call, backend, stillThere(request));
      return answer(service, reply, call, ({backend}, one, signal) =>
        backend.fim({prompt, suffix, sampling: one, ...formOf(call)}, signal),
      );
    },
  );
}
