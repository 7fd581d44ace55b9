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
import {StopMatcher, type StopStep} from './stop-matcher.ts';

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
  /** Tokens of a text that end an answer because the request names them. */
  readonly stopTokens?: ReadonlySet<Token>;
  /** What a token of the answer adds to its text; absent where nobody asks for log-probabilities. */
  readonly spell?: (token: Token) => string;
  /** Before so many tokens no stop string counts. */
  readonly minTokens?: number;
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
  /** Text that is told with the next one, and what is told of the tokens since the last one. */
  #waiting = '';
  #logprobs: TokenLogprob[] = [];
  #tokens: Token[] = [];

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
    const {model, prompt, reader, ends, stopTokens, sampling, now} = this.#input;
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
      if (sampling.returnTokens) this.#tokens.push(event.token);
      const isEnd = model.isEndOfGeneration(event.token) || ends?.has(event.token) === true;
      const isStop = stopTokens?.has(event.token) === true;
      if (isEnd || isStop) this.stopped = 'stop';
      if (isStop && !isEnd && !sampling.keepStop) return;
      const wasThinking = reader.isThinking;
      const events = reader.push(event.token, event.forced);
      // Those of thoughts are no part of the text that they would be told with.
      if (event.logprob && !isEnd && !wasThinking && !reader.isThinking) this.#spell(event.logprob);
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
    yield* this.#rest();
    yield {
      type: 'finish',
      reason: this.#stop === undefined ? end.reason : 'stop',
      ...(this.#stop !== undefined && {stop: this.#stop}),
      ...this.#takeTokens(),
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
        const {minTokens = 0, sampling} = this.#input;
        const step: StopStep = this.#generated < minTokens ? {text: event.text} : this.#matcher.push(event.text);
        yield* this.#text(step.stop !== undefined && sampling.keepStop ? step.text + step.stop : step.text);
        if (step.stop !== undefined) {
          this.#stop = step.stop;
          this.stopped = 'stop';
        }
      } else {
        yield* this.#text(this.#matcher.end());
        yield* this.#rest();
        yield {...event, ...this.#takeTokens()};
      }
    }
  }

  #spell(logprob: TokenLogprob): void {
    const text = this.#input.spell?.(logprob.token);
    this.#logprobs.push(text === undefined ? logprob : {...logprob, text});
  }

  /**
   * A text carries the log-probabilities of its tokens. Where they are spelt it ends with one of them: what is told of the
   * next one waits, because a stop string may still take a part of it away.
   */
  *#text(text: string): Generator<GenerationEvent> {
    this.#waiting += text;
    let length = 0;
    let count = 0;
    for (const {text: own = ''} of this.#logprobs) {
      if (length + own.length > this.#waiting.length) break;
      length += own.length;
      count++;
    }
    yield* this.#tell(count === this.#logprobs.length ? this.#waiting.length : length, count);
  }

  /** What waited. Of a token that a stop string cut into, the part before it is told; tokens behind it are no part of the answer. */
  *#rest(): Generator<GenerationEvent> {
    let left = this.#waiting.length;
    const spoken = this.#logprobs.flatMap((logprob) => {
      const {text} = logprob;
      if (text === undefined || left <= 0) return text === undefined ? [logprob] : [];
      const kept = text.slice(0, left);
      left -= text.length;
      return [{...logprob, text: kept}];
    });
    this.#logprobs = spoken;
    yield* this.#tell(this.#waiting.length, spoken.length);
  }

  /** Tells so much of the text that waits, with so many of the log-probabilities. */
  *#tell(length: number, count: number): Generator<GenerationEvent> {
    if (length === 0) return;
    const text = this.#waiting.slice(0, length);
    this.#waiting = this.#waiting.slice(length);
    const logprobs = this.#logprobs.splice(0, count);
    yield {type: 'text', text, ...(logprobs.length > 0 && {logprobs}), ...this.#takeTokens()};
  }

  /** Every generated token goes with the event behind it. */
  #takeTokens(): {readonly tokens?: readonly Token[]} {
    if (this.#tokens.length === 0) return {};
    const tokens = this.#tokens;
    this.#tokens = [];
    return {tokens};
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
