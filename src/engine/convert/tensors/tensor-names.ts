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

const EXPERT = /^(?:feed_forward|block_sparse_moe)\.experts\.(\d+)\.(w[123])\.weight$/;
const EXPERT_NAMES: Readonly<Record<string, string>> = {w1: 'ffn_gate_exps', w2: 'ffn_down_exps', w3: 'ffn_up_exps'};

/** Tensors of parts that are left out: vision, and what FP8 keeps for the activations. */
const LEFT_OUT =
  /^(model\.)?(vision_|patch_merger|pre_mm_projector_norm|multi_modal_projector)|\.qscale_act$|\.(activation_scale|input_scale)$|rotary_emb\.inv_freq$/;

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
