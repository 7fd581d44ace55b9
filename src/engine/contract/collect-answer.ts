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
  /** The exact ids of the prompt. */
  readonly prompt: readonly Token[];
  readonly finish: FinishEvent;
}

/**
 * Reads a generation to its end; `onEvent` sees every event as it comes.
 * Throws what the generation throws, and EngineError `backend_failed` when it ends without `finish`.
 */
export async function collectAnswer(
  events: AsyncIterable<GenerationEvent>,
  onEvent: (event: GenerationEvent) => void = () => {},
): Promise<Answer> {
  let content = '';
  let reasoning = '';
  let prompt: readonly Token[] = [];
  let finish: FinishEvent | undefined;
  const toolCalls: ParsedToolCall[] = [];
  const logprobs: TokenLogprob[] = [];
  for await (const event of events) {
    if (event.type === 'text') {
      content += event.text;
      logprobs.push(...(event.logprobs ?? []));
    } else if (event.type === 'reasoning') reasoning += event.text;
    else if (event.type === 'tool_call') toolCalls.push(event.call);
    else if (event.type === 'prompt') prompt = event.tokens;
    else if (event.type === 'finish') finish = event;
    onEvent(event);
  }
  if (!finish) throw new EngineError('backend_failed', 'the answer broke off without an end');
  return {content, reasoning, toolCalls, logprobs, prompt, finish};
}
