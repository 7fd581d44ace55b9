// OpenAI's text completions: answers of the engine as one object or as chunks of the same shape.

import type {GenerationEvent, TokenLogprob, Usage} from '../../engine/contract/backend.ts';
import type {Answer} from '../../engine/contract/collect-answer.ts';
import type {Tokenizer} from '../../engine/contract/tokenizer.ts';
import {type ReplyHead, replyHead, type UsagePlace} from './chat-reply.ts';
import type {Completion, CompletionLogprobs} from './reply-schemas.ts';
import {idName, spokenTokens} from './token-ids.ts';
import {totalUsage, wireReason, wireUsage} from './usage.ts';

export interface CompletionOptions {
  readonly model: string;
  readonly fingerprint: string;
  /** The ids of prompt and answer are told. */
  readonly tokenIds: boolean;
  /** The tokens of log-probabilities are named by their ids. */
  readonly idsAsTokens: boolean;
  /** Present when the request asked for log-probabilities. */
  readonly logprobsOf: Tokenizer | undefined;
  readonly usage: UsagePlace;
  /** Sent in front of choice `index`, as `echo` asks. */
  echo(index: number): string;
}

function wireLogprobs(
  tokens: readonly TokenLogprob[],
  tokenizer: Tokenizer,
  {start, idsAsTokens}: {readonly start: number; readonly idsAsTokens: boolean},
): CompletionLogprobs {
  let offset = start;
  const spoken = tokens.map((token) => spokenTokens(token, tokenizer));
  return {
    tokens: spoken.map(({own}, at) => (idsAsTokens ? idName(tokens[at]?.token) : own.text)),
    token_logprobs: tokens.map(({logprob}) => logprob),
    top_logprobs: spoken.map(({alternatives}) =>
      Object.fromEntries(alternatives.map(({id, text, logprob}) => [idsAsTokens ? idName(id) : text, logprob])),
    ),
    text_offset: spoken.map(({own}) => {
      offset += own.text.length;
      return offset - own.text.length;
    }),
  };
}

/** One object with a choice for each answer; each prompt has `n` of them, one after the other. */
export function completion(answers: readonly Answer[], n: number, options: CompletionOptions): Completion {
  const {logprobsOf, echo, tokenIds, idsAsTokens} = options;
  return {
    ...replyHead('cmpl', options),
    object: 'text_completion',
    choices: answers.map(({content, finish, logprobs, prompt, tokens}, index) => ({
      text: echo(index) + content,
      index,
      logprobs: logprobsOf ? wireLogprobs(logprobs, logprobsOf, {start: echo(index).length, idsAsTokens}) : null,
      finish_reason: wireReason(finish.reason),
      ...(tokenIds && {prompt_token_ids: [...prompt], token_ids: [...tokens]}),
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

type CompletionChoice = Completion['choices'][number];

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
    this.#head = replyHead('cmpl', options);
  }

  chunk(event: GenerationEvent, index: number): Completion | undefined {
    const {logprobsOf, usage, idsAsTokens, tokenIds} = this.#options;
    const ids = tokenIds && event.type !== 'prompt' && 'tokens' in event ? {token_ids: [...(event.tokens ?? [])]} : {};
    if (event.type === 'prompt') {
      const echo = this.#options.echo(index);
      this.#offset = echo.length;
      const prompt = tokenIds ? {prompt_token_ids: [...event.tokens]} : {};
      return echo === '' && !tokenIds ? undefined : this.#wrap({index, text: echo, logprobs: null, ...prompt});
    }
    if (event.type === 'text') {
      const where = {start: this.#offset, idsAsTokens};
      const logprobs = logprobsOf ? wireLogprobs(event.logprobs ?? [], logprobsOf, where) : null;
      this.#offset += event.text.length;
      return this.#wrap({index, text: event.text, logprobs, ...ids});
    }
    if (event.type !== 'finish') return undefined;
    this.#usages.push(event.usage);
    const chunk = this.#wrap({index, text: '', logprobs: null, ...ids}, wireReason(event.reason));
    return usage === 'finish' ? {...chunk, usage: this.#usage()} : chunk;
  }

  last(): Completion | undefined {
    if (this.#options.usage !== 'last') return undefined;
    return {...this.#head, object: 'text_completion', choices: [], usage: this.#usage()};
  }

  #wrap(choice: Omit<CompletionChoice, 'finish_reason'>, reason: CompletionChoice['finish_reason'] = null): Completion {
    const usage = this.#options.usage === 'last' ? {usage: null} : {};
    const choices = [{...choice, finish_reason: reason}];
    return {...this.#head, object: 'text_completion', choices, ...usage};
  }

  #usage() {
    return wireUsage(usageOfPrompts(this.#usages, this.#n));
  }
}
