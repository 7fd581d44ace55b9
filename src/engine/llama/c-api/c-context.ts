// A context by llama.cpp's C functions. All calls are made by the thread that owns it, and return when they are done.
import {logitsOfRow} from '../batching/logprobs.ts';
import {checkGbnf} from '../gbnf-syntax.ts';
import type {Native, NativeCheckpoint, NativeContext, NativeSampler, RawLogits} from '../native-context.ts';
import {addressOf, BATCH_BYTES, type CLibrary, memoryAt, type Pointer} from './c-library.ts';
import {Candidates, CGrammar, CSampler} from './c-sampler.ts';
import {NativeRecord} from './native-record.ts';

const BATCH = {
  size: BATCH_BYTES,
  offsets: {n_tokens: 0, token: 8, pos: 24, n_seq_id: 32, seq_id: 40, logits: 48},
} as const;

/** What llama_decode answers when it was told to stop. */
const STOPPED = 2;

/** LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY: what cannot be computed again from the cache, such as a recurrent state. */
const PARTIAL_ONLY = 1;

export interface CContextOptions {
  readonly library: CLibrary;
  readonly context: Pointer;
  readonly vocab: Pointer;
  readonly vocabSize: number;
  /** Tokens that one batch holds. */
  readonly batchSize: number;
}

/** The native objects over one context. */
export function cNative(options: CContextOptions): Native {
  const context = new CContext(options);
  return {
    context,
    createSampler: () => context.createSampler(),
    createCheckpoint: () => new CCheckpoint(),
    createGrammar: async (gbnf) => {
      checkGbnf(gbnf);
      return new CGrammar(options.library, options.vocab, gbnf);
    },
  };
}

class CContext implements NativeContext {
  readonly #library: CLibrary;
  readonly #context: Pointer;
  readonly #memory: Pointer | null;
  readonly #vocab: Pointer;
  readonly #vocabSize: number;
  readonly #batch = new NativeRecord(BATCH);
  readonly #tokens: Int32Array;
  readonly #positions: Int32Array;
  readonly #sequences: Int32Array;
  readonly #wanted: Int8Array;
  /** Kept as long as the batch points at them. */
  readonly #kept: readonly ArrayBufferView[];
  readonly #all: Candidates;
  readonly #one = new Candidates(1);
  #count = 0;
  #isChecked = false;

  constructor({library, context, vocab, vocabSize, batchSize}: CContextOptions) {
    this.#library = library;
    this.#context = context;
    this.#memory = library.calls.llama_get_memory(context);
    this.#vocab = vocab;
    this.#vocabSize = vocabSize;
    this.#all = new Candidates(vocabSize);
    this.#tokens = new Int32Array(batchSize);
    this.#positions = new Int32Array(batchSize);
    this.#sequences = new Int32Array(batchSize);
    this.#wanted = new Int8Array(batchSize);
    const counts = new Int32Array(batchSize).fill(1);
    const first = addressOf(this.#sequences);
    const lists = BigUint64Array.from({length: batchSize}, (_, at) => first + BigInt(4 * at));
    this.#batch.pointer('token', addressOf(this.#tokens));
    this.#batch.pointer('pos', addressOf(this.#positions));
    this.#batch.pointer('n_seq_id', addressOf(counts));
    this.#batch.pointer('seq_id', addressOf(lists));
    this.#batch.pointer('logits', addressOf(this.#wanted));
    this.#kept = [counts, lists];
  }

  createSampler(): CSampler {
    return new CSampler({
      library: this.#library,
      context: this.#context,
      vocab: this.#vocab,
      vocabSize: this.#vocabSize,
      all: this.#all,
      one: this.#one,
      rowOf: (row) => this.#row(row),
    });
  }

  initBatch(size: number): void {
    if (size > this.#tokens.length || this.#kept.length === 0)
      throw new Error(`a batch of ${size} tokens is too large`);
    this.#count = 0;
  }

  addToBatch(sequence: number, firstPosition: number, tokens: Uint32Array, logitIndexes: Uint32Array): Uint32Array {
    const start = this.#count;
    if (start + tokens.length > this.#tokens.length) throw new Error('the batch is full');
    for (const [at, token] of tokens.entries()) {
      this.#tokens[start + at] = token;
      this.#positions[start + at] = firstPosition + at;
      this.#sequences[start + at] = sequence;
      this.#wanted[start + at] = 0;
    }
    for (const index of logitIndexes) this.#wanted[start + index] = 1;
    this.#count += tokens.length;
    return logitIndexes.map((index) => start + index);
  }

  setThreads(threads: number): void {
    this.#library.calls.llama_set_n_threads(this.#context, threads, threads);
  }

  async decodeBatch(): Promise<'done' | 'stopped'> {
    this.#batch.int('n_tokens', this.#count);
    const status = this.#library.decode(this.#context, this.#batch.bytes);
    if (status === 0) return 'done';
    // Nothing can be read from the rows of a step that did not end.
    this.#wanted.fill(0, 0, this.#count);
    if (status === STOPPED) return 'stopped';
    throw new Error(status === 1 ? 'the context has no room for the batch' : `llama_decode ended with ${status}`);
  }

  async sampleToken(logitIndex: number, sampler: NativeSampler): Promise<number> {
    this.#checkFirst(logitIndex);
    return (sampler as CSampler).sample(logitIndex);
  }

  async rawLogits(logitIndex: number, token: number, top: number): Promise<RawLogits> {
    return logitsOfRow(this.#row(logitIndex), token, top);
  }

  heldBy(sequence: number): number {
    return this.#library.calls.llama_memory_seq_pos_max(this.#memory, sequence) + 1;
  }

  disposeSequence(sequence: number): void {
    this.#library.calls.llama_memory_seq_rm(this.#memory, sequence, -1, -1);
  }

  removeTokenCellsFromSequence(sequence: number, start: number, end: number): boolean {
    return this.#library.calls.llama_memory_seq_rm(this.#memory, sequence, start, end);
  }

  async saveSequenceStateToFile(path: string, sequence: number, tokens: Uint32Array): Promise<void> {
    const address = addressOf(tokens);
    const {calls} = this.#library;
    if (calls.llama_state_seq_save_file(this.#context, path, sequence, address, tokens.length) === 0) {
      throw new Error('llama.cpp could not write the state');
    }
  }

  async loadSequenceStateFromFile(path: string, sequence: number, maxTokens: number): Promise<void> {
    const tokens = new Int32Array(maxTokens);
    const count = new BigUint64Array(1);
    const room = [addressOf(tokens), maxTokens, addressOf(count)] as const;
    if (this.#library.calls.llama_state_seq_load_file(this.#context, path, sequence, ...room) === 0) {
      throw new Error('llama.cpp does not take the state');
    }
  }

  async restoreCheckpoint(checkpoint: NativeCheckpoint, maxPosition: number, sequence: number): Promise<boolean> {
    const {calls} = this.#library;
    const {data} = checkpoint as CCheckpoint;
    if (!data) return false;
    const args = [addressOf(data), data.length, sequence, PARTIAL_ONLY] as const;
    if (calls.llama_state_seq_set_data_ext(this.#context, ...args) !== data.length) return false;
    return (
      calls.llama_memory_seq_rm(this.#memory, sequence, maxPosition + 1, -1) &&
      calls.llama_memory_seq_pos_max(this.#memory, sequence) === maxPosition
    );
  }

  /** What `restoreCheckpoint` needs. @throws Error when the library gives less than it said. */
  checkpointOf(sequence: number): Uint8Array {
    const {calls} = this.#library;
    const size = calls.llama_state_seq_get_size_ext(this.#context, sequence, PARTIAL_ONLY);
    const data = new Uint8Array(size);
    const args = [addressOf(data), size, sequence, PARTIAL_ONLY] as const;
    if (size === 0 || calls.llama_state_seq_get_data_ext(this.#context, ...args) !== size) {
      throw new Error('llama.cpp gave no whole snapshot');
    }
    return data;
  }

  /** The logits of a row of the batch just decoded. @throws Error for a row that was not asked for. */
  #row(row: number): Float32Array {
    const wanted = row < this.#count && this.#wanted[row] === 1;
    const address = wanted ? this.#library.calls.llama_get_logits_ith(this.#context, row) : null;
    if (!address) throw new Error(`row ${row} of the batch has no logits`);
    return new Float32Array(memoryAt(address, 4 * this.#vocabSize));
  }

  /** Sampling from a row without logits, or from figures that are none, would end the process. */
  #checkFirst(row: number): void {
    if (this.#isChecked && this.#wanted[row] === 1) return;
    if (this.#row(row).some((logit) => Number.isNaN(logit) || logit === Number.POSITIVE_INFINITY)) {
      throw new Error('llama.cpp computes figures that are none: the library or the model is damaged');
    }
    this.#isChecked = true;
  }
}

class CCheckpoint implements NativeCheckpoint {
  data: Uint8Array | undefined;

  async init(context: NativeContext, sequence: number): Promise<void> {
    this.data = (context as CContext).checkpointOf(sequence);
  }

  dispose(): void {
    this.data = undefined;
  }
}
