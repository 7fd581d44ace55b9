// The JSON a program reads from --json and --stream-json: the spellings of the OpenAI API where it has one.

import type {GenerationEvent, ModelInfo, ParsedToolCall} from '../../engine/contract/backend.ts';
import type {Answer, FinishEvent} from '../../engine/contract/collect-answer.ts';
import type {ContextEvent} from '../../engine/conversation/context/context-policy.ts';
import {toolCallToWire} from '../../engine/wire/write-messages.ts';

/** One object for one whole answer; `context` = what the model did not see any more from it on. */
export function answerObject(answer: Answer, model: ModelInfo, context: readonly ContextEvent[] = []): object {
  const {content, reasoning, toolCalls, finish} = answer;
  return {
    content,
    ...(reasoning === '' ? {} : {reasoning}),
    tool_calls: toolCalls.map(toolCallObject),
    ...finishObject(finish),
    ...(context.length > 0 && {context: contextObject(context)}),
    model: model.id,
    template: model.template ?? null,
  };
}

/** One object for one event; the last one of an answer has type `end`. */
export function eventObject(event: GenerationEvent | ContextEvent, model: ModelInfo): object {
  switch (event.type) {
    case 'context':
      return {type: 'context', ...contextObject([event])};
    case 'prompt':
      return {
        type: 'start',
        model: model.id,
        template: model.template ?? null,
        prompt_tokens: event.tokens.length,
        cached_tokens: event.cached,
      };
    case 'prefill':
      return {type: 'prefill', done: event.done, total: event.total};
    case 'text':
      return {type: 'delta', content: event.text};
    case 'reasoning':
      return {type: 'delta', reasoning: event.text};
    case 'tool_call':
      return {type: 'tool_call', tool_call: toolCallObject(event.call)};
    case 'finish':
      return {type: 'end', ...finishObject(event), ...event.whole};
  }
}

/** Why it ended, what it cost and how to get it again. */
function finishObject({reason, stop, usage, timings, seed, thinkingCut, notes}: FinishEvent): object {
  return {
    finish_reason: reason,
    ...(stop === undefined ? {} : {stop}),
    usage: {
      prompt_tokens: usage.promptTokens,
      cached_tokens: usage.cachedTokens,
      completion_tokens: usage.completionTokens,
      ...(usage.reasoningTokens === undefined ? {} : {reasoning_tokens: usage.reasoningTokens}),
      total_tokens: usage.promptTokens + usage.completionTokens,
    },
    timings: {
      first_token_ms: rounded(timings.firstTokenMs),
      prompt_ms: rounded(timings.promptMs),
      generation_ms: rounded(timings.generationMs),
      prompt_tokens_per_second: rounded(timings.promptTokensPerSecond),
      tokens_per_second: rounded(timings.tokensPerSecond),
    },
    seed: seed ?? null,
    ...(thinkingCut === undefined ? {} : {thinking_cut: thinkingCut}),
    ...(notes === undefined ? {} : {notes}),
  };
}

/** One object for all that was done for an answer: a summary that did not make room enough, and a cut. */
function contextObject(events: readonly ContextEvent[]): object {
  const sum = (of: (event: ContextEvent) => number) => events.reduce((total, event) => total + of(event), 0);
  const shortened = events.flatMap((event) => event.shortened);
  const [summary] = events.flatMap((event) => event.summary ?? []);
  const [problem] = events.flatMap((event) => event.summaryProblem ?? []);
  return {
    policy: events[0]?.policy,
    dropped_turns: sum(({droppedTurns}) => droppedTurns),
    dropped_messages: sum(({droppedMessages}) => droppedMessages),
    ...(shortened.length > 0 && {shortened_results: shortened}),
    ...(summary && {summary}),
    ...(problem !== undefined && {summary_problem: problem}),
  };
}

/** With what is wrong with it, for programs to see. */
export function toolCallObject(call: ParsedToolCall): object {
  const {problem} = call;
  return {...toolCallToWire(call), ...(problem === undefined ? {} : {problem})};
}

function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value * 100) / 100;
}
