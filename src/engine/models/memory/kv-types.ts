// The types a KV cache can have, with their exact bytes per value.

/** Accepted by `--kv-type`, in the order of falling precision. */
export const KV_TYPES = ['F32', 'F16', 'BF16', 'Q8_0', 'Q5_1', 'Q5_0', 'Q4_1', 'Q4_0', 'IQ4_NL'] as const;

export type KvType = (typeof KV_TYPES)[number];

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
