// The figures of a model, whichever format they were written in, and their keys in a GGUF.
import type {GgufEntries, GgufValue} from '../../gguf/write-header.ts';
import {type Yarn, yarnKeys} from './yarn-keys.ts';

export interface Transformer {
  /** `mistral3` reads all keys of YaRN, `granite_swa` has windows, `llama` neither. */
  readonly architecture: 'llama' | 'mistral3' | 'granite_swa';
  readonly layers: number;
  readonly dim: number;
  readonly hiddenDim: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly normEps: number;
  readonly ropeTheta: number;
  readonly context: number;
  readonly vocabSize: number;
  /** Mixture of experts; absent = dense. */
  readonly experts?: {readonly count: number; readonly used: number};
  readonly yarn?: Yarn;
  /** Ministral 3: attention temperature grows with the position. */
  readonly temperatureScale?: number;
  /** Of `granite_swa`. */
  readonly window?: SlidingWindow;
}

export interface SlidingWindow {
  /** Tokens a sliding layer sees, the present one included. */
  readonly size: number;
  /** By layer, whether it slides. */
  readonly slides: readonly boolean[];
}

/** Small 4, Leanstral, Large 3: keys and values are made of one short vector a token, and layers are of experts. */
export interface Latent {
  readonly architecture: 'mistral4';
  readonly layers: number;
  readonly dim: number;
  /** Width of the layers without experts. */
  readonly hiddenDim: number;
  readonly heads: number;
  /** Of a whole key: `plainDim + rotaryDim`. */
  readonly headDim: number;
  readonly queryRank: number;
  readonly keyValueRank: number;
  /** Of each head: what is rotated of its key, what is not, and its value. */
  readonly rotaryDim: number;
  readonly plainDim: number;
  readonly valueDim: number;
  readonly normEps: number;
  readonly ropeTheta: number;
  readonly context: number;
  readonly vocabSize: number;
  /** The first layers, which have no experts. */
  readonly denseLayers: number;
  readonly experts: LatentExperts;
  readonly yarn?: Yarn;
  /** Attention temperature: grows by `scale` times the logarithm of the position over `length`. */
  readonly temperature?: {readonly scale: number; readonly length: number};
}

export interface LatentExperts {
  readonly count: number;
  readonly used: number;
  readonly groups: number;
  readonly groupsUsed: number;
  readonly shared: number;
  readonly hiddenDim: number;
  readonly scale: number;
  readonly normalised: boolean;
}

export interface Mamba {
  readonly architecture: 'mamba2';
  readonly layers: number;
  readonly dim: number;
  readonly innerDim: number;
  readonly stateSize: number;
  readonly headDim: number;
  readonly groups: number;
  readonly convKernel: number;
  readonly normEps: number;
  readonly context: number;
  /** Rows of the embedding: the vocabulary padded up. */
  readonly vocabSize: number;
}

export type Hyperparameters = Transformer | Latent | Mamba;

type Keys = [string, GgufValue][];

const u32 = (value: number): GgufValue => ({type: 'u32', value});
const f32 = (value: number): GgufValue => ({type: 'f32', value});
const GATING_BY_SOFTMAX = 1;

/** The keys under the architecture's prefix. llama.cpp refuses a file without context_length, so it is always there. */
export function hyperparameterEntries(model: Hyperparameters): GgufEntries {
  return keysOf(model).map(([key, value]) => [`${model.architecture}.${key}`, value]);
}

function keysOf(model: Hyperparameters): Keys {
  if (model.architecture === 'mamba2') return mambaKeys(model);
  return model.architecture === 'mistral4' ? latentKeys(model) : transformerKeys(model);
}

function transformerKeys(model: Transformer): Keys {
  const keys: Keys = [
    ['block_count', u32(model.layers)],
    ['context_length', u32(model.context)],
    ['embedding_length', u32(model.dim)],
    ['feed_forward_length', u32(model.hiddenDim)],
    ['attention.head_count', u32(model.heads)],
    ['attention.head_count_kv', u32(model.kvHeads)],
    ['attention.layer_norm_rms_epsilon', f32(model.normEps)],
    // All three: llama.cpp derives them from dim / heads otherwise, which is wrong for Nemo.
    ['attention.key_length', u32(model.headDim)],
    ['attention.value_length', u32(model.headDim)],
    ['rope.dimension_count', u32(model.headDim)],
    ['rope.freq_base', f32(model.ropeTheta)],
    ['vocab_size', u32(model.vocabSize)],
  ];
  if (model.experts)
    keys.push(['expert_count', u32(model.experts.count)], ['expert_used_count', u32(model.experts.used)]);
  if (model.yarn) keys.push(...yarnKeys(model.yarn, model.architecture));
  if (model.temperatureScale !== undefined) keys.push(['attention.temperature_scale', f32(model.temperatureScale)]);
  if (model.window) {
    // Granite's own scales are left out, which is 1; that of the logits has to be there.
    keys.push(['logit_scale', f32(1)], ['attention.sliding_window', u32(model.window.size)]);
    keys.push(['attention.sliding_window_pattern', {type: 'bools', value: model.window.slides}]);
  }
  return keys;
}

/** What the cache holds of a token is one vector of `key_length`; `_mla` are the lengths of a head. */
function latentKeys(model: Latent): Keys {
  const {experts, keyValueRank, rotaryDim, temperature} = model;
  return [
    ['block_count', u32(model.layers)],
    ['context_length', u32(model.context)],
    ['embedding_length', u32(model.dim)],
    ['feed_forward_length', u32(model.hiddenDim)],
    ['attention.head_count', u32(model.heads)],
    ['attention.head_count_kv', u32(1)],
    ['attention.layer_norm_rms_epsilon', f32(model.normEps)],
    ['attention.q_lora_rank', u32(model.queryRank)],
    ['attention.kv_lora_rank', u32(keyValueRank)],
    ['attention.key_length', u32(keyValueRank + rotaryDim)],
    ['attention.value_length', u32(keyValueRank)],
    ['attention.key_length_mla', u32(model.plainDim + rotaryDim)],
    ['attention.value_length_mla', u32(model.valueDim)],
    ['rope.dimension_count', u32(rotaryDim)],
    ['rope.freq_base', f32(model.ropeTheta)],
    ['vocab_size', u32(model.vocabSize)],
    ['leading_dense_block_count', u32(model.denseLayers)],
    ['expert_count', u32(experts.count)],
    ['expert_used_count', u32(experts.used)],
    ['expert_group_count', u32(experts.groups)],
    ['expert_group_used_count', u32(experts.groupsUsed)],
    ['expert_shared_count', u32(experts.shared)],
    ['expert_feed_forward_length', u32(experts.hiddenDim)],
    ['expert_weights_scale', f32(experts.scale)],
    ['expert_weights_norm', {type: 'bool', value: experts.normalised}],
    ['expert_gating_func', u32(GATING_BY_SOFTMAX)],
    ...(model.yarn ? yarnKeys(model.yarn, model.architecture) : []),
    // One without the other is an assertion of llama.cpp at the first token.
    ...(temperature ? ([['attention.temperature_scale', f32(temperature.scale)]] as Keys) : []),
    ...(temperature ? ([['attention.temperature_length', u32(temperature.length)]] as Keys) : []),
  ];
}

function mambaKeys(model: Mamba): Keys {
  return [
    ['block_count', u32(model.layers)],
    ['context_length', u32(model.context)],
    ['embedding_length', u32(model.dim)],
    // Unused, but the loader asks for them.
    ['feed_forward_length', u32(0)],
    ['attention.head_count', u32(0)],
    ['attention.layer_norm_rms_epsilon', f32(model.normEps)],
    ['ssm.conv_kernel', u32(model.convKernel)],
    ['ssm.inner_size', u32(model.innerDim)],
    ['ssm.state_size', u32(model.stateSize)],
    ['ssm.time_step_rank', u32(model.innerDim / model.headDim)],
    ['ssm.group_count', u32(model.groups)],
    ['vocab_size', u32(model.vocabSize)],
  ];
}
