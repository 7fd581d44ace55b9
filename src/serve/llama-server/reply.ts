// Answers in the form of llama-server's native /completion.

import type {GenerationEvent, TokenLogprob, Usage} from '../../engine/contract/backend.ts';
import type {Answer, FinishEvent} from '../../engine/contract/collect-answer.ts';
import type {Token} from '../../engine/contract/requests.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import type {Tokenizer} from '../../engine/contract/tokenizer.ts';
import {RunningTimings, wireTimings} from '../reply/timings.ts';
import {promptText, spokenTokens} from '../reply/token-ids.ts';
import type {AnswerPart, LlamaCompletion, WireProbabilities} from './schema.ts';
import {samplingSettings} from './settings.ts';

export interface LlamaReplyOptions {
  readonly model: string;
  readonly contextSize: number;
  readonly sampling: SamplingParams;
  readonly tokenizer: Tokenizer | undefined;
  readonly slot: number;
  /** The tokens are told in a whole reply; a stream tells them always. */
  readonly returnTokens: boolean;
  readonly probabilities: boolean;
  /** Each event of a stream has the timings. */
  readonly timingsPerToken: boolean;
  /** A stream tells how much of the prompt is read. */
  readonly progress: boolean;
  /** Monotonic, in milliseconds; default: the process's own. */
  readonly now?: () => number;
}

function probabilities(
  tokens: readonly TokenLogprob[],
  tokenizer: Tokenizer,
  afterSampling: boolean,
): WireProbabilities {
  const number = (logprob: number) => (afterSampling ? {prob: Math.exp(logprob)} : {logprob});
  return tokens.map((token) => {
    const {own, alternatives} = spokenTokens(token, tokenizer);
    const top = alternatives.map(({id, text, bytes, logprob}) => ({
      id,
      token: text,
      bytes: [...bytes],
      ...number(logprob),
    }));
    return {
      id: token.token,
      token: own.text,
      bytes: [...own.bytes],
      ...number(token.logprob),
      ...(afterSampling ? {top_probs: top} : {top_logprobs: top}),
    };
  });
}

function stopType({reason, stop}: FinishEvent): LlamaCompletion['stop_type'] {
  if (stop !== undefined) return 'word';
  return reason === 'stop' || reason === 'tool_calls' ? 'eos' : 'limit';
}

function part(index: number, content: string, usage: Usage, options: LlamaReplyOptions): AnswerPart {
  return {
    index,
    content,
    tokens: [],
    id_slot: options.slot,
    stop: false,
    tokens_predicted: usage.completionTokens,
    tokens_evaluated: usage.promptTokens,
  };
}

/** What is told about the tokens of a text, when it was asked for. */
function spoken(logprobs: readonly TokenLogprob[], {probabilities: isAsked, tokenizer, sampling}: LlamaReplyOptions) {
  if (!isAsked || !tokenizer) return {};
  return {completion_probabilities: probabilities(logprobs, tokenizer, sampling.afterSampling === true)};
}

/** The last part of an answer, which says how it went; a whole reply is that part with the text in it. */
function end(
  {index, content, hasNewLine, prompt}: {index: number; content: string; hasNewLine: boolean; prompt: readonly Token[]},
  finish: FinishEvent,
  options: LlamaReplyOptions,
) {
  const {model, contextSize, sampling, tokenizer} = options;
  const settings = samplingSettings(sampling, tokenizer);
  return {
    ...part(index, content, finish.usage, options),
    stop: true,
    model,
    generation_settings: {n_ctx: contextSize, ...settings, seed: finish.seed ?? null},
    prompt: tokenizer ? promptText(prompt, tokenizer) : '',
    has_new_line: hasNewLine,
    truncated: finish.reason === 'context',
    stop_type: stopType(finish),
    stopping_word: finish.stop ?? '',
    tokens_cached: finish.usage.promptTokens + finish.usage.completionTokens,
    timings: wireTimings(finish),
  };
}

/** A whole reply. */
export function llamaCompletion(answer: Answer, index: number, options: LlamaReplyOptions): LlamaCompletion {
  const {content, prompt, finish, logprobs, tokens} = answer;
  return {
    ...end({index, content, hasNewLine: content.includes('\n'), prompt}, finish, options),
    ...(options.returnTokens && {tokens: [...tokens]}),
    ...spoken(logprobs, options),
  };
}

/** The events of a streamed reply. */
export class LlamaChunkWriter {
  readonly #options: LlamaReplyOptions;
  readonly #running: RunningTimings;
  #prompt: readonly Token[] = [];
  #cached = 0;
  #generated = 0;
  #hasNewLine = false;

  constructor(options: LlamaReplyOptions) {
    this.#options = options;
    this.#running = new RunningTimings(options.now);
  }

  chunk(event: GenerationEvent, index: number): AnswerPart | LlamaCompletion | undefined {
    this.#running.take(event);
    if (event.type === 'prompt') {
      this.#prompt = event.tokens;
      this.#cached = event.cached;
      this.#generated = 0;
      this.#hasNewLine = false;
    }
    if (event.type === 'prompt' || event.type === 'prefill') return this.#progress(index);
    if (event.type === 'text') {
      this.#generated += event.tokens?.length ?? 1;
      this.#hasNewLine ||= event.text.includes('\n');
      return {
        ...this.#part(index, event.text),
        tokens: [...(event.tokens ?? [])],
        ...spoken(event.logprobs ?? [], this.#options),
      };
    }
    if (event.type !== 'finish') return undefined;
    const about = {index, content: '', hasNewLine: this.#hasNewLine, prompt: this.#prompt};
    return {...end(about, event, this.#options), tokens: [...(event.tokens ?? [])]};
  }

  #progress(index: number): AnswerPart | undefined {
    if (!this.#options.progress) return undefined;
    return {...this.#part(index, ''), prompt_progress: this.#running.progress};
  }

  #part(index: number, content: string): AnswerPart {
    const usage = {
      promptTokens: this.#prompt.length,
      cachedTokens: this.#cached,
      completionTokens: this.#generated,
    };
    const {timingsPerToken} = this.#options;
    return {...part(index, content, usage, this.#options), ...(timingsPerToken && {timings: this.#running.timings})};
  }
}
