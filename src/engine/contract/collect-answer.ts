// Folds the events of one generation into the whole answer, for everyone who wants it in one piece.

import {EngineError} from '../../base/errors.ts';
import type {GenerationEvent, ParsedToolCall, TokenLogprob} from './backend.ts';
import type {Token} from './requests.ts';

export type FinishEvent = Extract<GenerationEvent, {type: 'finish'}>;

export interface Answer {
  readonly content: string;
  readonly reasoning: string;
  readonly toolCalls: readonly ParsedToolCall[];
  /** Of the text's tokens, when they were asked for. */
  readonly logprobs: readonly TokenLogprob[];
  /** All generated ids, when they were asked for. */
  readonly tokens: readonly Token[];
  /** The exact ids of the prompt. */
  readonly prompt: readonly Token[];
  readonly finish: FinishEvent;
}

/**
 * Reads a generation to its end; `onEvent` sees every event as it comes.
 * @throws what the generation throws, an EngineError with what had been answered before it; EngineError
 * `backend_failed` when it ends without `finish`.
 */
export async function collectAnswer(
  events: AsyncIterable<GenerationEvent>,
  onEvent: (event: GenerationEvent) => void = () => {},
): Promise<Answer> {
  const fold = new AnswerFold();
  try {
    for await (const event of events) {
      fold.add(event);
      onEvent(event);
    }
  } catch (error) {
    const {content, reasoning} = fold;
    throw error instanceof EngineError && content + reasoning !== '' ? error.after({content, reasoning}) : error;
  }
  const {content, reasoning, toolCalls, logprobs, tokens, prompt, finish} = fold;
  if (!finish) throw new EngineError('backend_failed', 'the answer broke off');
  return {content, reasoning, toolCalls, logprobs, tokens, prompt, finish};
}

/** The answer so far, event by event. */
export class AnswerFold {
  content = '';
  reasoning = '';
  readonly toolCalls: ParsedToolCall[] = [];
  readonly logprobs: TokenLogprob[] = [];
  readonly tokens: Token[] = [];
  prompt: readonly Token[] = [];
  finish: FinishEvent | undefined;

  private end(event: FinishEvent): void {
    this.finish = event;
    if (event.whole) ({content: this.content, reasoning: this.reasoning} = event.whole);
  }

  add(event: GenerationEvent): void {
    if ('tokens' in event && event.type !== 'prompt') this.tokens.push(...(event.tokens ?? []));
    if (event.type === 'text') {
      this.content += event.text;
      this.logprobs.push(...(event.logprobs ?? []));
    } else if (event.type === 'reasoning') this.reasoning += event.text;
    else if (event.type === 'tool_call') this.toolCalls.push(event.call);
    else if (event.type === 'prompt') this.prompt = event.tokens;
    else if (event.type === 'finish') this.end(event);
  }
}
