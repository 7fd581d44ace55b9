// The face without a screen: the answer on stdout as it comes, everything else on stderr. It never loads Ink.

import {EngineError} from '../../base/errors.ts';
import {counted} from '../../base/units.ts';
import type {GenerationEvent, ModelInfo} from '../../engine/contract/backend.ts';
import {type Answer, collectAnswer, type FinishEvent} from '../../engine/contract/collect-answer.ts';
import type {ContextEvent} from '../../engine/conversation/context/context-policy.ts';
import {contextNotes} from '../rows/context-note.ts';
import {Sentences} from '../sentences.ts';
import {answerObject, eventObject} from './answer-json.ts';

/** mistral-inference's line between two turns. */
export const RULE = '='.repeat(21);

/** How answers are written: text, one JSON object an answer, or one JSON object an event. */
export type AnswerFormat = 'text' | 'json' | 'stream-json';

export interface PlainOutput {
  readonly to: {
    /** The answer. */
    print(text: string): void;
    /** An object of it, as a line. */
    json(value: unknown): void;
    /** What is not the answer, as a line. */
    say(text: string): void;
  };
  /** Write whole sentences only, for a screen reader. */
  readonly sentences?: boolean;
  /** Write thoughts too, as what is not the answer. */
  readonly thoughts?: boolean;
  /** Members of the answer's object, or of its last event: what it was asked with. */
  readonly told?: object;
}

/** An answer, and what the model does not see any more from it on. */
export type PlainEvent = GenerationEvent | ContextEvent;

/** Writes one answer as its events come, says on stderr why a cut one was cut, and returns it whole. */
export async function writeAnswer(
  events: AsyncIterable<PlainEvent>,
  {to, sentences = false, thoughts = false, told}: PlainOutput,
  format: AnswerFormat,
  model: ModelInfo,
): Promise<Answer> {
  const held = new Sentences();
  const thought = new ThoughtLines((line) => to.say(line));
  let written = false;
  const write = (text: string) => {
    if (text === '') return;
    written = true;
    to.print(text);
  };
  const context: ContextEvent[] = [];
  const takeContext = (event: ContextEvent) => {
    context.push(event);
    if (format === 'stream-json') to.json(eventObject(event, model));
    for (const note of contextNotes(event, model.contextSize)) to.say(note);
  };
  const answer = await collectAnswer(answerEvents(events, takeContext), (event) => {
    if (format === 'text' && thoughts) thought.take(event);
    if (format === 'text' && event.type === 'text') write(sentences ? held.push(event.text) : event.text);
    if (format === 'stream-json') to.json({...eventObject(event, model), ...(event.type === 'finish' && told)});
  }).catch((error: unknown) => {
    thought.end();
    // What was said before it broke off is a line: the next answer does not go on from it.
    write(held.end());
    if (written) write('\n');
    // Whoever reads events has had every piece of it.
    throw format === 'stream-json' && error instanceof EngineError ? error.after(undefined) : error;
  });
  if (format === 'text') write(`${held.end()}\n`);
  if (format === 'json') to.json({...answerObject(answer, model, context), ...told});
  for (const note of endNotes(answer.finish, model)) to.say(note);
  return answer;
}

/** The events of the answer alone; `take` has the others. */
export async function* answerEvents(
  events: AsyncIterable<PlainEvent>,
  take: (event: ContextEvent) => void,
): AsyncGenerator<GenerationEvent> {
  for await (const event of events) {
    if (event.type === 'context') take(event);
    else yield event;
  }
}

/** Writes the thoughts of an answer as lines. */
export class ThoughtLines {
  readonly #write: (line: string) => void;
  #held = '';

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  take(event: GenerationEvent): void {
    if (event.type !== 'reasoning') {
      this.end();
      return;
    }
    const lines = (this.#held + event.text).split('\n');
    this.#held = lines.pop() ?? '';
    for (const line of lines) this.#write(line);
  }

  /** The last line, if it has no end. */
  end(): void {
    if (this.#held !== '') this.#write(this.#held);
    this.#held = '';
  }
}

/** What a person should know of an answer: how the request was understood, and why it is not whole. */
export function endNotes(finish: FinishEvent, model: ModelInfo): readonly string[] {
  const cut = cutNote(finish, model);
  return [...(finish.notes ?? []).map((note) => `note: ${note}`), ...(cut === undefined ? [] : [cut])];
}

function cutNote({reason, usage}: FinishEvent, model: ModelInfo): string | undefined {
  if (reason === 'length') {
    return `note: the answer was cut off after ${counted(usage.completionTokens, 'token')}; raise the limit with --max-tokens`;
  }
  if (reason === 'context') {
    const size = model.contextSize === undefined ? 'the context' : `the context of ${model.contextSize} tokens`;
    return `note: the answer was cut off because ${size} is full; enlarge it with --ctx`;
  }
  return undefined;
}
