// What the figures of a params.json or config.json can be: what lies beyond is damage, and would size memory.
import {type Bounds, LARGEST} from '../../gguf/check/figures.ts';

const upTo = (max: number): Bounds => ({min: 0, max});

/** Whole numbers by the names both formats have for them. Others are fractions, such as rotary bases and scales. */
const WHOLE: Readonly<Record<string, Bounds>> = Object.fromEntries([
  ...['n_layers', 'num_hidden_layers'].map((key) => [key, upTo(LARGEST.layers)] as const),
  ...['n_heads', 'n_kv_heads', 'num_attention_heads', 'num_key_value_heads', 'head_dim', 'n_groups', 'd_state'].map(
    (key) => [key, upTo(LARGEST.heads)] as const,
  ),
  ...['dim', 'hidden_size'].map((key) => [key, upTo(LARGEST.dimensions)] as const),
  ...['hidden_dim', 'intermediate_size', 'd_inner', 'd_conv'].map((key) => [key, upTo(LARGEST.feedForward)] as const),
  ...['num_experts', 'num_experts_per_tok', 'num_local_experts'].map((key) => [key, upTo(LARGEST.experts)] as const),
  ...['max_position_embeddings', 'max_seq_len', 'original_max_position_embeddings'].map(
    (key) => [key, upTo(LARGEST.context)] as const,
  ),
]);

/** Beyond it a 32-bit float, which is what is written, has no figure that makes sense. */
const LARGEST_FRACTION = 1e15;

/** Why the value of this field cannot be, as words that follow it; undefined when it can. */
export function outOfBounds(key: string, value: number): string | undefined {
  const bounds = WHOLE[key];
  if (bounds === undefined) {
    return value >= 0 && value <= LARGEST_FRACTION ? undefined : `which is not from 0 to ${LARGEST_FRACTION}`;
  }
  if (Number.isInteger(value) && value <= bounds.max && value >= bounds.min) return undefined;
  return `which is not a whole number from ${bounds.min} to ${bounds.max}`;
}
