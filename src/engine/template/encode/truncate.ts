// Drops the oldest messages of a chat until the rest fits, with mistral-common's rules.

import {Refusal} from '../../contract/refusal.ts';
import type {Message, Token} from '../../contract/requests.ts';

/**
 * `parts[i]` are the ids of `messages[i]`; `maxTokens` counts them without BOS. System messages and the last user
 * message stay; what follows a user message goes with it, up to the next user message.
 * @throws Refusal when what must stay is longer than the maximum.
 */
export function dropOldest(
  parts: readonly (readonly Token[])[],
  messages: readonly Pick<Message, 'role'>[],
  maxTokens: number,
): readonly (readonly Token[])[] {
  const lastUser = messages.findLastIndex((message) => message.role === 'user');
  let excess = parts.reduce((sum, part) => sum + part.length, 0) - maxTokens;
  let dropping = false;
  const kept = parts.filter((part, index) => {
    const role = messages[index]?.role;
    if (role === 'user') dropping = false;
    if (excess <= 0 && !dropping) return true;
    if (role === 'user') dropping = true;
    if (role === 'system' || index === lastUser) return true;
    excess -= part.length;
    return false;
  });
  if (excess > 0) {
    throw new Refusal(
      'TokenizerException',
      `The chat does not fit into ${maxTokens} tokens even without its older messages.`,
      {
        param: 'messages',
      },
    );
  }
  return kept;
}
