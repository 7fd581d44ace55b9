// A llama_context without llama.cpp: it keeps the tokens of each sequence and "samples" from their sum.
import {writeFile} from 'node:fs/promises';
import type {
  Native,
  NativeCheckpoint,
  NativeContext,
  NativeGrammar,
  NativeSampler,
  NativeSamplerConfig,
  RawLogits,
} from '../../src/engine/llama/native-context.ts';

/** What the fake answers after these tokens: never 2, which ends an answer. */
export function nextToken(tokens: readonly number[]): number {
  return 10 + (tokens.reduce((sum, token, at) => sum + token * (at + 1), 0) % 90);
}

export class FakeNativeContext implements NativeContext {
  /** Each decoded batch: sequence and number of tokens of every part. */
  readonly batches: (readonly (readonly [sequence: number, count: number])[])[] = [];
  /** How many threads were to compute each of them. */
  readonly threads: number[] = [];
  readonly sequences = new Map<number, number[]>();
  readonly configs: NativeSamplerConfig[] = [];
  /** Runs before a batch is decoded; what it throws fails the decode. */
  beforeDecode: (() => void | Promise<void>) | undefined;
  /** Asked of each decode: when set, it is stopped, and so many tokens of each part stay in the cache. */
  stopAfter: (() => number | undefined) | undefined;
  /** False = the memory cannot forget a part, as with recurrent models. */
  canCut = true;
  /** Checkpoints and samplers that were freed. */
  disposed = 0;
  #batch: [number, number][] = [];
  readonly #logits: number[] = [];
  #size = 0;
  #threads = 0;

  initBatch(size: number): void {
    this.#batch = [];
    this.#logits.length = 0;
    this.#size = size;
  }

  setThreads(threads: number): void {
    this.#threads = threads;
  }

  addToBatch(sequence: number, firstPosition: number, tokens: Uint32Array, logitIndexes: Uint32Array): Uint32Array {
    if (logitIndexes.some((index) => index >= tokens.length)) throw new Error('logits of a token that is not there');
    const held = this.sequences.get(sequence) ?? [];
    if (held.length !== firstPosition)
      throw new Error(`sequence ${sequence} holds ${held.length}, not ${firstPosition}`);
    held.push(...tokens);
    this.sequences.set(sequence, held);
    this.#batch.push([sequence, tokens.length]);
    if (this.#batch.reduce((sum, [, count]) => sum + count, 0) > this.#size) throw new Error('the batch is full');
    return logitIndexes.map(() => this.#logits.push(nextToken(held)) - 1);
  }

  async decodeBatch(): Promise<'done' | 'stopped'> {
    this.batches.push(this.#batch);
    this.threads.push(this.#threads);
    await new Promise((resolve) => setImmediate(resolve));
    await this.beforeDecode?.();
    const kept = this.stopAfter?.();
    if (kept === undefined) return 'done';
    this.#logits.length = 0;
    for (const [sequence, count] of this.#batch) {
      const held = this.sequences.get(sequence);
      held?.splice(Math.max(0, held.length - count + Math.min(kept, count)));
    }
    return 'stopped';
  }

  heldBy(sequence: number): number {
    return this.sequences.get(sequence)?.length ?? 0;
  }

  async sampleToken(logitIndex: number): Promise<number> {
    return this.#logits[logitIndex] ?? -1;
  }

  /** 0 for the token sampled, -1 for the next id, -2 for the one after it; all others weigh nothing. */
  async rawLogits(logitIndex: number, token: number, top: number): Promise<RawLogits> {
    const best = this.#logits[logitIndex] ?? -1;
    const ranked = [best, best + 1, best + 2].slice(0, Math.max(1, top));
    const pairs = [...new Set([token, ...ranked])].flatMap((id) => [id, best - id]);
    return {pairs, totalWeight: 1 + Math.exp(-1) + Math.exp(-2)};
  }

  disposeSequence(sequence: number): void {
    this.sequences.delete(sequence);
  }

  removeTokenCellsFromSequence(sequence: number, start: number): boolean {
    if (this.canCut) this.sequences.get(sequence)?.splice(start);
    return this.canCut;
  }

  async saveSequenceStateToFile(path: string, sequence: number): Promise<number> {
    const text = JSON.stringify(this.sequences.get(sequence) ?? []);
    await writeFile(path, text);
    return text.length;
  }

  async loadSequenceStateFromFile(): Promise<Uint32Array> {
    throw new Error('not scripted');
  }

  async restoreCheckpoint(checkpoint: NativeCheckpoint, maxPosition: number, sequence: number): Promise<boolean> {
    const tokens = (checkpoint as FakeCheckpoint).tokens;
    if (tokens.length !== maxPosition + 1) return false;
    this.sequences.set(sequence, [...tokens]);
    return true;
  }

  native(): Native {
    const dispose = () => {
      this.disposed++;
    };
    return {
      context: this,
      createSampler: (): NativeSampler => ({applyConfig: (config) => this.configs.push(config), dispose}),
      createCheckpoint: (): NativeCheckpoint => new FakeCheckpoint(this, dispose),
      createGrammar: async (gbnf: string): Promise<NativeGrammar & {gbnf: string}> => {
        if (gbnf === 'no grammar') throw new Error('no rule');
        return {gbnf, dispose};
      },
    };
  }
}

class FakeCheckpoint implements NativeCheckpoint {
  readonly dispose: () => void;
  readonly #context: FakeNativeContext;
  tokens: readonly number[] = [];

  constructor(context: FakeNativeContext, dispose: () => void) {
    this.#context = context;
    this.dispose = dispose;
  }

  async init(_context: NativeContext, sequence: number): Promise<void> {
    this.tokens = [...(this.#context.sequences.get(sequence) ?? [])];
  }
}
