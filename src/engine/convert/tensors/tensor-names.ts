// The names of tensors in Mistral's, Hugging Face's and Mamba's layouts, and what a GGUF calls them.

/** How the source names its tensors. */
export type Naming = 'mistral' | 'hf' | 'mamba';

export interface GgufName {
  /** Such as `blk.3.attn_q.weight`. */
  readonly name: string;
  /** The expert of a tensor that is stacked with those of the other experts. */
  readonly expert?: number;
}

const PLAIN: Record<Naming, Readonly<Record<string, string>>> = {
  mistral: {
    'tok_embeddings.weight': 'token_embd.weight',
    'mm_streams_embeddings.embedding_module.tok_embeddings.weight': 'token_embd.weight',
    'norm.weight': 'output_norm.weight',
    'output.weight': 'output.weight',
  },
  hf: {
    'model.embed_tokens.weight': 'token_embd.weight',
    'model.norm.weight': 'output_norm.weight',
    'lm_head.weight': 'output.weight',
  },
  mamba: {
    'backbone.embedding.weight': 'token_embd.weight',
    'backbone.embeddings.weight': 'token_embd.weight',
    'backbone.norm_f.weight': 'output_norm.weight',
    'lm_head.weight': 'output.weight',
  },
};

const LAYER_PREFIX: Record<Naming, RegExp> = {
  mistral: /^layers\.(\d+)\.(.+)$/,
  hf: /^model\.layers\.(\d+)\.(.+)$/,
  mamba: /^backbone\.layers\.(\d+)\.(.+)$/,
};

const LAYER: Record<Naming, Readonly<Record<string, string>>> = {
  mistral: {
    'attention.wq.weight': 'attn_q.weight',
    'attention.wk.weight': 'attn_k.weight',
    'attention.wv.weight': 'attn_v.weight',
    'attention.wo.weight': 'attn_output.weight',
    'attention_norm.weight': 'attn_norm.weight',
    'ffn_norm.weight': 'ffn_norm.weight',
    'feed_forward.w1.weight': 'ffn_gate.weight',
    'feed_forward.w2.weight': 'ffn_down.weight',
    'feed_forward.w3.weight': 'ffn_up.weight',
    'feed_forward.gate.weight': 'ffn_gate_inp.weight',
    'gate.weight': 'ffn_gate_inp.weight',
    // Mixtral's first checkpoint: the experts of a layer below each other, those of w2 transposed.
    'block_sparse_moe.gate.weight': 'ffn_gate_inp.weight',
    'block_sparse_moe.w1': 'ffn_gate_exps.weight',
    'block_sparse_moe.w2': 'ffn_down_rows.weight',
    'block_sparse_moe.w3': 'ffn_up_exps.weight',
    'shared_experts.w1.weight': 'ffn_gate_shexp.weight',
    'shared_experts.w2.weight': 'ffn_down_shexp.weight',
    'shared_experts.w3.weight': 'ffn_up_shexp.weight',
    'attention.wq_a.weight': 'attn_q_a.weight',
    'attention.q_a_norm.weight': 'attn_q_a_norm.weight',
    'attention.wq_b.weight': 'attn_q_b.weight',
    'attention.wkv_a_with_mqa.weight': 'attn_kv_a_mqa.weight',
    'attention.kv_a_norm.weight': 'attn_kv_a_norm.weight',
    'attention.wkv_b.weight': 'attn_kv_b.weight',
  },
  hf: {
    'self_attn.q_proj.weight': 'attn_q.weight',
    'self_attn.k_proj.weight': 'attn_k.weight',
    'self_attn.v_proj.weight': 'attn_v.weight',
    'self_attn.o_proj.weight': 'attn_output.weight',
    'input_layernorm.weight': 'attn_norm.weight',
    'post_attention_layernorm.weight': 'ffn_norm.weight',
    'mlp.gate_proj.weight': 'ffn_gate.weight',
    'mlp.down_proj.weight': 'ffn_down.weight',
    'mlp.up_proj.weight': 'ffn_up.weight',
    'block_sparse_moe.gate.weight': 'ffn_gate_inp.weight',
    'mlp.gate.weight': 'ffn_gate_inp.weight',
    'mlp.experts.gate_up_proj': 'ffn_gate_up_exps.weight',
    'mlp.experts.down_proj': 'ffn_down_exps.weight',
    'mlp.shared_experts.gate_proj.weight': 'ffn_gate_shexp.weight',
    'mlp.shared_experts.down_proj.weight': 'ffn_down_shexp.weight',
    'mlp.shared_experts.up_proj.weight': 'ffn_up_shexp.weight',
    'self_attn.q_a_proj.weight': 'attn_q_a.weight',
    'self_attn.q_a_layernorm.weight': 'attn_q_a_norm.weight',
    'self_attn.q_b_proj.weight': 'attn_q_b.weight',
    'self_attn.kv_a_proj_with_mqa.weight': 'attn_kv_a_mqa.weight',
    'self_attn.kv_a_layernorm.weight': 'attn_kv_a_norm.weight',
    'self_attn.kv_b_proj.weight': 'attn_kv_b.weight',
  },
  mamba: {
    'norm.weight': 'attn_norm.weight',
    'mixer.in_proj.weight': 'ssm_in.weight',
    'mixer.out_proj.weight': 'ssm_out.weight',
    'mixer.conv1d.weight': 'ssm_conv1d.weight',
    'mixer.conv1d.bias': 'ssm_conv1d.bias',
    'mixer.dt_bias': 'ssm_dt.bias',
    'mixer.norm.weight': 'ssm_norm.weight',
    'mixer.D': 'ssm_d',
    'mixer.A_log': 'ssm_a',
  },
};

const EXPERT =
  /^(?:(?:feed_forward\.|block_sparse_moe\.|mlp\.)?experts)\.(\d+)\.(w[123]|(?:gate|down|up)_proj)\.weight$/;
const EXPERT_NAMES: Readonly<Record<string, string>> = {
  ...{w1: 'ffn_gate_exps', w2: 'ffn_down_exps', w3: 'ffn_up_exps'},
  ...{gate_proj: 'ffn_gate_exps', down_proj: 'ffn_down_exps', up_proj: 'ffn_up_exps'},
};

/** Tensors of parts that are left out: those that see and hear, and what FP8 keeps for activations and the cache. */
const LEFT_OUT = new RegExp(
  [
    '^(model\\.)?(vision_|patch_merger|pre_mm_projector_norm|multi_modal_projector|audio_tower)',
    '^mm_streams_embeddings\\.embedding_module\\.(whisper_encoder|audio_language_projection)\\.',
    '\\.qscale_act$|[._](activation_scale|input_scale)$|\\.[kv]_scale$|rotary_emb\\.inv_freq$',
  ].join('|'),
);

/** Whether a source tensor has no place in a text model's GGUF. */
export function isLeftOut(name: string): boolean {
  return LEFT_OUT.test(name);
}

/** A source name without the wrappers some checkpoints put around the text model. */
export function bareName(naming: Naming, name: string): string {
  if (naming === 'mamba') return name.replace(/^model\./, '');
  if (naming === 'mistral') return name;
  return name.replace(/^language_model\./, '').replace(/^model\.language_model\./, 'model.');
}

/** The GGUF name of a (bare) source name; undefined for one that is unknown. */
export function ggufName(naming: Naming, name: string): GgufName | undefined {
  const plain = PLAIN[naming][name];
  if (plain !== undefined) return {name: plain};
  const [, layer, rest = ''] = LAYER_PREFIX[naming].exec(name) ?? [];
  if (layer === undefined) return undefined;
  const known = LAYER[naming][rest];
  if (known !== undefined) return {name: `blk.${layer}.${known}`};
  const [, expert, part = ''] = EXPERT.exec(rest) ?? [];
  if (expert === undefined) return undefined;
  return {name: `blk.${layer}.${EXPERT_NAMES[part]}.weight`, expert: Number(expert)};
}
