// Chat-shaped replies (chat and Mistral's FIM): events of the engine to one object or to a stream of chunks.

import {randomUUID} from 'node:crypto';
import type {GenerationEvent, TokenLogprob, Usage} from '../../engine/contract/backend.ts';
import type {Answer, FinishEvent} from '../../engine/contract/collect-answer.ts';
import type {Token} from '../../engine/contract/prompt.ts';
import type {Tokenizer} from '../../engine/contract/tokenizer.ts';
import {toolCallToWire} from '../../engine/wire/write-messages.ts';
import type {ChatCompletion, ChatCompletionChunk, ChoiceLogprobs, WireContent} from './reply-schemas.ts';
import {RunningTimings, type WireTimings, wireTimings} from './timings.ts';
import {idName, type SpokenToken, spokenTokens} from './token-ids.ts';
import {totalUsage, wireReason, wireUsage} from './usage.ts';

export interface ReplyOptions {
  readonly model: string;
  readonly fingerprint: string;
  /** The ids of prompt and answer are told. */
  readonly tokenIds?: boolean;
  /** The tokens of log-probabilities are named by their ids. */
  readonly idsAsTokens?: boolean;
  /** Each chunk of a stream has the timings. */
  readonly timingsPerToken?: boolean;
  /** A stream tells how much of the prompt is read. */
  readonly progress?: boolean;
  /** Monotonic, in milliseconds; default: the process's own. */
  readonly now?: () => number;
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
  readonly system_fingerprint: string;
}

export function replyHead(
  prefix: string,
  {model, fingerprint}: Pick<ReplyOptions, 'model' | 'fingerprint'>,
): ReplyHead {
  return {
    id: `${prefix}-${randomUUID()}`,
    created: Math.floor(Date.now() / 1000),
    model,
    system_fingerprint: fingerprint,
  };
}

/** OpenAI's form of the log-probabilities of some tokens. */
export function wireLogprobs(
  tokens: readonly TokenLogprob[],
  tokenizer: Tokenizer,
  idsAsTokens = false,
): ChoiceLogprobs {
  const entry = (id: Token, {text, bytes}: SpokenToken, logprob: number) => ({
    token: idsAsTokens ? idName(id) : text,
    logprob,
    bytes: [...bytes],
  });
  const content = tokens.map((token) => {
    const {own, alternatives} = spokenTokens(token, tokenizer);
    const top = alternatives.map((one) => entry(one.id, one, one.logprob));
    return {...entry(token.token, own, token.logprob), top_logprobs: top};
  });
  return {content, refusal: null};
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
    ...replyHead('chatcmpl', options),
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
      logprobs: options.logprobsOf ? wireLogprobs(answer.logprobs, options.logprobsOf, options.idsAsTokens) : null,
      ...(options.tokenIds && {token_ids: [...answer.tokens]}),
      ...told(answer.finish),
    })),
    ...(options.tokenIds && {prompt_token_ids: [...(answers[0]?.prompt ?? [])]}),
    ...(options.timingsPerToken && answers[0] && {timings: wireTimings(answers[0].finish)}),
    usage: wireUsage(totalUsage(answers.map(({finish}) => finish.usage))),
  };
}

type ChunkChoice = ChatCompletionChunk['choices'][number];

/** The chunks of one streamed reply; the choices come one after the other. */
export class ChunkWriter {
  readonly #options: ReplyOptions;
  readonly #head: ReplyHead;
  readonly #usages: Usage[] = [];
  readonly #running: RunningTimings;
  #calls = 0;
  #timings: WireTimings | undefined;

  constructor(options: ReplyOptions) {
    this.#options = options;
    this.#head = replyHead('chatcmpl', options);
    this.#running = new RunningTimings(options.now);
  }

  /** The chunk that tells an event of choice `index`; undefined for events no client sees. */
  chunk(event: GenerationEvent, index: number): ChatCompletionChunk | undefined {
    this.#running.take(event);
    const {tokenIds, progress, usage} = this.#options;
    if (event.type === 'prompt') {
      this.#calls = 0;
      const first = {index, delta: {role: 'assistant', content: ''}, finish_reason: null, logprobs: null} as const;
      return {...this.#wrap(first), ...(tokenIds && {prompt_token_ids: [...event.tokens]}), ...this.#progress()};
    }
    if (event.type === 'prefill') {
      if (!progress) return undefined;
      const read = this.#wrap({index, delta: {}, finish_reason: null, logprobs: null});
      return {...read, ...this.#progress(), ...this.#told(event)};
    }
    const ids = tokenIds ? {token_ids: [...(event.tokens ?? [])]} : {};
    if (event.type === 'finish') {
      this.#usages.push(event.usage);
      this.#timings = wireTimings(event);
      const choice = {
        index,
        delta: {},
        finish_reason: wireReason(event.reason),
        logprobs: null,
        ...ids,
        ...told(event),
      };
      return {...this.#wrap(choice, usage === 'finish'), ...this.#told(event)};
    }
    const delta = this.#delta(event);
    if (!delta) return undefined;
    const chunk = this.#wrap({index, delta, finish_reason: null, logprobs: this.#logprobs(event), ...ids});
    return {...chunk, ...this.#told(event)};
  }

  #progress(): Pick<ChatCompletionChunk, 'prompt_progress'> {
    return this.#options.progress ? {prompt_progress: this.#running.progress} : {};
  }

  /** The timings so far, where every chunk is to have them. */
  #told({type}: GenerationEvent): Pick<ChatCompletionChunk, 'timings'> {
    if (!this.#options.timingsPerToken) return {};
    return {timings: type === 'finish' ? this.#timings : this.#running.timings};
  }

  /** After the last choice, when the client asked for it. */
  last(): ChatCompletionChunk | undefined {
    if (this.#options.usage !== 'last') return undefined;
    return {...this.#head, object: 'chat.completion.chunk', choices: [], usage: this.#usage(), ...this.#last()};
  }

  #last(): Pick<ChatCompletionChunk, 'timings'> {
    return this.#options.timingsPerToken ? {timings: this.#timings} : {};
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
    const {logprobsOf, idsAsTokens} = this.#options;
    return logprobsOf && event.type === 'text' ? wireLogprobs(event.logprobs ?? [], logprobsOf, idsAsTokens) : null;
  }

  #wrap(choice: ChunkChoice, withUsage = false): ChatCompletionChunk {
    const usage = withUsage ? {usage: this.#usage()} : this.#options.usage === 'last' ? {usage: null} : {};
    return {...this.#head, object: 'chat.completion.chunk', choices: [choice], ...usage};
  }

  #usage() {
    return wireUsage(totalUsage(this.#usages));
  }
}
