// Tool call ids of other makers ("call_abc...") as ids a template can carry, the same for a call and its results.
import {createHash} from 'node:crypto';
import {isCallId, NO_ID} from '../template/names.ts';
import type {Message} from '../types.ts';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const LENGTH = 9;

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
    while (taken.has(hashedId(id, salt))) salt += 1;
    mapped.set(id, hashedId(id, salt));
    taken.add(hashedId(id, salt));
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

function hashedId(id: string, salt: number): string {
  let rest = BigInt(`0x${createHash('sha256').update(`${salt}:${id}`).digest('hex')}`);
  let text = '';
  for (let count = 0; count < LENGTH; count += 1) {
    text += ALPHABET[Number(rest % 62n)];
    rest /= 62n;
  }
  return text;
}
