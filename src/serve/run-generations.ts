// Runs the n generations of a request in its slot, whole or streamed, and tells OpenAI clients of late failures.
import type {FastifyReply} from 'fastify';
import {streamWithin} from '../base/signals.ts';
import type {FinishReason, GenerationEvent} from '../engine/contract/backend.ts';
import {type Answer, collectAnswer} from '../engine/contract/collect-answer.ts';
import type {ChatCompletionRequest} from '../engine/contract/requests.ts';
import type {SamplingParams} from '../engine/contract/sampling.ts';
import {errorBody, isUnforeseen, toHttpError} from './http-error.ts';
import {type ReplyStream, SSE} from './reply/event-stream.ts';
import type {RunningRequest, Service} from './service.ts';

/** Starts generation number `index` of a request. */
export type StartGeneration = (run: RunningRequest, index: number) => AsyncIterable<GenerationEvent>;

/** The sampling of choice `index`: with a fixed seed each choice gets another one, and the first keeps it. */
export function nthSampling(sampling: SamplingParams, index: number): SamplingParams {
  if (index === 0 || sampling.seed === undefined) return sampling;
  return {...sampling, seed: (sampling.seed + index) >>> 0};
}

/** All answers of a request, one after the other in one slot: the second finds its prompt in the cache. */
export function answers(service: Service, reply: FastifyReply, n: number, start: StartGeneration, wantedSlot?: number) {
  return service.run(
    reply,
    async (run) => {
      const all: Answer[] = [];
      for (let index = 0; index < n; index++) all.push(await collectAnswer(run.watch(start(run, index))));
      return all;
    },
    wantedSlot,
  );
}

export interface ChunkSource {
  chunk(event: GenerationEvent, index: number): unknown;
  last(): unknown;
}

/** Streams the answers as server-sent events, ended by [DONE]. The stream opens with the first event. */
export function streamAnswers(
  service: Service,
  reply: FastifyReply,
  n: number,
  start: StartGeneration,
  source: ChunkSource,
) {
  return service.stream(
    reply,
    SSE,
    async (run, stream) => {
      for (let index = 0; index < n; index++) {
        for await (const event of run.watch(start(run, index))) {
          if (!stream.isOpen) stream.open();
          const chunk = source.chunk(event, index);
          if (chunk !== undefined) await stream.send(chunk);
        }
      }
      const last = source.last();
      if (last !== undefined) await stream.send(last);
      await stream.send('[DONE]');
    },
    sendFailure(reply),
  );
}

/** A chat's generation; with `parallelCalls` false it ends after its first tool call. */
export function chatGeneration(
  {backend, signal}: RunningRequest,
  request: ChatCompletionRequest,
  parallelCalls: boolean,
): AsyncIterable<GenerationEvent> {
  if (parallelCalls) return backend.chat(request, signal);
  const isCall = ({type}: GenerationEvent) => type === 'tool_call';
  return cutShort((own) => backend.chat(request, own), signal, isCall, 'tool_calls');
}

/** Tells a failure inside an open event stream; the missing [DONE] says that the answer is not whole. */
export function sendFailure(reply: FastifyReply): (stream: ReplyStream, thrown: unknown) => Promise<void> {
  return async (stream, thrown) => {
    const error = toHttpError(thrown);
    if (isUnforeseen(error, thrown)) reply.log.error({err: thrown}, error.message);
    await stream.send(errorBody(error, 'openai', thrown, reply.request.id));
  };
}

/**
 * Ends a generation as soon as an event is enough; what still comes until the backend has stopped is dropped, and
 * `reason` is told as the reason. A generation that ends by itself is left as it is.
 */
export async function* cutShort(
  start: (signal: AbortSignal) => AsyncIterable<GenerationEvent>,
  signal: AbortSignal,
  isEnough: (event: GenerationEvent) => boolean,
  reason: FinishReason,
): AsyncGenerator<GenerationEvent> {
  yield* streamWithin({of: [signal]}, async function* (own, abort) {
    let enough = false;
    for await (const event of start(own)) {
      if (event.type === 'finish') yield enough && event.reason === 'aborted' ? {...event, reason} : event;
      else if (!enough) yield event;
      if (enough || !isEnough(event)) continue;
      enough = true;
      abort();
    }
  });
}
