// What the main thread and the engine's thread send each other.
import {EngineError, type ErrorCode} from '../../../base/errors.ts';
import {reasonOf} from '../../../base/files/file-error.ts';
import type {GenerateOptions, StateLoad, TokenEvent} from '../../contract/backend.ts';
import type {Token} from '../../contract/prompt.ts';
import type {GpuDevice} from '../../models/memory/gpu-spread.ts';
import type {Pooling} from '../c-api/c-embedder.ts';
import type {CModelOptions} from '../c-api/c-model.ts';
import type {StateKey} from '../kv-state.ts';
import type {GuideWord} from './guide-messages.ts';

export interface WorkerSetting {
  /** From `SharedFlags`. */
  readonly shared: SharedArrayBuffer;
  /** A library of the user's own; else the one beside the addon. */
  readonly library: string | undefined;
}

export interface OpenRequest extends Omit<CModelOptions, 'stop' | 'onProgress'> {
  /** Files whose weights are mapped. */
  readonly mappedPaths: readonly string[];
  /** Tokens a slot may hold, where that is less than the library gives. */
  readonly limit: number | undefined;
  readonly wantsLog: boolean;
}

export type ToWorker =
  | {readonly type: 'open'; readonly request: OpenRequest}
  | {
      readonly type: 'submit';
      readonly id: number;
      readonly tokens: readonly Token[];
      /** Without its guide, which stays where it is. */
      readonly options: Omit<GenerateOptions, 'guide'>;
      readonly guide: GuideWord | undefined;
      /** From `AnswerFlags`. */
      readonly flags: SharedArrayBuffer;
    }
  | {readonly type: 'guide'; readonly id: number; readonly word: GuideWord}
  /** A reader has caught up, or an answer is not wanted any more. */
  | {readonly type: 'wake'}
  | {readonly type: 'save'; readonly call: number; readonly path: string; readonly key: StateKey}
  | {readonly type: 'load'; readonly call: number; readonly path: string; readonly tokens: readonly Token[]}
  | {readonly type: 'embed'; readonly call: number; readonly tokens: readonly Token[]; readonly pooling: Pooling}
  | {readonly type: 'close'; readonly call: number};

/** What a call gives. */
export type ReplyValue = boolean | StateLoad | Float32Array;

export interface LibraryFacts {
  readonly release: string;
  /** Those of a library of the user's own. */
  readonly gpus: readonly GpuDevice[];
  /** Of the byte in the shared memory that stops a step; absent where steps cannot be stopped. */
  readonly stopOffset: number | undefined;
}

export interface ModelFacts {
  readonly contextSize: number;
  readonly trainedContextSize: number;
  readonly endTokens: readonly Token[];
}

export type AnswerNews = TokenEvent | {readonly type: 'end'} | {readonly type: 'failed'; readonly failure: Failure};

export type FromWorker =
  | {readonly type: 'ready'; readonly facts: LibraryFacts}
  | {readonly type: 'progress'; readonly fraction: number}
  | {readonly type: 'log'; readonly level: string; readonly text: string}
  | {readonly type: 'opened'; readonly facts: ModelFacts}
  /** No library, or no model: the thread ends. */
  | {readonly type: 'refused'; readonly failure: Failure; readonly lines: readonly string[]}
  /** So many threads compute each token from now on. */
  | {readonly type: 'threads'; readonly threads: number}
  /** What the answers of one step came to. */
  | {readonly type: 'news'; readonly news: readonly (readonly [id: number, news: AnswerNews])[]}
  | {readonly type: 'reply'; readonly call: number; readonly value?: ReplyValue; readonly failure?: Failure};

/** An error as it goes from one thread to the other. */
export interface Failure {
  /** Absent = not one of ours. */
  readonly code?: ErrorCode;
  readonly message: string;
  readonly hint?: string;
}

export function failureOf(error: unknown): Failure {
  if (!(error instanceof EngineError)) return {message: reasonOf(error)};
  const {code, message, hint} = error;
  return hint === undefined ? {code, message} : {code, message, hint};
}

export function errorOf({code, message, hint}: Failure): Error {
  if (code === undefined) return new Error(message);
  return new EngineError(code, message, hint === undefined ? {} : {hint});
}
