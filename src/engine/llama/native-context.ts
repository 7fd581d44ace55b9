// What the engine asks of llama.cpp: one context with its one batch, samplers, grammars, snapshots. Two things answer it:
// the addon of node-llama-cpp (addon/) and the library's own C functions (c-api/).

/** A llama_context with its one reusable batch. */
export interface NativeContext {
  initBatch(size: number): void;
  /** How many threads compute the next batches. */
  setThreads(threads: number): void;
  /** Positions in `logitIndexes` get logits; the answer holds their indexes in the batch. */
  addToBatch(sequence: number, firstPosition: number, tokens: Uint32Array, logitIndexes: Uint32Array): Uint32Array;
  /** `stopped` = somebody set the stop byte: what each sequence still holds is told by `heldBy`. */
  decodeBatch(): Promise<'done' | 'stopped'>;
  /** Positions that the sequence holds. */
  heldBy(sequence: number): number;
  /** The token drawn from the logits at this index of the batch just decoded; -1 when none is left to draw. */
  sampleToken(logitIndex: number, sampler: NativeSampler): Promise<number>;
  /** The logits as the model gave them: of `token` and of the `top` likeliest (at least one). */
  rawLogits(logitIndex: number, token: number, top: number): Promise<RawLogits>;
  /** Drops every cell of the sequence. */
  disposeSequence(sequence: number): void;
  /** False when the memory cannot forget a part (recurrent models). */
  removeTokenCellsFromSequence(sequence: number, start: number, end: number): boolean;
  saveSequenceStateToFile(path: string, sequence: number, tokens: Uint32Array): Promise<unknown>;
  /** Rejects when the library does not take the file. */
  loadSequenceStateFromFile(path: string, sequence: number, maxTokens: number): Promise<unknown>;
  restoreCheckpoint(checkpoint: NativeCheckpoint, maxPosition: number, sequence: number): Promise<boolean>;
}

export interface RawLogits {
  /** Token, logit, token, logit...; a token may be there twice. */
  readonly pairs: readonly number[];
  /** The sum of exp(logit - largest logit) over the vocabulary. */
  readonly totalWeight: number;
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
  grammar?: NativeGrammar;
}

/**
 * A chain in this order: bias, repeat penalty, then at temperature 0 argmax; else top-k, top-p, min-p, temperature, draw.
 * A grammar is asked about the result first and narrows the candidates only when it refuses that.
 */
export interface NativeSampler {
  applyConfig(config: NativeSamplerConfig): void;
  dispose(): void;
}

/** A grammar's state within one answer: the tokens drawn under it move it on. */
export interface NativeGrammar {
  dispose(): void;
}

export interface Native {
  readonly context: NativeContext;
  createSampler(): NativeSampler;
  createCheckpoint(): NativeCheckpoint;
  /** A grammar at its start, for one answer. Rejects when the text is not GBNF. */
  createGrammar(gbnf: string): Promise<NativeGrammar>;
}
