// The figures of a model, whichever format they were written in, and their keys in a GGUF.
import type {GgufEntries, GgufValue} from '../../gguf/write-header.ts';

export interface Transformer {
  readonly architecture: 'llama' | 'mistral3';
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
}

export interface Yarn {
  readonly factor: number;
  readonly betaFast: number;
  readonly betaSlow: number;
  readonly logMultiplier: number;
  readonly originalContext: number;
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

export type Hyperparameters = Transformer | Mamba;

const u32 = (value: number): GgufValue => ({type: 'u32', value});
const f32 = (value: number): GgufValue => ({type: 'f32', value});

/** The keys under the architecture's prefix. llama.cpp refuses a file without context_length, so it is always there. */
export function hyperparameterEntries(model: Hyperparameters): GgufEntries {
  const keys = model.architecture === 'mamba2' ? mambaKeys(model) : transformerKeys(model);
  return keys.map(([key, value]) => [`${model.architecture}.${key}`, value]);
}

function transformerKeys(model: Transformer): GgufEntries {
  const keys: [string, GgufValue][] = [
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
  if (model.yarn) keys.push(...yarnKeys(model.yarn));
  if (model.temperatureScale !== undefined) keys.push(['attention.temperature_scale', f32(model.temperatureScale)]);
  return keys;
}

function yarnKeys(yarn: Yarn): [string, GgufValue][] {
  return [
    ['rope.scaling.type', {type: 'string', value: 'yarn'}],
    ['rope.scaling.factor', f32(yarn.factor)],
    ['rope.scaling.yarn_beta_fast', f32(yarn.betaFast)],
    ['rope.scaling.yarn_beta_slow', f32(yarn.betaSlow)],
    ['rope.scaling.yarn_log_multiplier', f32(yarn.logMultiplier)],
    ['rope.scaling.original_context_length', u32(yarn.originalContext)],
  ];
}

function mambaKeys(model: Mamba): GgufEntries {
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
