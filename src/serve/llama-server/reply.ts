// Answers in the form of llama-server's native /completion.

import type {GenerationEvent, TokenLogprob, Usage} from '../../engine/contract/backend.ts';
import type {Answer, FinishEvent} from '../../engine/contract/collect-answer.ts';
import type {Token} from '../../engine/contract/requests.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import type {Tokenizer} from '../../engine/contract/tokenizer.ts';
import {promptText, tokenText} from '../reply/token-ids.ts';
import type {AnswerPart, LlamaCompletion, WireProbabilities, WireTimings} from './schema.ts';

export interface LlamaReplyOptions {
  readonly model: string;
  readonly contextSize: number;
  readonly sampling: SamplingParams;
  readonly tokenizer: Tokenizer | undefined;
  readonly slot: number;
  readonly returnTokens: boolean;
  readonly probabilities: boolean;
}

function wireTimings({usage, timings}: FinishEvent): WireTimings {
  const evaluated = usage.promptTokens - usage.cachedTokens;
  // Always a number, as llama-server's: of nothing, and in no time, it is 0.
  const each = (ms: number, count: number) => (count > 0 ? ms / count : 0);
  return {
    cache_n: usage.cachedTokens,
    prompt_n: evaluated,
    prompt_ms: timings.promptMs,
    prompt_per_token_ms: each(timings.promptMs, evaluated),
    prompt_per_second: timings.promptTokensPerSecond ?? 0,
    predicted_n: usage.completionTokens,
    predicted_ms: timings.generationMs,
    predicted_per_token_ms: each(timings.generationMs, usage.completionTokens),
    predicted_per_second: timings.tokensPerSecond ?? 0,
  };
}

function probabilities(tokens: readonly TokenLogprob[], tokenizer: Tokenizer): WireProbabilities {
  const entry = ({token, logprob}: {token: Token; logprob: number}) => ({
    id: token,
    token: tokenText(token, tokenizer),
    bytes: [...tokenizer.bytes(token)],
    logprob,
  });
  return tokens.map((token) => ({...entry(token), top_logprobs: token.top.map(entry)}));
}

function stopType({reason, stop}: FinishEvent): LlamaCompletion['stop_type'] {
  if (stop !== undefined) return 'word';
  return reason === 'stop' || reason === 'tool_calls' ? 'eos' : 'limit';
}

function settings({contextSize, sampling}: LlamaReplyOptions): LlamaCompletion['generation_settings'] {
  return {
    n_ctx: contextSize,
    n_predict: sampling.maxTokens ?? -1,
    temperature: sampling.temperature,
    top_k: sampling.topK ?? 0,
    top_p: sampling.topP ?? 1,
    min_p: sampling.minP ?? 0,
    repeat_penalty: sampling.repeatPenalty ?? 1,
    frequency_penalty: sampling.frequencyPenalty ?? 0,
    presence_penalty: sampling.presencePenalty ?? 0,
    stop: sampling.stop ?? [],
  };
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
function spoken(logprobs: readonly TokenLogprob[], options: LlamaReplyOptions) {
  const {tokenizer} = options;
  return {
    ...(options.returnTokens && {tokens: logprobs.map(({token}) => token)}),
    ...(options.probabilities && tokenizer && {completion_probabilities: probabilities(logprobs, tokenizer)}),
  };
}

/** The last part of an answer, which says how it went; a whole reply is that part with the text in it. */
function end(
  index: number,
  content: string,
  prompt: readonly Token[],
  finish: FinishEvent,
  options: LlamaReplyOptions,
) {
  return {
    ...part(index, content, finish.usage, options),
    stop: true,
    model: options.model,
    generation_settings: {...settings(options), seed: finish.seed ?? null},
    prompt: options.tokenizer ? promptText(prompt, options.tokenizer) : '',
    truncated: finish.reason === 'context',
    stop_type: stopType(finish),
    stopping_word: finish.stop ?? '',
    tokens_cached: finish.usage.promptTokens + finish.usage.completionTokens,
    timings: wireTimings(finish),
  };
}

/** A whole reply. */
export function llamaCompletion(answer: Answer, index: number, options: LlamaReplyOptions): LlamaCompletion {
  const {content, prompt, finish, logprobs} = answer;
  return {...end(index, content, prompt, finish, options), ...spoken(logprobs, options)};
}

/** The events of a streamed reply. */
export class LlamaChunkWriter {
  readonly #options: LlamaReplyOptions;
  #prompt: readonly Token[] = [];
  #cached = 0;
  #generated = 0;

  constructor(options: LlamaReplyOptions) {
    this.#options = options;
  }

  chunk(event: GenerationEvent, index: number): AnswerPart | LlamaCompletion | undefined {
    if (event.type === 'prompt') {
      this.#prompt = event.tokens;
      this.#cached = event.cached;
      this.#generated = 0;
    }
    if (event.type === 'text') {
      this.#generated++;
      const usage = {
        promptTokens: this.#prompt.length,
        cachedTokens: this.#cached,
        completionTokens: this.#generated,
      };
      return {...part(index, event.text, usage, this.#options), ...spoken(event.logprobs ?? [], this.#options)};
    }
    if (event.type === 'finish') return end(index, '', this.#prompt, event, this.#options);
    return undefined;
  }
}
