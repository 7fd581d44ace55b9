// The chunks of a remote stream, of whichever shape, as the engine's events.

import {EngineError} from '../../base/errors.ts';
import type {FinishReason, GenerationEvent, Usage} from '../contract/backend.ts';

interface WireCall {
  readonly index?: number;
  readonly id?: string | null;
  readonly function?: {readonly name?: string | null; readonly arguments?: unknown};
}

interface ThinkingPart {
  readonly type: string;
  readonly text?: string;
  readonly thinking?: readonly {readonly text?: string}[];
}

interface Delta {
  readonly content?: string | readonly ThinkingPart[] | null;
  readonly reasoning_content?: string | null;
  readonly reasoning?: string | null;
  readonly tool_calls?: readonly WireCall[] | null;
}

/** Chat chunks, text completion chunks and llama-server's native events in one. */
interface Chunk {
  readonly choices?: readonly {
    readonly delta?: Delta;
    readonly text?: string;
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: WireUsage | null;
  readonly error?: {readonly message?: string};
  readonly content?: string;
  readonly stop?: boolean;
  readonly stop_type?: string;
  readonly tokens_evaluated?: number;
  readonly tokens_predicted?: number;
}

interface WireUsage {
  readonly prompt_tokens?: number;
  readonly completion_tokens?: number;
  readonly prompt_tokens_details?: {readonly cached_tokens?: number | null} | null;
}

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

interface CallParts {
  id: string;
  name: string;
  arguments: string;
}

export interface RemoteAnswerOptions {
  readonly seed: number | undefined;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  /**
   * The text is a message of its own. vLLM then tells the space a SentencePiece vocabulary begins every text with, which
   * is no part of the message; sent back as history it would be a token more.
   */
  readonly startsMessage: boolean;
}

/** Turns the chunks of one answer into events; `finish` closes it. */
export class RemoteAnswer {
  readonly #now: () => number;
  readonly #started: number;
  readonly #seed: number | undefined;
  readonly #calls = new Map<number, CallParts>();
  #atStart: boolean;
  #reason: FinishReason | undefined;
  #usage: Usage | undefined;
  #texts = 0;
  #firstAt: number | undefined;

  constructor({seed, now, startsMessage}: RemoteAnswerOptions) {
    this.#now = now;
    this.#started = now();
    this.#seed = seed;
    this.#atStart = startsMessage;
  }

  /** @throws EngineError when the server tells a failure inside its stream, or something that is no JSON. */
  *take(data: string): Generator<GenerationEvent> {
    const chunk = parseChunk(data);
    if (chunk.error)
      throw new EngineError('backend_failed', `the remote server failed: ${chunk.error.message ?? data}`);
    if (chunk.usage) this.#usage = usageOf(chunk.usage);
    if (chunk.content !== undefined) yield* this.#native(chunk);
    const [choice] = chunk.choices ?? [];
    if (!choice) return;
    yield* this.#text(choice.text);
    if (choice.delta) yield* this.#delta(choice.delta);
    if (choice.finish_reason) this.#reason = REASONS[choice.finish_reason] ?? 'stop';
  }

  /** The calls that are complete, and the end. */
  *finish(aborted: boolean): Generator<GenerationEvent> {
    if (!aborted) yield* this.#endCalls();
    const ended = this.#now();
    const generationMs = this.#firstAt === undefined ? 0 : ended - this.#firstAt;
    const usage = this.#usage ?? {promptTokens: 0, cachedTokens: 0, completionTokens: this.#texts};
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
    };
  }

  /** True once the server said why the answer ended: a stream that breaks off before has lost something. */
  get isWhole(): boolean {
    return this.#reason !== undefined;
  }

  *#text(text: string | null | undefined): Generator<GenerationEvent> {
    if (!text) return;
    this.#count();
    const own = this.#atStart && text.startsWith(' ') ? text.slice(1) : text;
    this.#atStart = false;
    if (own !== '') yield {type: 'text', text: own};
  }

  /** As with a local model: what was cut in the middle of a call is no call, what is none is text. */
  *#endCalls(): Generator<GenerationEvent> {
    const isCut = this.#reason === 'length' || this.#reason === 'context';
    for (const call of this.#calls.values()) {
      if (call.arguments === '' && !isCut) call.arguments = '{}';
      if (isObject(call.arguments)) yield {type: 'tool_call', call};
      else if (!isCut) yield {type: 'text', text: `${call.name}${call.arguments}`};
    }
  }

  *#reasoning(text: string | null | undefined): Generator<GenerationEvent> {
    if (!text) return;
    this.#count();
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

  *#delta(delta: Delta): Generator<GenerationEvent> {
    yield* this.#reasoning(delta.reasoning_content ?? delta.reasoning);
    if (typeof delta.content === 'string') yield* this.#text(delta.content);
    else {
      for (const part of delta.content ?? []) {
        yield* this.#reasoning(part.thinking?.map(({text = ''}) => text).join(''));
        yield* this.#text(part.text);
      }
    }
    for (const [position, call] of (delta.tool_calls ?? []).entries()) this.#addCall(call, position);
  }

  /** Some servers send a call whole, some in pieces that share an index. */
  #addCall({index, id, function: called}: WireCall, position: number): void {
    this.#count();
    const key = index ?? position;
    const call = this.#calls.get(key) ?? {id: 'null', name: '', arguments: ''};
    if (id) call.id = id;
    call.name += called?.name ?? '';
    const args = called?.arguments ?? '';
    call.arguments += typeof args === 'string' ? args : JSON.stringify(args);
    this.#calls.set(key, call);
  }
}

function isObject(json: string): boolean {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function parseChunk(data: string): Chunk {
  try {
    return JSON.parse(data) as Chunk;
  } catch (cause) {
    throw new EngineError('backend_failed', `the remote server sent something that is no JSON: ${data.slice(0, 100)}`, {
      cause,
    });
  }
}

function usageOf({prompt_tokens = 0, completion_tokens = 0, prompt_tokens_details}: WireUsage): Usage {
  return {
    promptTokens: prompt_tokens,
    cachedTokens: prompt_tokens_details?.cached_tokens ?? 0,
    completionTokens: completion_tokens,
  };
}
