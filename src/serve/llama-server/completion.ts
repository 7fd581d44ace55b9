// POST /completion and /infill, as llama-server's own clients (llama.vscode, Continue) call them.

import type {FastifyReply} from 'fastify';
import {z} from 'zod';
import {EngineError} from '../../base/errors.ts';
import {inTurns} from '../../base/in-turns.ts';
import type {Backend, GenerationEvent} from '../../engine/contract/backend.ts';
import {collectAnswer} from '../../engine/contract/collect-answer.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import {schemaNotes} from '../../engine/template/encode/answer-grammar.ts';
import {
  InfillRequestSchema,
  type NativeCall,
  NativeCompletionSchema,
  readInfill,
  readNativeCompletion,
} from '../body/read-infill.ts';
import {stillThere} from '../http/still-there.ts';
import {SSE} from '../reply/event-stream.ts';
import {generationErrors, jsonOrStream, LlamaErrorSchema} from '../reply/reply-schemas.ts';
import {allPrompts} from '../reply/token-ids.ts';
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
  prompt: number,
) => AsyncIterable<GenerationEvent>;

/** What is asked: `start` answers prompt number `prompt` of `prompts`. */
interface AskedNative {
  readonly call: NativeCall;
  readonly prompts: number;
  readonly start: StartNative;
}

/** Answer number `index`: each prompt has `n` of them. */
function limited({call, start}: AskedNative, run: RunningRequest, sampling: SamplingParams, index: number) {
  const {timeLimitMs, n} = call;
  const one = nthSampling(sampling, index % n);
  const begin = (how: SamplingParams, signal: AbortSignal) => start(run, how, signal, Math.floor(index / n));
  if (one.maxTokens === 0) return run.watch(promptOnly(begin({...one, maxTokens: 1}, run.signal)));
  if (timeLimitMs === 0) return run.watch(begin(one, run.signal));
  return run.watch(cutShort((own) => begin(one, own), run.signal, timeIsUp(timeLimitMs), 'length'));
}

/** Answers in llama-server's form: one object, a list of them for several answers, or a stream without [DONE]. */
async function answer(service: Service, reply: FastifyReply, asked: AskedNative) {
  const {call, prompts} = asked;
  const {n, slot} = call;
  const total = prompts * n;
  const {model, tokenizer} = service.backend;
  service.checkChoices(total, prompts > 1 ? 'prompt' : 'n_cmpl');
  tell(reply, ...(await inTurns(schemaNotes(call))));
  // Only who has the vocabulary can tell the ids that every stream has.
  const {returnTokens: _ids, ...unnumbered} = call.sampling;
  const sampling = tokenizer ? call.sampling : unnumbered;
  const optionsOf = (run: RunningRequest): LlamaReplyOptions => ({
    model: model.id,
    contextSize: model.contextSize ?? 0,
    sampling,
    tokenizer,
    slot: run.slot.id,
    returnTokens: call.returnTokens,
    probabilities: call.probabilities,
    timingsPerToken: call.timingsPerToken,
    progress: call.progress,
  });
  const shaped = (whole: object) => selected(whole, call.responseFields);
  if (call.stream) {
    return service.stream(
      reply,
      SSE,
      async (run, stream) => {
        const writer = new LlamaChunkWriter(optionsOf(run));
        for (let index = 0; index < total; index++) {
          for await (const event of limited(asked, run, sampling, index)) {
            if (!stream.isOpen) stream.open();
            const chunk = writer.chunk(event, index);
            if (chunk) await stream.send(event.type === 'finish' ? shaped(chunk) : chunk);
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
      const all: object[] = [];
      for (let index = 0; index < total; index++) {
        const one = await collectAnswer(limited(asked, run, sampling, index));
        all.push(shaped(llamaCompletion(one, index, optionsOf(run))));
      }
      return total === 1 ? all[0] : all;
    },
    slot,
  );
}

/** Only these members of a reply, each under its path; all of it where no path is given, and none that it does not have. */
function selected(reply: object, paths: readonly string[]): object {
  if (paths.length === 0) return reply;
  const found = paths.flatMap((path) => {
    const value = path.split('/').reduce<unknown>((of, name) => memberOf(of, name), reply);
    return value === undefined ? [] : [[path, value] as const];
  });
  return Object.fromEntries(found);
}

function memberOf(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null && Object.hasOwn(of, name)
    ? (of as Record<string, unknown>)[name]
    : undefined;
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
        const prompts = await allPrompts(call, service.backend, stillThere(request));
        const start: StartNative = ({backend}, one, signal, at) =>
          backend.complete(
            {prompt: prompts[at] ?? '', parseSpecial: call.parseSpecial, sampling: one, ...formOf(call)},
            signal,
          );
        return answer(service, reply, {call, prompts: prompts.length, start});
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
      const start: StartNative = ({backend}, one, signal) =>
        backend.fim({prompt, suffix, sampling: one, ...formOf(call)}, signal);
      return answer(service, reply, {call, prompts: 1, start});
    },
  );
}
