// A summary of a chat by its own model: how it is asked for, and what of the answer is kept.
import {EngineError} from '../../../base/errors.ts';
import type {Backend, GenerationEvent} from '../../contract/backend.ts';
import {AnswerFold} from '../../contract/collect-answer.ts';
import type {ChatCompletionRequest, Message} from '../../contract/requests.ts';

const TOKENS = 400;

/** Tokens a summary may have. */
export const summaryLimit = (contextSize = Number.POSITIVE_INFINITY): number =>
  Math.min(TOKENS, Math.floor(contextSize / 4));

/** What the user says to have one; `keep` = what must not be missing in it. */
export function summaryRequest(keep: string): Message {
  const request =
    'Sum up our conversation so far: facts, decisions, names, open questions, what I asked for. At most 200 words.';
  return {role: 'user', content: keep === '' ? request : `${request} ${keep}`};
}

/** The request as it is sent: the same prompt as the chat's, so that nothing of it is evaluated again. */
export function forSummary(request: ChatCompletionRequest, maxTokens: number): ChatCompletionRequest {
  const {responseFormat: _, tools, toolChoice: __, ...rest} = request;
  return {...rest, ...(tools && {tools, toolChoice: 'none'}), sampling: {temperature: 0, maxTokens}};
}

export interface Summary {
  readonly text: string;
  readonly tokens: number;
}

/**
 * Has the model answer; undefined when it was stopped.
 * @throws EngineError `backend_failed` for an answer without words, and what the backend throws.
 */
export async function* askForSummary(
  backend: Backend,
  request: ChatCompletionRequest,
  signal: AbortSignal,
): AsyncGenerator<GenerationEvent, Summary | undefined> {
  const answer = new AnswerFold();
  for await (const event of backend.chat(request, signal)) {
    answer.add(event);
    if (event.type !== 'tool_call') yield event;
  }
  const {finish} = answer;
  if (signal.aborted || finish?.reason === 'aborted') return undefined;
  const text = answer.content.trim();
  if (finish === undefined || text === '') {
    throw new EngineError('backend_failed', 'the summary has no words', {
      hint: 'The chat is as it was; ask again with what to keep, such as /compact the decisions.',
    });
  }
  return {text, tokens: finish.usage.completionTokens};
}
