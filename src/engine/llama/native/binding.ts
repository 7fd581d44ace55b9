// The native objects under node-llama-cpp's classes, typed for the calls we make. Its own evaluate loop decodes one
// sequence per call and joins the others by chance of timing; ours fills one batch per step for all sequences, and can
// read the raw distribution of a token that was sampled from a narrowed one. The package is pinned to one version.
import type {Llama, LlamaContext, LlamaGrammarEvaluationState, LlamaModel} from 'node-llama-cpp';
import {EngineError} from '../../../base/errors.ts';

/** A llama_context with its one reusable batch. */
export interface NativeContext {
  initBatch(size: number): void;
  /** Positions in `logitIndexes` get logits; the answer holds their indexes in the batch. */
  addToBatch(sequence: number, firstPosition: number, tokens: Uint32Array, logitIndexes: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  sampleToken(logitIndex: number, sampler: NativeSampler): Promise<number>;
  sampleToken(
    logitIndex: number,
    sampler: NativeSampler,
    probabilities: false,
    confidence: false,
    logits: readonly [tokens: readonly number[], max: boolean, min: boolean, selected: boolean, top: number],
    totalWeight: true,
  ): Promise<[token: number, undefined, undefined, logits: readonly number[], totalWeight: number]>;
  /** Drops every cell of the sequence. */
  disposeSequence(sequence: number): void;
  /** False when the memory cannot forget a part (recurrent models). */
  removeTokenCellsFromSequence(sequence: number, start: number, end: number): boolean;
  saveSequenceStateToFile(path: string, sequence: number, tokens: Uint32Array): Promise<number>;
  loadSequenceStateFromFile(path: string, sequence: number, maxTokens: number): Promise<Uint32Array>;
  restoreCheckpoint(checkpoint: NativeCheckpoint, maxPosition: number, sequence: number): Promise<boolean>;
}

export interface NativeCheckpoint {
  init(context: NativeContext, sequence: number): Promise<void>;
  dispose(): void;
}

/** Fields that are absent switch their sampler off. */
export interface NativeSamplerConfig {
  temperature: number;
  seed: number;
  minP?: number;
  topK?: number;
  topP?: number;
  repeatPenalty?: number;
  repeatPenaltyMaxTokens?: number;
  repeatPenaltyTokens?: Uint32Array;
  tokenBiasKeys?: Uint32Array;
  tokenBiasValues?: Float32Array;
  grammarEvaluationState?: NativeGrammarState;
}

export interface NativeSampler {
  applyConfig(config: NativeSamplerConfig): void;
  dispose(): void;
}

export type NativeGrammarState = object;

export interface Native {
  readonly context: NativeContext;
  createSampler(): NativeSampler;
  createCheckpoint(): NativeCheckpoint;
}

interface Bindings {
  AddonSampler: new (model: object) => NativeSampler;
  AddonContextSequenceCheckpoint: new () => NativeCheckpoint;
}

/** @throws EngineError `internal` when the installed node-llama-cpp has another inner shape. */
export function nativeOf(llama: Llama, model: LlamaModel, context: LlamaContext): Native {
  const bindings = (llama as unknown as {_bindings?: Partial<Bindings>})._bindings;
  const nativeModel = (model as unknown as {_model?: object})._model;
  const nativeContext = (context as unknown as {_ctx?: NativeContext})._ctx;
  const {AddonSampler, AddonContextSequenceCheckpoint} = bindings ?? {};
  if (!AddonSampler || !AddonContextSequenceCheckpoint || !nativeModel || !nativeContext?.decodeBatch) {
    throw new EngineError('internal', 'the installed node-llama-cpp is not the version this program was built for', {
      hint: 'Install mistral-chat again: its package.json names the version it needs.',
    });
  }
  return {
    context: nativeContext,
    createSampler: () => new AddonSampler(nativeModel),
    createCheckpoint: () => new AddonContextSequenceCheckpoint(),
  };
}

/** The native object of a grammar's running state. */
export function nativeGrammarState(state: LlamaGrammarEvaluationState): NativeGrammarState {
  return (state as unknown as {_state: NativeGrammarState})._state;
}
