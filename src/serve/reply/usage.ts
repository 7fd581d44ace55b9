// What the replies of all protocols say about an answer: usage and finish reason in the wire's spelling.
import type {FinishReason, Usage} from '../../engine/contract/backend.ts';

/** Usage of several answers to one prompt: the prompt counts once. */
export function totalUsage(usages: readonly Usage[]): Usage {
  const [first] = usages;
  return {
    promptTokens: first?.promptTokens ?? 0,
    cachedTokens: first?.cachedTokens ?? 0,
    completionTokens: usages.reduce((sum, {completionTokens}) => sum + completionTokens, 0),
    ...(usages.some(({reasoningTokens}) => reasoningTokens !== undefined) && {
      reasoningTokens: usages.reduce((sum, {reasoningTokens = 0}) => sum + reasoningTokens, 0),
    }),
  };
}

/** Usage as OpenAI and Mistral spell it. */
export function wireUsage({promptTokens, cachedTokens, completionTokens, reasoningTokens}: Usage) {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: {cached_tokens: cachedTokens},
    ...(reasoningTokens !== undefined && {completion_tokens_details: {reasoning_tokens: reasoningTokens}}),
    num_cached_tokens: cachedTokens,
  };
}

/** OpenAI's finish reasons: a full context cuts the answer as max_tokens does. */
export function wireReason(reason: FinishReason): 'stop' | 'length' | 'tool_calls' {
  if (reason === 'context' || reason === 'aborted') return 'length';
  return reason;
}
