// The timings of an answer in llama-server's words, at its end and while it runs.
import {z} from 'zod';
import type {GenerationEvent} from '../../engine/contract/backend.ts';
import type {FinishEvent} from '../../engine/contract/collect-answer.ts';

export const TimingsSchema = z.object({
  cache_n: z.int(),
  prompt_n: z.int(),
  prompt_ms: z.number(),
  prompt_per_token_ms: z.number(),
  prompt_per_second: z.number(),
  predicted_n: z.int(),
  predicted_ms: z.number(),
  predicted_per_token_ms: z.number(),
  predicted_per_second: z.number(),
});
export type WireTimings = z.infer<typeof TimingsSchema>;

export const ProgressSchema = z
  .object({total: z.int(), cache: z.int(), processed: z.int(), time_ms: z.number()})
  .describe('tokens of the prompt: all, from the cache, read so far with those of the cache');
export type WireProgress = z.infer<typeof ProgressSchema>;

/** Always a number, as llama-server's: of nothing, and in no time, it is 0. */
const each = (ms: number, count: number) => (count > 0 ? ms / count : 0);
const perSecond = (count: number, ms: number) => (count > 0 && ms > 0 ? (count / ms) * 1000 : 0);

/** Those of a finished answer. */
export function wireTimings({usage, timings}: FinishEvent): WireTimings {
  const evaluated = usage.promptTokens - usage.cachedTokens;
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

/** An answer as it comes: what has been read and written so far, and in which time. */
export class RunningTimings {
  readonly #now: () => number;
  #startedAt = 0;
  #firstAt: number | undefined;
  #lastAt = 0;
  #prompt = 0;
  #cached = 0;
  #read = 0;
  #written = 0;

  /** `now`: monotonic, in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Every event of an answer goes here, from its prompt on. */
  take(event: GenerationEvent): void {
    const at = this.#now();
    if (event.type === 'prompt') {
      this.#startedAt = at;
      this.#firstAt = undefined;
      this.#prompt = event.tokens.length;
      this.#cached = event.cached;
      this.#read = 0;
      this.#written = 0;
    } else if (event.type === 'prefill') {
      this.#read = event.done;
    } else if (event.type !== 'finish') {
      this.#firstAt ??= at;
      this.#read = this.#prompt - this.#cached;
      this.#written += event.tokens?.length ?? 1;
    }
    this.#lastAt = at;
  }

  get timings(): WireTimings {
    const promptMs = (this.#firstAt ?? this.#lastAt) - this.#startedAt;
    const generationMs = this.#firstAt === undefined ? 0 : this.#lastAt - this.#firstAt;
    return {
      cache_n: this.#cached,
      prompt_n: this.#read,
      prompt_ms: promptMs,
      prompt_per_token_ms: each(promptMs, this.#read),
      prompt_per_second: perSecond(this.#read, promptMs),
      predicted_n: this.#written,
      predicted_ms: generationMs,
      predicted_per_token_ms: each(generationMs, this.#written),
      predicted_per_second: perSecond(this.#written - 1, generationMs),
    };
  }

  get progress(): WireProgress {
    return {
      total: this.#prompt,
      cache: this.#cached,
      processed: this.#cached + this.#read,
      time_ms: this.#lastAt - this.#startedAt,
    };
  }
}
