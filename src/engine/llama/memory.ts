// What a KV cache weighs. Ours, because node-llama-cpp's estimate ignores the block size of quantised types.

export type KvType = 'f16' | 'q8_0' | 'q4_0';

/** Bytes per 32 values: quantised blocks carry a 2-byte scale. */
const BLOCK_BYTES: Record<KvType, number> = {f16: 64, q8_0: 34, q4_0: 18};

export interface KvShape {
  readonly layers: number;
  readonly kvHeads: number;
  readonly keyLength: number;
  readonly valueLength: number;
}

/** Bytes of keys and values for `tokens` tokens over all slots. */
export function kvCacheBytes(shape: KvShape, type: KvType, tokens: number): number {
  const valuesPerToken = shape.layers * shape.kvHeads * (shape.keyLength + shape.valueLength);
  return (valuesPerToken / 32) * BLOCK_BYTES[type] * tokens;
}
