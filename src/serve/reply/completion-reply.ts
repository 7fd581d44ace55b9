// OpenAI's text completions: answers of the engine as one object or as chunks of the same shape.

import type {GenerationEvent, TokenLogprob, Usage} from '../../engine/contract/backend.ts';
import type {Answer} from '../../engine/contract/collect-answer.ts';
import type {Tokenizer} from '../../engine/contract/tokenizer.ts';
import {type ReplyHead, replyHead, type UsagePlace} from './chat-reply.ts';
import type {Completion, CompletionLogprobs} from './reply-schemas.ts';
import {tokenText} from './token-ids.ts';
import {totalUsage, wireReason, wireUsage} from './usage.ts';

export interface CompletionOptions {
  readonly model: string;
  /** Present when the request asked for log-probabilities. */
  readonly logprobsOf: Tokenizer | undefined;
  readonly usage: UsagePlace;
  /** Sent in front of choice `index`, as `echo` asks. */
  echo(index: number): string;
}

function wireLogprobs(tokens: readonly TokenLogprob[], tokenizer: Tokenizer, start: number): CompletionLogprobs {
  let offset = start;
  const pieces = tokens.map(({token}) => tokenText(token, tokenizer));
  return {
    tokens: pieces,
    token_logprobs: tokens.map(({logprob}) => logprob),
    top_logprobs: tokens.map(({top}) =>
      Object.fromEntries(top.map(({token, logprob}) => [tokenText(token, tokenizer), logprob])),
    ),
    text_offset: pieces.map((piece) => {
      offset += piece.length;
      return offset - piece.length;
    }),
  };
}

/** One object with a choice for each answer; each prompt has `n` of them, one after the other. */
export function completion(answers: readonly Answer[], n: number, options: CompletionOptions): Completion {
  const {logprobsOf, model, echo} = options;
  return {
    ...replyHead('cmpl', model),
    object: 'text_completion',
    choices: answers.map(({content, finish, logprobs}, index) => ({
      text: echo(index) + content,
      index,
      logprobs: logprobsOf ? wireLogprobs(logprobs, logprobsOf, echo(index).length) : null,
      finish_reason: wireReason(finish.reason),
    })),
    usage: wireUsage(
      usageOfPrompts(
        answers.map(({finish}) => finish.usage),
        n,
      ),
    ),
  };
}

/** Usage over several prompts with `n` choices each. */
function usageOfPrompts(usages: readonly Usage[], n: number): Usage {
  const total = {promptTokens: 0, cachedTokens: 0, completionTokens: 0};
  for (let first = 0; first < usages.length; first += n) {
    const one = totalUsage(usages.slice(first, first + n));
    total.promptTokens += one.promptTokens;
    total.cachedTokens += one.cachedTokens;
    total.completionTokens += one.completionTokens;
  }
  return total;
}

/** The chunks of a streamed completion. */
export class CompletionChunkWriter {
  readonly #options: CompletionOptions;
  readonly #head: ReplyHead;
  readonly #usages: Usage[] = [];
  readonly #n: number;
  #offset = 0;

  constructor(n: number, options: CompletionOptions) {
    this.#n = n;
    this.#options = options;
    this.#head = replyHead('cmpl', options.model);
  }

  chunk(event: GenerationEvent, index: number): Completion | undefined {
    const {logprobsOf, usage} = this.#options;
    if (event.type === 'prompt') {
      const echo = this.#options.echo(index);
      this.#offset = echo.length;
      return echo === '' ? undefined : this.#wrap(index, echo, null);
    }
    if (event.type === 'text') {
      const logprobs = logprobsOf ? wireLogprobs(event.logprobs ?? [], logprobsOf, this.#offset) : null;
      this.#offset += event.text.length;
      return this.#wrap(index, event.text, logprobs);
    }
    if (event.type !== 'finish') return undefined;
    this.#usages.push(event.usage);
    const chunk = this.#wrap(index, '', null, wireReason(event.reason));
    return usage === 'finish' ? {...chunk, usage: this.#usage()} : chunk;
  }

  last(): Completion | undefined {
    if (this.#options.usage !== 'last') return undefined;
    return {...this.#head, object: 'text_completion', choices: [], usage: this.#usage()};
  }

  #wrap(
    index: number,
    text: string,
    logprobs: CompletionLogprobs | null,
    reason: Completion['choices'][number]['finish_reason'] = null,
  ): Completion {
    const usage = this.#options.usage === 'last' ? {usage: null} : {};
    const choices = [{text, index, logprobs, finish_reason: reason}];
    return {...this.#head, object: 'text_completion', choices, ...usage};
  }

  #usage() {
    return wireUsage(usageOfPrompts(this.#usages, this.#n));
  }
}
