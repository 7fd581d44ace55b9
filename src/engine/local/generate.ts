// Ids to events: what chat, completion and fill-in-the-middle share. Stop strings, limits, usage and timings live here.
import {randomInt} from 'node:crypto';
import type {
  FinishReason,
  GenerationEvent,
  Grammar,
  Timings,
  TokenEvent,
  TokenGuide,
  TokenLogprob,
  TokenModel,
  WholeAnswer,
} from '../contract/backend.ts';
import {checkLength, type Prompt, type Token, textPrompt} from '../contract/prompt.ts';
import type {SamplingParams} from '../contract/sampling.ts';
import type {OutputEvent} from '../template/parse/output-parser.ts';
import {StopMatcher} from './stop-matcher.ts';

/** Turns generated ids into events: the template's output parser, or plain decoding. */
export interface OutputReader {
  /** `forced`: the token was not the model's choice. */
  push(token: Token, forced?: boolean): readonly OutputEvent[];
  /** What comes now is a thought. */
  readonly isThinking?: boolean;
  /** What was held back, and the reason it makes of the given one. */
  end(reason: FinishReason): {
    readonly events: readonly OutputEvent[];
    readonly reason: FinishReason;
    readonly whole?: WholeAnswer | undefined;
  };
}

export interface GenerationInput {
  readonly model: TokenModel;
  readonly prompt: Prompt;
  readonly sampling: SamplingParams;
  readonly grammar?: Grammar;
  readonly guide?: TokenGuide;
  readonly cacheOwner?: string | undefined;
  readonly reader: OutputReader;
  /** Tokens that end an answer, besides those the engine knows. */
  readonly ends?: ReadonlySet<Token>;
  /** Monotonic clock, in milliseconds. */
  readonly now: () => number;
}

/**
 * Runs one generation. Abort ends it with a `finish` of reason `aborted`.
 * @throws EngineError `context_length_exceeded` before anything is evaluated when the prompt does not fit.
 */
export async function* generate(input: GenerationInput, signal: AbortSignal): AsyncGenerator<GenerationEvent> {
  const {model, prompt, sampling} = input;
  checkLength(prompt.tokens.length, model.contextSize);
  const run = new RunningGeneration(input);
  if (sampling.maxTokens === 0) {
    yield promptEvent(prompt, 0);
    yield* run.finish('length');
    return;
  }
  const {grammar, guide, cacheOwner} = input;
  const options = {
    sampling: {...sampling, ...run.seedParam},
    ...(grammar && {grammar}),
    ...(guide && {guide}),
    ...(cacheOwner !== undefined && {cacheOwner}),
    ...(sampling.seed !== undefined && {repeatable: true}),
  };
  for await (const event of model.generate(prompt, options, signal)) {
    yield* run.take(event);
    // What a model computed ahead of its reader is not told after an abort.
    if (run.stopped || signal.aborted) break;
  }
  yield* run.finish(run.stopped ?? (signal.aborted ? 'aborted' : run.reachedLimit ? 'length' : 'context'));
}

/** The end of a generation that was aborted before it had a prompt. */
export function notBegun(input: Omit<GenerationInput, 'prompt'>): Iterable<GenerationEvent> {
  return new RunningGeneration({...input, prompt: textPrompt([])}).finish('aborted');
}

function promptEvent({tokens, media}: Prompt, cached: number): GenerationEvent {
  return {type: 'prompt', tokens, ...(media.length > 0 && {media}), cached};
}

/** The state of one generation. */
class RunningGeneration {
  /** Set once the model ended its answer or a stop string came. */
  stopped: FinishReason | undefined;
  readonly #input: GenerationInput;
  readonly #matcher: StopMatcher;
  readonly #seed: number | undefined;
  readonly #started: number;
  #stop: string | undefined;
  #cached = 0;
  #generated = 0;
  #thought = 0;
  #isThoughtCut = false;
  #admittedAt: number | undefined;
  #firstAt: number | undefined;
  #lastAt: number | undefined;
  #logprobs: TokenLogprob[] = [];

  constructor(input: GenerationInput) {
    this.#input = input;
    this.#matcher = new StopMatcher(input.sampling.stop ?? []);
    this.#started = input.now();
    const {temperature, seed} = input.sampling;
    if (temperature > 0) this.#seed = seed ?? randomInt(2 ** 32);
  }

  get seedParam(): {seed?: number} {
    return this.#seed === undefined ? {} : {seed: this.#seed};
  }

  get reachedLimit(): boolean {
    return this.#generated >= (this.#input.sampling.maxTokens ?? Number.POSITIVE_INFINITY);
  }

  *take(event: TokenEvent): Generator<GenerationEvent> {
    const {model, prompt, reader, ends, now} = this.#input;
    if (event.type === 'prompt') {
      this.#admittedAt = now();
      this.#cached = event.cached;
      yield promptEvent(prompt, event.cached);
    } else if (event.type === 'prefill') {
      yield event;
    } else {
      this.#lastAt = now();
      this.#firstAt ??= this.#lastAt;
      this.#generated++;
      const isEnd = model.isEndOfGeneration(event.token) || ends?.has(event.token) === true;
      if (isEnd) this.stopped = 'stop';
      else if (event.logprob) this.#logprobs.push(event.logprob);
      const wasThinking = reader.isThinking;
      const events = reader.push(event.token, event.forced);
      if (event.forced) this.#isThoughtCut = true;
      else if (wasThinking && reader.isThinking) this.#thought++;
      yield* this.#pass(events);
    }
  }

  *finish(given: FinishReason): Generator<GenerationEvent> {
    const end = this.#input.reader.end(given);
    if (this.#stop === undefined) {
      yield* this.#pass(end.events);
      yield* this.#text(this.#matcher.end());
    }
    yield {
      type: 'finish',
      reason: this.#stop === undefined ? end.reason : 'stop',
      ...(this.#stop !== undefined && {stop: this.#stop}),
      usage: {
        promptTokens: this.#input.prompt.tokens.length,
        cachedTokens: this.#cached,
        completionTokens: this.#generated,
        ...(this.#thought > 0 && {reasoningTokens: this.#thought}),
      },
      timings: this.#timings(),
      seed: this.#seed,
      ...(this.#isThoughtCut && {thinkingCut: true}),
      ...(end.whole && this.#stop === undefined && {whole: end.whole}),
    };
  }

  /** Stop strings are looked for in the answer's text, not in reasoning or in the arguments of calls. */
  *#pass(events: readonly OutputEvent[]): Generator<GenerationEvent> {
    for (const event of events) {
      if (this.#stop !== undefined) return;
      if (event.type === 'text') {
        const step = this.#matcher.push(event.text);
        yield* this.#text(step.text);
        if (step.stop !== undefined) {
          this.#stop = step.stop;
          this.stopped = 'stop';
        }
      } else {
        yield* this.#text(this.#matcher.end());
        yield event;
      }
    }
  }

  /** A text carries the log-probabilities of all tokens since the last one, held back or without text of their own. */
  *#text(text: string): Generator<GenerationEvent> {
    if (text === '') return;
    if (this.#logprobs.length === 0) {
      yield {type: 'text', text};
      return;
    }
    const logprobs = this.#logprobs;
    this.#logprobs = [];
    yield {type: 'text', text, logprobs};
  }

  #timings(): Timings {
    const first = this.#firstAt;
    const promptMs = (first ?? this.#input.now()) - (this.#admittedAt ?? this.#started);
    const generationMs = first === undefined ? 0 : (this.#lastAt ?? first) - first;
    const evaluated = this.#input.prompt.tokens.length - this.#cached;
    return {
      firstTokenMs: first === undefined ? undefined : first - this.#started,
      promptMs,
      generationMs,
      promptTokensPerSecond: first === undefined ? undefined : perSecond(evaluated, promptMs),
      tokensPerSecond: perSecond(this.#generated - 1, generationMs),
    };
  }
}

function perSecond(count: number, ms: number): number | undefined {
  return count > 0 && ms > 0 ? (count / ms) * 1000 : undefined;
}
