// An agent's history as a template can take it: what has no form is left out and told instead of refused.
import {counted} from '../../base/units.ts';
import {type AssistantMessage, contentText, type Message} from '../../engine/contract/requests.ts';
import type {TemplateName} from '../../engine/contract/templates.ts';
import {historyToSend} from '../../engine/template/resend-history.ts';

export interface FittedHistory {
  readonly messages: readonly Message[];
  /** What was left out, a sentence each. */
  readonly told: readonly string[];
}

/** Agents keep answers that were stopped before their first word; no template has a form for them. */
export function withoutEmptyAnswers(messages: readonly Message[]): FittedHistory {
  const kept = messages.filter((message) => message.role !== 'assistant' || !isEmpty(message));
  const dropped = messages.length - kept.length;
  return {
    messages: kept,
    told: dropped === 0 ? [] : [`${counted(dropped, 'empty assistant message')} of the history left out`],
  };
}

function isEmpty({content = '', toolCalls = [], prefix}: AssistantMessage): boolean {
  return content.length === 0 && toolCalls.length === 0 && prefix !== true;
}

/**
 * With every call answered, and for a known template without what it has no form for: text beside tool calls, thoughts.
 */
export function fittedHistory(messages: readonly Message[], template: TemplateName | undefined): FittedHistory {
  const sent = historyToSend(messages, template);
  return {messages: sent, told: lost(messages, sent)};
}

function lost(before: readonly Message[], after: readonly Message[]): string[] {
  const texts = countOf(before, hasText) - countOf(after, hasText);
  const thoughts = countOf(before, hasThought) - countOf(after, hasThought);
  return [
    ...(texts > 0 ? [`the text beside the tool calls of ${counted(texts, 'assistant message')} left out`] : []),
    ...(thoughts > 0 ? [`the thoughts of ${counted(thoughts, 'assistant message')} left out`] : []),
  ];
}

const hasText = ({content}: AssistantMessage) => contentText(content) !== '';
const hasThought = ({content}: AssistantMessage) =>
  typeof content === 'object' && content.some(({type}) => type === 'thinking');

function countOf(messages: readonly Message[], is: (message: AssistantMessage) => boolean): number {
  return messages.filter((message) => message.role === 'assistant' && is(message)).length;
}

/**
 * Moves system messages to where a model reads them as instructions. One behind a user message goes in front of it: left
 * there, the model would have to answer behind a system prompt. Where no system message may stand (behind a tool result or
 * an answer) it becomes user text.
 */
export function placeSystemMessages(messages: readonly Message[]): readonly Message[] {
  const placed: Message[] = [];
  for (const message of messages) {
    const at = message.role === 'system' && placed.at(-1)?.role === 'user' ? placed.length - 1 : placed.length;
    const before = placed[at - 1]?.role;
    const isMisplaced = message.role === 'system' && (before === 'assistant' || before === 'tool');
    placed.splice(at, 0, isMisplaced ? {role: 'user', content: contentText(message.content)} : message);
  }
  return placed;
}

/** The model goes on with an answer that stands last. */
export function asPrefix(messages: readonly Message[]): readonly Message[] {
  const last = messages.at(-1);
  if (last?.role !== 'assistant' || last.toolCalls || typeof last.content !== 'string' || last.content === '') {
    return messages;
  }
  return [...messages.slice(0, -1), {...last, prefix: true}];
}
