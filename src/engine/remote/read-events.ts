// The chunks of a remote stream, of whichever shape, as the engine's events.

import {EngineError} from '../../base/errors.ts';
import {parsePlainJson} from '../../base/plain-json.ts';
import {count, either, flag, list, object, optional, type Shape, text, WrongShapeError} from '../../base/shape.ts';
import type {FinishReason, GenerationEvent, Usage} from '../contract/backend.ts';
import {beginningOf, failureIn} from './server-words.ts';
import {calledFunction, ToolCallParts, wireCall} from './tool-call-parts.ts';

/** Mistral's parts of a message, of which a thought has parts of its own. */
const part = object({text, thinking: either(text, list(object({text})))});

/** A piece of a message, or all of it. */
const delta = object({
  content: either(text, list(part)),
  reasoning_content: optional(text),
  reasoning: optional(text),
  refusal: optional(text),
  tool_calls: list(wireCall),
  /** OpenAI's form before there were several calls. */
  function_call: calledFunction,
});

const usageShape = object({
  prompt_tokens: optional(count),
  completion_tokens: optional(count),
  prompt_tokens_details: optional(object({cached_tokens: optional(count)})),
  completion_tokens_details: optional(object({reasoning_tokens: optional(count)})),
});

/** Chat chunks, whole chat answers, text completion chunks and llama-server's native events in one. */
const chunkShape = object({
  choices: list(
    object({
      ...{delta, message: delta, text, finish_reason: optional(text)},
      // Our own server's.
      ...{thinking_cut: optional(flag), notes: optional(list(text))},
    }),
  ),
  usage: optional(usageShape),
  content: text,
  stop: optional(flag),
  stop_type: optional(text),
  tokens_evaluated: optional(count),
  tokens_predicted: optional(count),
});
type Chunk = ReturnType<typeof chunkShape>;
type Delta = ReturnType<typeof delta>;
type WireUsage = ReturnType<typeof usageShape>;

const REASONS: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  eos: 'stop',
  word: 'stop',
  content_filter: 'stop',
  length: 'length',
  limit: 'length',
  model_length: 'context',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
};

export interface RemoteAnswerOptions {
  readonly seed: number | undefined;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  /**
   * The text is a message of its own. vLLM then tells the space a SentencePiece vocabulary begins every text with, which
   * is no part of the message; sent back as history it would be a token more.
   */
  readonly startsMessage: boolean;
  /** The one that was asked for, in tokens. */
  readonly thinkingBudget?: number | undefined;
}

/** Of what a server says beside its answer; in characters. */
const MOST_NOTES = 8;
const LONGEST_NOTE = 500;

/** Turns the chunks of one answer into events; `finish` closes it. */
export class RemoteAnswer {
  readonly #now: () => number;
  readonly #started: number;
  readonly #seed: number | undefined;
  readonly #budget: number | undefined;
  readonly #calls = new ToolCallParts();
  #atStart: boolean;
  #reason: FinishReason | undefined;
  #usage: Usage | undefined;
  #hasThought = false;
  #isThoughtCut = false;
  #notes: readonly string[] = [];
  #texts = 0;
  #firstAt: number | undefined;

  constructor({seed, now, startsMessage, thinkingBudget}: RemoteAnswerOptions) {
    this.#budget = thinkingBudget;
    this.#now = now;
    this.#started = now();
    this.#seed = seed;
    this.#atStart = startsMessage;
  }

  /** @throws EngineError when the server tells a failure inside its stream, or something that is none of its events. */
  *take(data: string): Generator<GenerationEvent> {
    for (const chunk of readChunks(data, chunkShape)) yield* this.#take(chunk);
  }

  /** The calls that are complete, and the end. */
  async *finish(aborted: boolean): AsyncGenerator<GenerationEvent> {
    if (!aborted) yield* this.#calls.end(this.#reason === 'length' || this.#reason === 'context');
    const ended = this.#now();
    const generationMs = this.#firstAt === undefined ? 0 : ended - this.#firstAt;
    const usage = this.#usage ?? {promptTokens: 0, cachedTokens: 0, completionTokens: this.#texts};
    const notes = this.#allNotes(usage);
    const firstTokenMs = this.#firstAt === undefined ? undefined : this.#firstAt - this.#started;
    yield {
      type: 'finish',
      reason: aborted ? 'aborted' : (this.#reason ?? (this.#calls.size > 0 ? 'tool_calls' : 'stop')),
      usage,
      timings: {
        firstTokenMs,
        promptMs: firstTokenMs ?? ended - this.#started,
        generationMs,
        promptTokensPerSecond: undefined,
        tokensPerSecond: generationMs > 0 ? (usage.completionTokens / generationMs) * 1000 : undefined,
      },
      seed: this.#seed,
      ...(this.#isThoughtCut && {thinkingCut: true}),
      ...(notes.length > 0 && {notes}),
    };
  }

  /** What the server says, and whether it kept a budget that not every server knows. */
  #allNotes({reasoningTokens}: Usage): readonly string[] {
    const budget = this.#budget;
    if (budget === undefined || !this.#hasThought) return this.#notes;
    if (reasoningTokens === undefined) {
      return [...this.#notes, `the server does not say whether it kept the thinking budget of ${budget} tokens`];
    }
    if (reasoningTokens <= budget) return this.#notes;
    return [
      ...this.#notes,
      `the server did not keep the thinking budget of ${budget} tokens: it took ${reasoningTokens}`,
    ];
  }

  /** True once the server said why the answer ended: a stream that breaks off before has lost something. */
  get isWhole(): boolean {
    return this.#reason !== undefined;
  }

  *#take(chunk: Chunk): Generator<GenerationEvent> {
    if (chunk.usage) this.#usage = usageOf(chunk.usage);
    if (chunk.content !== undefined) yield* this.#native(chunk);
    const [choice] = chunk.choices ?? [];
    if (!choice) return;
    this.#isThoughtCut ||= choice.thinking_cut ?? false;
    this.#notes = (choice.notes ?? this.#notes).slice(0, MOST_NOTES).map((note) => note.slice(0, LONGEST_NOTE));
    yield* this.#text(choice.text);
    // Some repeat in `message` what the deltas have said.
    const said = choice.delta ?? choice.message;
    if (said) yield* this.#delta(said);
    if (choice.finish_reason === 'error') throw new EngineError('backend_failed', 'the remote server failed');
    if (choice.finish_reason) this.#reason = REASONS[choice.finish_reason] ?? 'stop';
  }

  *#text(text: string | null | undefined): Generator<GenerationEvent> {
    if (!text) return;
    this.#count();
    const own = this.#atStart && text.startsWith(' ') ? text.slice(1) : text;
    this.#atStart = false;
    if (own !== '') yield {type: 'text', text: own};
  }

  *#reasoning(text: string | null | undefined): Generator<GenerationEvent> {
    if (!text) return;
    this.#count();
    this.#hasThought = true;
    yield {type: 'reasoning', text};
  }

  #count(): void {
    this.#firstAt ??= this.#now();
    this.#texts++;
  }

  *#native({content, stop, stop_type, tokens_evaluated = 0, tokens_predicted = 0}: Chunk): Generator<GenerationEvent> {
    yield* this.#text(content);
    if (!stop) return;
    this.#reason = REASONS[stop_type ?? 'eos'] ?? 'stop';
    this.#usage = {promptTokens: tokens_evaluated, cachedTokens: 0, completionTokens: tokens_predicted};
  }

  *#delta(said: Delta): Generator<GenerationEvent> {
    yield* this.#reasoning(said.reasoning_content ?? said.reasoning);
    const {content = []} = said;
    for (const one of typeof content === 'string' ? [{text: content, thinking: undefined}] : content) {
      const {thinking} = one;
      yield* this.#reasoning(
        typeof thinking === 'string' ? thinking : thinking?.map((thought) => thought.text).join(''),
      );
      yield* this.#text(one.text);
    }
    yield* this.#text(said.refusal);
    for (const call of said.tool_calls ?? []) this.#addCall(call);
    if (said.function_call) this.#addCall({index: 0, function: said.function_call});
  }

  #addCall(call: Parameters<ToolCallParts['add']>[0]): void {
    this.#count();
    this.#calls.add(call);
  }
}

/**
 * The chunks in the data of one event: one, several of a list, none for a null.
 * @throws EngineError `backend_failed` for what is no JSON or has another shape, and for a failure it tells of.
 */
export function readChunks<T>(data: string, shape: Shape<T>): readonly T[] {
  const json = parsedEvent(data);
  return (Array.isArray(json) ? json : [json]).flatMap((one: unknown) => {
    if (one === null) return [];
    const failure = failureIn(one);
    if (failure) throw new EngineError('backend_failed', `the remote server failed: ${failure.message}`);
    try {
      return [shape(one)];
    } catch (error) {
      if (!(error instanceof WrongShapeError)) throw error;
      throw new EngineError('backend_failed', `the remote server sent something that is no answer: ${error.message}`, {
        hint: "Is --url the address of OpenAI's or Mistral's API?",
        cause: error,
      });
    }
  });
}

function parsedEvent(data: string): unknown {
  try {
    return parsePlainJson(data);
  } catch (cause) {
    const said = beginningOf(data);
    throw new EngineError('backend_failed', `the remote server sent something that is no JSON: ${said}`, {cause});
  }
}

function usageOf({prompt_tokens = 0, completion_tokens = 0, ...details}: WireUsage): Usage {
  const reasoningTokens = details.completion_tokens_details?.reasoning_tokens;
  return {
    promptTokens: prompt_tokens,
    cachedTokens: details.prompt_tokens_details?.cached_tokens ?? 0,
    completionTokens: completion_tokens,
    ...(reasoningTokens !== undefined && {reasoningTokens}),
  };
}
