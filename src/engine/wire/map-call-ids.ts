// Tool call ids of other makers ("call_abc...") as ids a template can carry, the same for a call and its results.
import {hashedCallId} from '../contract/call-ids.ts';
import type {Message} from '../contract/requests.ts';
import {isCallId, NO_ID} from '../contract/tool-names.ts';

/**
 * Replaces every id that is not 9 alphanumerics by one made from it: the same history always gives the same ids, so
 * that a cached prompt stays valid, and two ids never become one.
 */
export function mapForeignCallIds(messages: readonly Message[]): readonly Message[] {
  const foreign = new Set(idsOf(messages).filter((id) => !isCallId(id) && id !== NO_ID));
  if (foreign.size === 0) return messages;
  const taken = new Set(idsOf(messages));
  const mapped = new Map<string, string>();
  for (const id of foreign) {
    let salt = 0;
    let made = hashedCallId(`${salt}:${id}`);
    while (taken.has(made)) {
      salt += 1;
      made = hashedCallId(`${salt}:${id}`);
    }
    mapped.set(id, made);
    taken.add(made);
  }
  return messages.map((message) => withIds(message, (id) => mapped.get(id) ?? id));
}

function idsOf(messages: readonly Message[]): string[] {
  return messages.flatMap((message) => {
    if (message.role === 'assistant') return message.toolCalls?.map((call) => call.id) ?? [];
    return message.role === 'tool' && message.toolCallId !== undefined ? [message.toolCallId] : [];
  });
}

function withIds(message: Message, map: (id: string) => string): Message {
  if (message.role === 'assistant' && message.toolCalls) {
    return {...message, toolCalls: message.toolCalls.map((call) => ({...call, id: map(call.id)}))};
  }
  if (message.role === 'tool' && message.toolCallId !== undefined) {
    return {...message, toolCallId: map(message.toolCallId)};
  }
  return message;
}
