// Samplers and grammars by llama.cpp's C functions. An exception of C++ that leaves one of them ends the process, so none
// is called with what it could refuse: a grammar only accepts tokens it has let through, and logits are there.
import type {NativeGrammar, NativeSampler, NativeSamplerConfig} from '../native-context.ts';
import {addressOf, type CLibrary, memoryAt, type Pointer} from './c-library.ts';

/** {int id, float logit, float p}. */
const CANDIDATE_BYTES = 12;

export class CGrammar implements NativeGrammar {
  readonly #library: CLibrary;
  #sampler: Pointer | undefined;

  /** @throws Error when the library does not take the text. */
  constructor(library: CLibrary, vocab: Pointer, gbnf: string) {
    const sampler = library.calls.llama_sampler_init_grammar(vocab, gbnf, 'root');
    if (!sampler) throw new Error('llama_sampler_init_grammar refuses the text');
    this.#library = library;
    this.#sampler = sampler;
  }

  /** Sets the logits of what may not come next to minus infinity. */
  filter(candidates: Candidates): void {
    if (this.#sampler) this.#library.calls.llama_sampler_apply(this.#sampler, candidates.address);
  }

  /** Only for a token that `filter` has let through. */
  accept(token: number): void {
    if (this.#sampler) this.#library.calls.llama_sampler_accept(this.#sampler, token);
  }

  dispose(): void {
    if (this.#sampler) this.#library.calls.llama_sampler_free(this.#sampler);
    this.#sampler = undefined;
  }
}

/** A llama_token_data_array over a list of its own. */
export class Candidates {
  readonly address: Pointer;
  readonly #list: ArrayBuffer;
  readonly #ids: Int32Array;
  readonly #logits: Float32Array;
  /** {data *, size_t size, int64 selected, bool sorted}. */
  readonly #head = new BigInt64Array(4);

  constructor(room: number) {
    this.#list = new ArrayBuffer(room * CANDIDATE_BYTES);
    this.#ids = new Int32Array(this.#list);
    this.#logits = new Float32Array(this.#list);
    this.address = addressOf(this.#head);
  }

  /** Fills the list with these tokens; `logits[at]` is that of `first + at`. */
  set(first: number, logits: ArrayLike<number>): void {
    for (let at = 0; at < logits.length; at++) {
      this.#ids[3 * at] = first + at;
      this.#logits[3 * at + 1] = logits[at] as number;
      this.#logits[3 * at + 2] = 0;
    }
    this.#head[0] = addressOf(this.#ids);
    this.#head[1] = BigInt(logits.length);
    this.#head[2] = -1n;
    this.#head[3] = 0n;
  }

  /** The logit of the first one. */
  get firstLogit(): number {
    return this.#logits[1] as number;
  }

  /** The token that was chosen, -1 when none was or it is forbidden. Samplers may have put another list in place. */
  get selected(): number {
    const [data = 0n, size = 0n, selected = -1n] = this.#head;
    if (selected < 0n || selected >= size) return -1;
    const bytes = memoryAt(data + selected * BigInt(CANDIDATE_BYTES), CANDIDATE_BYTES);
    const view = new DataView(bytes);
    return view.getFloat32(4, true) === Number.NEGATIVE_INFINITY ? -1 : view.getInt32(0, true);
  }
}

export interface SamplerPlace {
  readonly library: CLibrary;
  readonly context: Pointer;
  readonly vocab: Pointer;
  readonly vocabSize: number;
  /** Room for all tokens and for one, shared by the samplers of a context. */
  readonly all: Candidates;
  readonly one: Candidates;
  readonly rowOf: (row: number) => Float32Array;
}

export class CSampler implements NativeSampler {
  readonly #place: SamplerPlace;
  /** Those that hold nothing of the answer but the state of the draw: they stay the same ones. */
  #fixed: readonly Pointer[] = [];
  /** Bias and penalty, which differ from token to token. */
  #changing: readonly Pointer[] = [];
  #chain: Pointer | undefined;
  #grammar: CGrammar | undefined;

  constructor(place: SamplerPlace) {
    this.#place = place;
  }

  /** What is not bias, penalty or grammar is taken from the first call: it stays the same for an answer. */
  applyConfig(config: NativeSamplerConfig): void {
    this.#grammar = config.grammar as CGrammar | undefined;
    if (this.#fixed.length === 0) this.#fixed = this.#fixedOf(config);
    const changing = this.#changingOf(config);
    if (this.#chain && changing.length === 0 && this.#changing.length === 0) return;
    this.#freeChain();
    for (const sampler of this.#changing) this.#place.library.calls.llama_sampler_free(sampler);
    this.#changing = changing;
    this.#chain = this.#place.library.newChain();
    for (const sampler of [...changing, ...this.#fixed]) {
      this.#place.library.calls.llama_sampler_chain_add(this.#chain, sampler);
    }
  }

  /** The token drawn from this row of the batch, which has logits; -1 when none is left. */
  sample(row: number): number {
    const {library, context, vocab, one} = this.#place;
    const chain = this.#chain as Pointer;
    const drawn = library.calls.llama_sampler_sample(chain, context, row);
    if (!this.#grammar) return drawn;
    one.set(drawn, [1]);
    this.#grammar.filter(one);
    const token = one.firstLogit === Number.NEGATIVE_INFINITY ? this.#drawUnderGrammar(row) : drawn;
    if (token >= 0 && !library.calls.llama_vocab_is_eog(vocab, token)) this.#grammar.accept(token);
    return token;
  }

  dispose(): void {
    this.#freeChain();
    for (const sampler of [...this.#changing, ...this.#fixed]) this.#place.library.calls.llama_sampler_free(sampler);
    this.#changing = [];
    this.#fixed = [];
  }

  #drawUnderGrammar(row: number): number {
    const {library, all, rowOf} = this.#place;
    all.set(0, rowOf(row));
    this.#grammar?.filter(all);
    library.calls.llama_sampler_apply(this.#chain as Pointer, all.address);
    return all.selected;
  }

  #fixedOf({temperature, seed, topK, topP, minP}: NativeSamplerConfig): Pointer[] {
    const {calls} = this.#place.library;
    if (temperature <= 0) return [made(calls.llama_sampler_init_greedy())];
    return [
      ...(topK === undefined ? [] : [made(calls.llama_sampler_init_top_k(topK))]),
      ...(topP === undefined ? [] : [made(calls.llama_sampler_init_top_p(topP, 1))]),
      ...(minP === undefined ? [] : [made(calls.llama_sampler_init_min_p(minP, 1))]),
      made(calls.llama_sampler_init_temp(temperature)),
      made(calls.llama_sampler_init_dist(seed)),
    ];
  }

  #changingOf(config: NativeSamplerConfig): Pointer[] {
    const {library, vocabSize} = this.#place;
    const {tokenBiasKeys, tokenBiasValues, repeatPenalty, repeatPenaltyMaxTokens = 64, repeatPenaltyTokens} = config;
    const samplers: Pointer[] = [];
    if (tokenBiasKeys && tokenBiasValues && tokenBiasKeys.length > 0) {
      const biases = new Int32Array(2 * tokenBiasKeys.length);
      const values = new Float32Array(biases.buffer);
      for (const [at, token] of tokenBiasKeys.entries()) {
        biases[2 * at] = token;
        values[2 * at + 1] = tokenBiasValues[at] ?? 0;
      }
      const count = tokenBiasKeys.length;
      samplers.push(made(library.calls.llama_sampler_init_logit_bias(vocabSize, count, addressOf(biases))));
    }
    if (repeatPenalty !== undefined) {
      const {calls} = library;
      const penalty = made(calls.llama_sampler_init_penalties(vocabSize, repeatPenaltyMaxTokens, repeatPenalty, 0, 0));
      for (const token of repeatPenaltyTokens ?? []) calls.llama_sampler_accept(penalty, token);
      samplers.push(penalty);
    }
    return samplers;
  }

  /** A chain frees what is in it; its samplers live on. */
  #freeChain(): void {
    if (!this.#chain) return;
    const {calls} = this.#place.library;
    while (calls.llama_sampler_chain_n(this.#chain) > 0) calls.llama_sampler_chain_remove(this.#chain, 0);
    calls.llama_sampler_free(this.#chain);
    this.#chain = undefined;
  }
}

/** The functions that make a sampler give none only without memory. */
function made(sampler: Pointer | null): Pointer {
  if (!sampler) throw new Error('llama.cpp gives no sampler');
  return sampler;
}
