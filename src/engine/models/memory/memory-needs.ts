// How much memory a model needs at a context length and KV type, and what fits a machine.

import type {KvType} from '../../contract/local-engine.ts';
import type {ModelShape} from '../../gguf/model-shape.ts';
import {kvBytesPerValue} from './kv-types.ts';

/** Tokens llama.cpp evaluates at once: the size of its work buffers. */
const MICRO_BATCH = 512;
/** The KV cache is laid out in steps of this many tokens. */
const CONTEXT_STEP = 256;

/** Bytes of memory by purpose; `total` is their sum. */
export interface MemoryNeed {
  readonly weights: number;
  readonly kv: number;
  readonly compute: number;
  readonly total: number;
}

/** Bytes the KV cache takes per token of context. Exact for every KV type. */
export function kvBytesPerToken(shape: ModelShape, type: KvType): number {
  const heads = shape.kvHeads.reduce((sum, count) => sum + count, 0);
  const values = shape.latent ? shape.keyLength : shape.keyLength + shape.valueLength;
  return shape.heads === 0 ? 0 : heads * values * kvBytesPerValue(type);
}

const cells = (context: number) => Math.ceil(context / CONTEXT_STEP) * CONTEXT_STEP;

/**
 * Layers with a sliding window count as the others: the cache is asked for in full size, as one of the window alone could
 * not go back to an earlier prompt. Bytes of the KV cache of one sequence of `context` tokens, with the fixed state of recurrent layers
 * (F32).
 */
export function kvBytes(shape: ModelShape, context: number, type: KvType): number {
  return cells(context) * kvBytesPerToken(shape, type) + shape.layers * shape.stateValues * 4;
}

/**
 * Bytes needed to run a model. `weights` is the size of its files. The work buffer is an estimate: logits, the widest
 * activations of one micro batch and the attention mask, of which there are two where some layers slide.
 */
export function memoryNeed(
  shape: ModelShape,
  weights: number,
  context: number,
  type: KvType,
  {flashAttention = true} = {},
): MemoryNeed {
  const kv = kvBytes(shape, context, type);
  const activations = shape.vocabulary + 3 * shape.feedForward + 6 * shape.embedding;
  // Without flash attention the scores of every head of one layer are there at once, as F32.
  const scores = flashAttention ? 0 : 4 * shape.heads * cells(context);
  const masks = shape.slides ? 2 : 1;
  const compute = MICRO_BATCH * (4 * activations + 2 * context * masks + scores);
  return {weights, kv, compute, total: weights + kv + compute};
}
