// Chat-shaped replies (chat and Mistral's FIM): events of the engine to one object or to a stream of chunks.

import {randomUUID} from 'node:crypto';
import type {GenerationEvent, TokenLogprob, Usage} from '../../engine/contract/backend.ts';
import type {Answer, FinishEvent} from '../../engine/contract/collect-answer.ts';
import type {Tokenizer} from '../../engine/contract/tokenizer.ts';
import {toolCallToWire} from '../../engine/wire/write-messages.ts';
import type {ChatCompletion, ChatCompletionChunk, ChoiceLogprobs, WireContent} from './reply-schemas.ts';
import {tokenText} from './token-ids.ts';
import {totalUsage, wireReason, wireUsage} from './usage.ts';

export interface ReplyOptions {
  readonly model: string;
  /** `field` = reasoning_content beside the content; `chunks` = Mistral's thinking parts inside it. */
  readonly reasoning: 'field' | 'chunks';
  /** Present when the request asked for log-probabilities. */
  readonly logprobsOf: Tokenizer | undefined;
  readonly usage: UsagePlace;
}

/** `last` = in a chunk of its own, `finish` = on the chunk with the finish reason. */
export type UsagePlace = 'last' | 'finish' | 'none';

/** What all parts of one reply have in common. */
export interface ReplyHead {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

export function replyHead(prefix: string, model: string): ReplyHead {
  return {id: `${prefix}-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model};
}

/** OpenAI's form of the log-probabilities of some tokens. */
export function wireLogprobs(tokens: readonly TokenLogprob[], tokenizer: Tokenizer): ChoiceLogprobs {
  const entry = ({token, logprob}: {token: number; logprob: number}) => ({
    token: tokenText(token, tokenizer),
    logprob,
    bytes: [...tokenizer.bytes(token)],
  });
  return {content: tokens.map((token) => ({...entry(token), top_logprobs: token.top.map(entry)})), refusal: null};
}

/** What no protocol has a field for. */
function told({thinkingCut, notes}: FinishEvent): {thinking_cut?: boolean; notes?: string[]} {
  return {...(thinkingCut && {thinking_cut: true}), ...(notes && {notes: [...notes]})};
}

function replyContent({content, reasoning, toolCalls}: Answer, options: ReplyOptions): WireContent | null {
  if (options.reasoning === 'chunks' && reasoning) {
    const thinking = {type: 'thinking' as const, thinking: [{type: 'text' as const, text: reasoning}]};
    return content ? [thinking, {type: 'text', text: content}] : [thinking];
  }
  return content === '' && toolCalls.length > 0 ? null : content;
}

/** One object with a choice for each answer. */
export function chatCompletion(answers: readonly Answer[], options: ReplyOptions): ChatCompletion {
  return {
    ...replyHead('chatcmpl', options.model),
    object: 'chat.completion',
    choices: answers.map((answer, index) => ({
      index,
      message: {
        role: 'assistant',
        content: replyContent(answer, options),
        refusal: null,
        ...(options.reasoning === 'field' && answer.reasoning && {reasoning_content: answer.reasoning}),
        ...(answer.toolCalls.length > 0 && {tool_calls: answer.toolCalls.map(toolCallToWire)}),
      },
      finish_reason: wireReason(answer.finish.reason),
      logprobs: options.logprobsOf ? wireLogprobs(answer.logprobs, options.logprobsOf) : null,
      ...told(answer.finish),
    })),
    usage: wireUsage(totalUsage(answers.map(({finish}) => finish.usage))),
  };
}

type ChunkChoice = ChatCompletionChunk['choices'][number];

/** The chunks of one streamed reply; the choices come one after the other. */
export class ChunkWriter {
  readonly #options: ReplyOptions;
  readonly #head: ReplyHead;
  readonly #usages: Usage[] = [];
  #calls = 0;

  constructor(options: ReplyOptions) {
    this.#options = options;
    this.#head = replyHead('chatcmpl', options.model);
  }

  /** The chunk that tells an event of choice `index`; undefined for events no client sees. */
  chunk(event: GenerationEvent, index: number): ChatCompletionChunk | undefined {
    if (event.type === 'prompt') {
      this.#calls = 0;
      return this.#wrap({index, delta: {role: 'assistant', content: ''}, finish_reason: null, logprobs: null});
    }
    if (event.type === 'finish') {
      this.#usages.push(event.usage);
      const choice = {index, delta: {}, finish_reason: wireReason(event.reason), logprobs: null, ...told(event)};
      return this.#wrap(choice, this.#options.usage === 'finish');
    }
    const delta = this.#delta(event);
    return delta && this.#wrap({index, delta, finish_reason: null, logprobs: this.#logprobs(event)});
  }

  /** After the last choice, when the client asked for it. */
  last(): ChatCompletionChunk | undefined {
    if (this.#options.usage !== 'last') return undefined;
    return {...this.#head, object: 'chat.completion.chunk', choices: [], usage: this.#usage()};
  }

  #delta(event: GenerationEvent): ChunkChoice['delta'] | undefined {
    if (event.type === 'text') return {content: event.text};
    if (event.type === 'reasoning') {
      if (this.#options.reasoning === 'field') return {reasoning_content: event.text};
      return {content: [{type: 'thinking', thinking: [{type: 'text', text: event.text}]}]};
    }
    // A call comes whole: Mistral's client throws on arguments split over several deltas.
    if (event.type === 'tool_call') return {tool_calls: [{...toolCallToWire(event.call), index: this.#calls++}]};
    return undefined;
  }

  #logprobs(event: GenerationEvent): ChunkChoice['logprobs'] {
    const {logprobsOf} = this.#options;
    return logprobsOf && event.type === 'text' ? wireLogprobs(event.logprobs ?? [], logprobsOf) : null;
  }

  #wrap(choice: ChunkChoice, withUsage = false): ChatCompletionChunk {
    const usage = withUsage ? {usage: this.#usage()} : this.#options.usage === 'last' ? {usage: null} : {};
    return {...this.#head, object: 'chat.completion.chunk', choices: [choice], ...usage};
  }

  #usage() {
    return wireUsage(totalUsage(this.#usages));
  }
}
