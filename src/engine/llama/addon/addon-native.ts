// The objects under node-llama-cpp's classes, typed for the calls we make. Its own evaluate loop decodes one sequence per
// call and joins the others by chance of timing; ours fills one batch per step for all sequences, and can read the raw
// distribution of a token that was sampled from a narrowed one. The package is pinned to one version.
import type {Llama, LlamaContext, LlamaGrammarEvaluationState, LlamaModel} from 'node-llama-cpp';
import {EngineError} from '../../../base/errors.ts';
import {reasonOf} from '../../../base/files/file-error.ts';
import {logitsOfRow} from '../batching/logprobs.ts';
import {checkGbnf} from '../gbnf-syntax.ts';
import type {
  Native,
  NativeCheckpoint,
  NativeContext,
  NativeGrammar,
  NativeSampler,
  NativeSamplerConfig,
  RawLogits,
} from '../native-context.ts';

/** The addon's context, as far as its calls differ from ours. */
interface AddonContext extends Omit<NativeContext, 'sampleToken' | 'rawLogits' | 'decodeBatch' | 'heldBy'> {
  decodeBatch(): Promise<void>;
  getSequenceKvCacheMaxPosition(sequence: number): number;
  sampleToken(logitIndex: number, sampler: AddonSampler): Promise<number>;
  sampleToken(
    logitIndex: number,
    sampler: AddonSampler,
    probabilities: false,
    confidence: false,
    logits: readonly [tokens: readonly number[], max: boolean, min: boolean, selected: boolean, top: number],
    totalWeight: true,
  ): Promise<[token: number, undefined, undefined, logits: readonly number[], totalWeight: number]>;
  sampleToken(
    logitIndex: number,
    sampler: AddonSampler,
    probabilities: false,
    confidence: false,
    logits: true,
  ): Promise<[token: number, undefined, undefined, tokenAndLogit: readonly number[]]>;
}

interface AddonSampler {
  applyConfig(config: Omit<NativeSamplerConfig, 'grammar'> & {grammarEvaluationState?: object}): void;
  dispose(): void;
}

interface AddonCheckpoint {
  init(context: AddonContext, sequence: number): Promise<void>;
  dispose(): void;
}

interface Bindings {
  AddonSampler: new (model: object) => AddonSampler;
  AddonContextSequenceCheckpoint: new () => AddonCheckpoint;
}

/**
 * The addon hands over each figure of a row as an object of its own, 0.2 us. Above so many tokens that is too dear at each
 * token, and the sum over the vocabulary is the addon's own: in single precision, off by 4e-5.
 */
const LARGEST_ROW = 65_536;

/** llama.cpp's llama-grammar.cpp, of a token that fits nowhere. */
const NOT_TAKEN = 'Unexpected empty grammar stack';

/** @throws EngineError `internal` when the installed node-llama-cpp has another inner shape. */
export function addonNative(llama: Llama, model: LlamaModel, context: LlamaContext, vocabSize: number): Native {
  const bindings = (llama as unknown as {_bindings?: Partial<Bindings>})._bindings;
  const nativeModel = (model as unknown as {_model?: object})._model;
  const inner = (context as unknown as {_ctx?: AddonContext})._ctx;
  const {AddonSampler, AddonContextSequenceCheckpoint} = bindings ?? {};
  if (!AddonSampler || !AddonContextSequenceCheckpoint || !nativeModel || !inner?.decodeBatch) {
    throw new EngineError('internal', 'the installed node-llama-cpp is not the version this program was built for', {
      hint: 'Install mistral-chat again: its package.json names the version it needs.',
    });
  }
  const createSampler = () => new AddonSampler(nativeModel);
  return {
    context: new ContextOverAddon(inner, createSampler, vocabSize),
    createSampler: () => new SamplerOverAddon(createSampler()),
    createCheckpoint: () => new CheckpointOverAddon(new AddonContextSequenceCheckpoint()),
    createGrammar: async (gbnf) => {
      checkGbnf(gbnf);
      const {LlamaGrammarEvaluationState} = await import('node-llama-cpp');
      const grammar = await llama.createGrammar({grammar: gbnf});
      return new GrammarOverAddon(new LlamaGrammarEvaluationState({model, grammar}));
    },
  };
}

class ContextOverAddon implements NativeContext {
  readonly inner: AddonContext;
  readonly #createSampler: () => AddonSampler;
  readonly #vocabSize: number;
  #raw: AddonSampler | undefined;
  #reading: Promise<unknown> = Promise.resolve();

  constructor(inner: AddonContext, createSampler: () => AddonSampler, vocabSize: number) {
    this.inner = inner;
    this.#createSampler = createSampler;
    this.#vocabSize = vocabSize;
  }

  initBatch(size: number): void {
    this.inner.initBatch(size);
  }

  addToBatch(sequence: number, firstPosition: number, tokens: Uint32Array, logitIndexes: Uint32Array): Uint32Array {
    return this.inner.addToBatch(sequence, firstPosition, tokens, logitIndexes);
  }

  /** The addon cannot be told to stop. */
  async decodeBatch(): Promise<'done'> {
    await this.inner.decodeBatch();
    return 'done';
  }

  setThreads(threads: number): void {
    this.inner.setThreads(threads);
  }

  heldBy(sequence: number): number {
    return this.inner.getSequenceKvCacheMaxPosition(sequence) + 1;
  }

  /** Where the grammar lets no token through, the addon draws a forbidden one, which the grammar then cannot take: -1. */
  async sampleToken(logitIndex: number, sampler: NativeSampler): Promise<number> {
    try {
      return await this.inner.sampleToken(logitIndex, (sampler as SamplerOverAddon).inner);
    } catch (error) {
      if (reasonOf(error).includes(NOT_TAKEN)) return -1;
      throw error;
    }
  }

  /** A second, plain sampler reads the same logits, for one answer at a time: it has one list of candidates. */
  rawLogits(logitIndex: number, token: number, top: number): Promise<RawLogits> {
    const read = this.#reading.then(() => this.#rawLogits(logitIndex, token, top));
    this.#reading = read.catch(() => undefined);
    return read;
  }

  async #rawLogits(logitIndex: number, token: number, top: number): Promise<RawLogits> {
    if (!this.#raw) {
      this.#raw = this.#createSampler();
      this.#raw.applyConfig({temperature: 0, seed: 0});
    }
    if (this.#vocabSize <= LARGEST_ROW) {
      const [, , , all] = await this.inner.sampleToken(logitIndex, this.#raw, false, false, true);
      const row = new Float32Array(this.#vocabSize);
      for (let at = 0; at < all.length; at += 2) row[all[at] as number] = all[at + 1] as number;
      return logitsOfRow(row, token, top);
    }
    const wanted = [[token], false, false, false, Math.max(1, top)] as const;
    const [, , , pairs, totalWeight] = await this.inner.sampleToken(logitIndex, this.#raw, false, false, wanted, true);
    return {pairs, totalWeight};
  }

  disposeSequence(sequence: number): void {
    this.inner.disposeSequence(sequence);
  }

  removeTokenCellsFromSequence(sequence: number, start: number, end: number): boolean {
    return this.inner.removeTokenCellsFromSequence(sequence, start, end);
  }

  saveSequenceStateToFile(path: string, sequence: number, tokens: Uint32Array): Promise<unknown> {
    return this.inner.saveSequenceStateToFile(path, sequence, tokens);
  }

  loadSequenceStateFromFile(path: string, sequence: number, maxTokens: number): Promise<unknown> {
    return this.inner.loadSequenceStateFromFile(path, sequence, maxTokens);
  }

  restoreCheckpoint(checkpoint: NativeCheckpoint, maxPosition: number, sequence: number): Promise<boolean> {
    const {inner} = checkpoint as CheckpointOverAddon;
    return this.inner.restoreCheckpoint(inner as unknown as NativeCheckpoint, maxPosition, sequence);
  }
}

class SamplerOverAddon implements NativeSampler {
  readonly inner: AddonSampler;

  constructor(inner: AddonSampler) {
    this.inner = inner;
  }

  applyConfig({grammar, ...config}: NativeSamplerConfig): void {
    const state = (grammar as GrammarOverAddon | undefined)?.inner;
    this.inner.applyConfig({...config, ...(state && {grammarEvaluationState: state})});
  }

  dispose(): void {
    this.inner.dispose();
  }
}

class CheckpointOverAddon implements NativeCheckpoint {
  readonly inner: AddonCheckpoint;

  constructor(inner: AddonCheckpoint) {
    this.inner = inner;
  }

  async init(context: NativeContext, sequence: number): Promise<void> {
    await this.inner.init((context as ContextOverAddon).inner, sequence);
  }

  dispose(): void {
    this.inner.dispose();
  }
}

class GrammarOverAddon implements NativeGrammar {
  readonly inner: object;

  constructor(state: LlamaGrammarEvaluationState) {
    this.inner = (state as unknown as {_state: object})._state;
  }

  /** The addon frees it with its JavaScript object. */
  dispose(): void {}
}
