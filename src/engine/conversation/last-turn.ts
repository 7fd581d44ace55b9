// What is remembered of the last turn, for /stats, /tokens, /heat and /alt.
import type {TokenLogprob} from '../contract/backend.ts';
import type {Message} from '../contract/requests.ts';
import {contentText} from '../contract/requests.ts';
import type {ConversationEvent} from './conversation.ts';

export type Finish = Extract<ConversationEvent, {type: 'finish'}>;

export class TurnRecord {
  /** Tokens in the context after the turn. */
  used = 0;
  finish: Finish | undefined;
  /** The exact ids of the prompt. */
  prompt: readonly number[] = [];
  /** The answer's tokens, when their certainty was asked for. */
  logprobs: TokenLogprob[] = [];
  /** The message those tokens are. */
  scored: Message | undefined;
  /** What the answer already said before those tokens: it was continued. */
  prefix = '';

  /** An event of a turn of the conversation; `messages` are those it has now. */
  take(event: ConversationEvent, messages: readonly Message[]): void {
    if (event.type === 'prompt') {
      const last = messages.at(-1);
      this.prompt = event.tokens;
      this.logprobs = [];
      this.prefix = last?.role === 'assistant' ? contentText(last.content) : '';
    } else if (event.type === 'text') this.logprobs.push(...(event.logprobs ?? []));
    else if (event.type === 'finish') {
      this.finish = event;
      this.scored = messages.at(-1);
      this.used = event.usage.promptTokens + event.usage.completionTokens;
    }
  }

  /** An event of an answer that becomes no message of the conversation, such as a fill-in. */
  takeAside(event: ConversationEvent): void {
    if (event.type === 'prompt') {
      this.prompt = event.tokens;
      this.logprobs = [];
    } else if (event.type === 'finish') this.finish = event;
  }
}
