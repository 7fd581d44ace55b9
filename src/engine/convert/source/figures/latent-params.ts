// Reads latent attention with experts from params.json: Small 4, Leanstral, Large 3.
import type {Latent} from '../../tensors/hyperparameters.ts';
import type {ConfigFile} from '../config-file.ts';
import {checkLatent} from './latent-limits.ts';
import {cannotConvert, type FigureOptions} from './read-figures.ts';
import {mistralYarn} from './rope-scaling.ts';

/** @throws EngineError `model_invalid` for a missing or impossible field, `model_unsupported` for what llama.cpp cannot compute. */
export function readLatentParams(file: ConfigFile, {embeddingRows, context, otherContext}: FigureOptions): Latent {
  const moe = file.object('moe');
  if (moe === undefined) throw file.invalid('"moe" is missing');
  const strategy = moe.string('renorm_strategy') ?? 'WEIGHTS';
  if (strategy !== 'WEIGHTS') throw cannotConvert(file, `experts weighed by "${strategy}" cannot be converted`);
  if (moe.boolean('use_load_balancing_bias')) throw cannotConvert(file, 'experts with a bias cannot be converted');
  const every = moe.number('route_every_n') ?? 1;
  if (every !== 1)
    throw cannotConvert(file, `experts that are not in every layer ("route_every_n" ${every}) cannot be converted`);
  const [rotaryDim, plainDim] = [file.need('qk_rope_head_dim'), file.need('qk_nope_head_dim')];
  const yarn = mistralYarn(file, true);
  const temperature = file.object('llama_4_scaling');
  const stretched = yarn && yarn.factor * yarn.originalContext;
  return checkLatent(file, {
    architecture: 'mistral4',
    layers: file.need('n_layers'),
    dim: file.need('dim'),
    hiddenDim: file.need('hidden_dim'),
    heads: file.need('n_heads'),
    headDim: plainDim + rotaryDim,
    queryRank: file.number('q_lora_rank') ?? 0,
    keyValueRank: file.need('kv_lora_rank'),
    rotaryDim,
    plainDim,
    valueDim: file.need('v_head_dim'),
    normEps: file.number('norm_eps') ?? 1e-5,
    ropeTheta: file.number('rope_theta') ?? 1e6,
    context: context ?? file.number('max_position_embeddings') ?? otherContext ?? stretched ?? file.need('max_seq_len'),
    vocabSize: embeddingRows,
    denseLayers: moe.number('first_k_dense_replace') ?? 0,
    experts: {
      count: moe.need('num_experts'),
      used: moe.need('num_experts_per_tok'),
      groups: moe.number('num_expert_groups') ?? 1,
      groupsUsed: moe.number('num_expert_groups_per_tok') ?? 1,
      shared: moe.need('num_shared_experts'),
      hiddenDim: moe.need('expert_hidden_dim'),
      scale: moe.number('routed_scale') ?? 1,
      normalised: true,
    },
    ...(yarn && {yarn}),
    ...(temperature?.number('beta') && {
      temperature: {
        scale: temperature.need('beta'),
        length: temperature.need('original_max_position_embeddings'),
      },
    }),
  });
}
