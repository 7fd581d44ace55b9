// A text as one vector: the last layer's state of each of its tokens, by a context of its own, so that no answer is disturbed.
import type {Token} from '../../contract/prompt.ts';
import {cNative} from './c-context.ts';
import {type CLibrary, memoryAt, type Pointer} from './c-library.ts';

/** Which states make the vector: the mean of all, or one. */
export type Pooling = 'mean' | 'first' | 'last';

/** Tokens of a step. Answers go on between two of them, and each of its rows has logits that nobody reads. */
export const EMBEDDING_STEP = 64;

export interface EmbeddingContext {
  readonly library: CLibrary;
  readonly model: Pointer;
  /** Gives states, holds all tokens, and takes `EMBEDDING_STEP` at a time. */
  readonly context: Pointer;
  readonly vocab: Pointer;
}

/**
 * The pooled states, in the model's own scale.
 * @param goOn is asked before each step; false ends it with an error
 */
export async function pooledStates(
  {library, model, context, vocab}: EmbeddingContext,
  tokens: readonly Token[],
  pooling: Pooling,
  goOn: () => boolean,
): Promise<Float32Array> {
  const {calls} = library;
  const width = calls.llama_model_n_embd(model);
  const vocabSize = calls.llama_vocab_n_tokens(vocab);
  const {context: batch} = cNative({library, context, vocab, vocabSize, batchSize: EMBEDDING_STEP});
  const sums = new Float64Array(width);
  const wanted = {mean: () => true, first: (at: number) => at === 0, last: (at: number) => at === tokens.length - 1};
  let rows = 0;
  for (let start = 0; start < tokens.length; start += EMBEDDING_STEP) {
    if (!goOn()) throw new Error('the embedding is not wanted any more');
    const piece = Uint32Array.from(tokens.slice(start, start + EMBEDDING_STEP));
    batch.initBatch(piece.length);
    batch.addToBatch(0, start, piece, Uint32Array.from(piece.keys()));
    await batch.decodeBatch();
    for (let row = 0; row < piece.length; row++) {
      if (!wanted[pooling](start + row)) continue;
      const address = calls.llama_get_embeddings_ith(context, row);
      if (!address) throw new Error('llama.cpp gave no state of a token');
      for (const [at, value] of new Float32Array(memoryAt(address, 4 * width)).entries())
        sums[at] = (sums[at] ?? 0) + value;
      rows++;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return Float32Array.from(sums, (sum) => sum / rows);
}
