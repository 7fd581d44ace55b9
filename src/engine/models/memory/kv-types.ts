// Exact bytes per value of each type a KV cache can have.

import type {KvType} from '../../contract/local-engine.ts';

// Block bytes over block size: a quantised cache is counted by its blocks of 32 values.
const BYTES_PER_VALUE: Record<KvType, number> = {
  F32: 4,
  F16: 2,
  BF16: 2,
  Q8_0: 34 / 32,
  Q5_1: 24 / 32,
  Q5_0: 22 / 32,
  Q4_1: 20 / 32,
  Q4_0: 18 / 32,
  IQ4_NL: 18 / 32,
};

/** Bytes one cached value takes. */
export function kvBytesPerValue(type: KvType): number {
  return BYTES_PER_VALUE[type];
}
