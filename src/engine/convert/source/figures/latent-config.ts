// Reads latent attention with experts from config.json: transformers' model type mistral4.
import type {Latent} from '../../tensors/hyperparameters.ts';
import type {ConfigFile} from '../config-file.ts';
import {checkLatent} from './latent-limits.ts';
import {cannotConvert, type FigureOptions} from './read-figures.ts';
import {hfYarn, ropeParameters} from './rope-scaling.ts';

/** @throws EngineError `model_invalid` for a missing or impossible field, `model_unsupported` for what llama.cpp cannot compute. */
export function readLatentConfig(text: ConfigFile, options: FigureOptions, notes: string[]): Latent {
  if (text.boolean('rope_interleave') === false) {
    throw cannotConvert(text, 'rotary dimensions in halves ("rope_interleave" false) cannot be converted');
  }
  const gating = text.string('scoring_func') ?? 'softmax';
  if (gating !== 'softmax') throw cannotConvert(text, `experts chosen by "${gating}" cannot be converted`);
  const [rotaryDim, plainDim] = [text.need('qk_rope_head_dim'), text.need('qk_nope_head_dim')];
  const rope = ropeParameters(text);
  const yarn = hfYarn(text, true, options, notes);
  return checkLatent(text, {
    architecture: 'mistral4',
    layers: text.need('num_hidden_layers'),
    dim: text.need('hidden_size'),
    hiddenDim: text.need('intermediate_size'),
    heads: text.need('num_attention_heads'),
    headDim: plainDim + rotaryDim,
    queryRank: text.number('q_lora_rank') ?? 0,
    keyValueRank: text.need('kv_lora_rank'),
    rotaryDim,
    plainDim,
    valueDim: text.need('v_head_dim'),
    normEps: text.number('rms_norm_eps') ?? 1e-6,
    ropeTheta: text.number('rope_theta') ?? rope?.number('rope_theta') ?? 1e4,
    context: options.context ?? text.need('max_position_embeddings'),
    vocabSize: options.embeddingRows,
    denseLayers: text.number('first_k_dense_replace') ?? 0,
    experts: {
      count: text.need('n_routed_experts'),
      used: text.need('num_experts_per_tok'),
      groups: text.number('n_group') ?? 1,
      groupsUsed: text.number('topk_group') ?? 1,
      shared: text.need('n_shared_experts'),
      hiddenDim: text.need('moe_intermediate_size'),
      scale: text.number('routed_scaling_factor') ?? 1,
      normalised: text.boolean('norm_topk_prob') ?? true,
    },
    ...(yarn && {yarn}),
    ...(rope?.number('llama_4_scaling_beta') && {
      temperature: {
        scale: rope.need('llama_4_scaling_beta'),
        length: rope.need('original_max_position_embeddings'),
      },
    }),
  });
}
