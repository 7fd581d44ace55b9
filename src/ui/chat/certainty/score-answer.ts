// How certain the model was of an answer that is there already: it is read again, one token at a time.

import {EngineError} from '../../../base/errors.ts';
import type {Backend, TokenLogprob} from '../../../engine/contract/backend.ts';
import type {ChatCompletionRequest, Message, Token} from '../../../engine/contract/requests.ts';
import type {ConversationEvent} from '../../../engine/conversation/conversation.ts';
import {historyToSend} from '../../../engine/template/resend-history.ts';

/** Alternatives that are kept for each token. */
export const TOP = 5;

/** Enough to have a token chosen whatever the model thinks of it; log-probabilities are those without it. */
const FORCE = 100;

/**
 * Scores the last message, an answer in words, by having the model say it again: each token is forced, so it takes as
 * long as the answer did, but the answer stays what it is, and a resumed one has a certainty too. Yields its progress;
 * `take` gets the tokens at the end, unless it was stopped. The tokens are those the template makes of the text.
 * @throws EngineError when there is no such answer, or the backend shows no ids.
 */
export async function* scoreAnswer(
  backend: Backend,
  request: ChatCompletionRequest,
  take: (tokens: readonly TokenLogprob[]) => void,
  signal: AbortSignal,
): AsyncGenerator<ConversationEvent> {
  const {prompt, answer} = await answerTokens(backend, request);
  const scored: TokenLogprob[] = [];
  for (const [index, token] of answer.entries()) {
    if (signal.aborted) return;
    yield {type: 'prefill', done: index, total: answer.length};
    const logprob = await scoreToken(backend, [...prompt, ...answer.slice(0, index)], token, signal);
    scored.push(logprob ?? {token, logprob: scored.at(-1)?.logprob ?? 0, top: []});
  }
  if (!signal.aborted) take(scored);
}

/** Undefined for a token without a text of its own, such as the first byte of a character: it is as certain as its kin. */
async function scoreToken(
  backend: Backend,
  prompt: readonly Token[],
  token: Token,
  signal: AbortSignal,
): Promise<TokenLogprob | undefined> {
  const sampling = {temperature: 0, maxTokens: 1, topLogprobs: TOP, logitBias: new Map([[token, FORCE]])};
  let scored: TokenLogprob | undefined;
  for await (const event of backend.complete({prompt, sampling}, signal)) {
    if (event.type === 'text') scored ??= event.logprobs?.[0];
  }
  return scored;
}

/** The ids of the last message, and all before them. */
async function answerTokens(
  backend: Backend,
  request: ChatCompletionRequest,
): Promise<{prompt: readonly Token[]; answer: readonly Token[]}> {
  const last = request.messages.at(-1);
  if (last?.role !== 'assistant' || last.toolCalls?.length) {
    throw new EngineError('usage', 'there is no text answer yet');
  }
  const idsOf = async (messages: readonly Message[]) =>
    (await backend.render?.({...request, messages: historyToSend(messages, backend.model.template)}))?.tokens;
  const before = request.messages.slice(0, -1);
  const [prompt, whole] = [await idsOf(before), await idsOf([...before, {...last, prefix: true}])];
  if (prompt === undefined || whole === undefined) {
    throw new EngineError('unsupported', 'this server does not expose its vocabulary');
  }
  const differs = prompt.findIndex((token, index) => whole[index] !== token);
  const common = differs < 0 ? prompt.length : differs;
  return {prompt: whole.slice(0, common), answer: whole.slice(common)};
}
