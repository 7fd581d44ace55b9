// Answers a call in a dialect: its events one by one as a stream, or the same events folded into one object.

import type {FastifyReply} from 'fastify';
import {inTurns} from '../../base/in-turns.ts';
import type {GenerationEvent} from '../../engine/contract/backend.ts';
import type {FinishEvent} from '../../engine/contract/collect-answer.ts';
import {schemaNotes} from '../../engine/template/encode/answer-grammar.ts';
import {type HttpError, isUnforeseen, toHttpError} from '../http-error.ts';
import {tell} from '../reply/told.ts';
import {chatGeneration} from '../run-generations.ts';
import type {RunningRequest, Service} from '../service.ts';
import type {DialectCall} from './dialect-call.ts';

/** Writes one reply. */
export interface EventWriter<WireEvent> {
  /** What tells an event of the engine; empty for those that no client sees. */
  write(event: GenerationEvent): readonly WireEvent[];
  /** What tells a failure in an open stream; nothing follows it. */
  fail(error: HttpError): readonly WireEvent[];
}

/** How a dialect puts its events on the wire. */
export interface Framing<WireEvent> {
  readonly contentType: string;
  frame(event: WireEvent): string;
  /** The whole reply, from the events that a stream would have. */
  fold(events: readonly WireEvent[]): unknown;
}

/** One server-sent event, named by its type. */
export function namedEvent(event: {readonly type: string}): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** Answers in the slot of the request, whole or streamed. */
export async function answerDialect<WireEvent>(
  service: Service,
  reply: FastifyReply,
  call: DialectCall,
  writer: EventWriter<WireEvent>,
  framing: Framing<WireEvent>,
): Promise<unknown> {
  tell(reply, ...call.told, ...(await inTurns(schemaNotes(call.request))));
  const start = (run: RunningRequest) => run.watch(chatGeneration(run, call.request, call.parallelCalls));
  return answerEvents(service, reply, call.stream, start, writer, framing);
}

/** The same for any generation. */
export function answerEvents<WireEvent>(
  service: Service,
  reply: FastifyReply,
  isStreamed: boolean,
  start: (run: RunningRequest) => AsyncIterable<GenerationEvent>,
  writer: EventWriter<WireEvent>,
  {contentType, frame, fold}: Framing<WireEvent>,
): Promise<unknown> {
  if (!isStreamed) {
    return service.run(reply, async (run) => {
      const events: GenerationEvent[] = [];
      for await (const event of start(run)) events.push(event);
      return fold(settled(events).flatMap((event) => writer.write(event)));
    });
  }
  return service.stream(
    reply,
    contentType,
    async (run, stream) => {
      for await (const event of start(run)) {
        if (!stream.isOpen) stream.open();
        for (const one of writer.write(event)) await stream.write(frame(one));
      }
    },
    async (stream, thrown) => {
      const error = toHttpError(thrown);
      if (isUnforeseen(error, thrown)) reply.log.error({err: thrown}, error.message);
      for (const one of writer.fail(error)) await stream.write(frame(one));
    },
  );
}

/** The events of an answer that is known to its end: where the end says that a thought was taken for text, it is one. */
function settled(events: readonly GenerationEvent[]): readonly GenerationEvent[] {
  const finish = events.find((event): event is FinishEvent => event.type === 'finish');
  if (!finish?.whole) return events;
  const {reasoning, content} = finish.whole;
  const others = events.filter(({type}) => type !== 'text' && type !== 'reasoning');
  const said: GenerationEvent[] = [
    ...(reasoning === '' ? [] : [{type: 'reasoning', text: reasoning} as const]),
    ...(content === '' ? [] : [{type: 'text', text: content} as const]),
  ];
  const start = others.findIndex(({type}) => type === 'tool_call' || type === 'finish');
  return [...others.slice(0, start), ...said, ...others.slice(start)];
}
