// What the figures of a params.json or config.json can be: what lies beyond is damage, and would size memory.
import {type Bounds, LARGEST} from '../../gguf/check/figures.ts';

const upTo = (max: number): Bounds => ({min: 0, max});

/** Whole numbers by the names both formats have for them. Others are fractions, such as rotary bases and scales. */
const WHOLE: Readonly<Record<string, Bounds>> = Object.fromEntries(
  (
    [
      [['n_layers', 'num_hidden_layers', 'first_k_dense_replace'], LARGEST.layers],
      [['n_heads', 'n_kv_heads', 'num_attention_heads', 'num_key_value_heads', 'num_heads'], LARGEST.heads],
      [['head_dim', 'qk_rope_head_dim', 'qk_nope_head_dim', 'v_head_dim'], LARGEST.heads],
      [['n_groups', 'd_state', 'state_size', 'expand'], LARGEST.heads],
      [['dim', 'hidden_size', 'q_lora_rank', 'kv_lora_rank'], LARGEST.dimensions],
      [['hidden_dim', 'intermediate_size', 'moe_intermediate_size', 'expert_hidden_dim'], LARGEST.feedForward],
      [['d_inner', 'd_conv', 'conv_kernel'], LARGEST.feedForward],
      [['num_experts', 'num_experts_per_tok', 'num_local_experts', 'n_routed_experts'], LARGEST.experts],
      [['n_shared_experts', 'num_shared_experts', 'n_group', 'topk_group'], LARGEST.experts],
      [['num_expert_groups', 'num_expert_groups_per_tok'], LARGEST.experts],
      [['max_position_embeddings', 'max_seq_len', 'original_max_position_embeddings'], LARGEST.context],
      [['sliding_window', '_sliding_window'], LARGEST.context],
    ] as const
  ).flatMap(([keys, max]) => keys.map((key) => [key, upTo(max)] as const)),
);

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
