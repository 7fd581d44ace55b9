// Reads the figures of Mamba 2 models: mistral-inference's params.json and Hugging Face's config.json.
import {LARGEST} from '../../../gguf/check/figures.ts';
import type {Mamba} from '../../tensors/hyperparameters.ts';
import type {ConfigFile} from '../config-file.ts';
import {cannotConvert, type FigureOptions, type ReadFigures} from './read-figures.ts';

/** llama.cpp's converter writes this for Mamba, which has no limit of its own. */
const CONTEXT = 2 ** 20;

/** @throws EngineError `model_invalid` for a missing or impossible field. */
export function readMambaParams(file: ConfigFile, {embeddingRows, context}: FigureOptions): ReadFigures {
  const dim = file.need('dim');
  const model: Mamba = {
    architecture: 'mamba2',
    layers: file.need('n_layers'),
    dim,
    innerDim: file.number('d_inner') ?? 2 * dim,
    stateSize: file.number('d_state') ?? 128,
    headDim: file.number('head_dim') ?? 64,
    groups: file.number('n_groups') ?? 8,
    convKernel: file.number('d_conv') ?? 4,
    normEps: file.number('norm_eps') ?? 1e-5,
    context: context ?? CONTEXT,
    vocabSize: embeddingRows,
  };
  return {model, notes: []};
}

/**
 * Defaults are those of transformers 5.24.
 * @throws EngineError `model_invalid` for figures that do not fit, `model_unsupported` for parts that llama.cpp lacks.
 */
export function readMambaConfig(file: ConfigFile, {embeddingRows, context}: FigureOptions): ReadFigures {
  const dim = file.need('hidden_size');
  const innerDim = (file.number('expand') ?? 2) * dim;
  if (innerDim > LARGEST.feedForward)
    throw file.invalid(`"expand" times "hidden_size" is ${innerDim}: no model is so wide`);
  const headDim = file.number('head_dim') ?? 64;
  const heads = file.number('num_heads') ?? innerDim / headDim;
  if (!Number.isInteger(heads) || heads * headDim !== innerDim) {
    throw file.invalid(`${heads} heads of ${headDim} are not the ${innerDim} values that "expand" gives`);
  }
  const isSet = (key: string, fallback: boolean) => file.boolean(key) ?? fallback;
  if (isSet('use_bias', false)) throw cannotConvert(file, 'projections with a bias ("use_bias") cannot be converted');
  if (!isSet('use_conv_bias', true)) throw cannotConvert(file, 'a convolution without a bias cannot be converted');
  const limits = file.numbers('time_step_limit') ?? [];
  if ((limits[0] ?? 0) > 0 || (limits[1] ?? Number.POSITIVE_INFINITY) < LARGEST_STEP) {
    throw cannotConvert(file, `time steps within ${limits.join(' and ')} ("time_step_limit") cannot be converted`);
  }
  const model: Mamba = {
    architecture: 'mamba2',
    layers: file.need('num_hidden_layers'),
    dim,
    innerDim,
    stateSize: file.number('state_size') ?? 128,
    headDim,
    groups: file.number('n_groups') ?? 8,
    convKernel: file.number('conv_kernel') ?? 4,
    normEps: file.number('layer_norm_epsilon') ?? 1e-5,
    context: context ?? CONTEXT,
    vocabSize: embeddingRows,
  };
  return {model, notes: []};
}

/** llama.cpp knows no limit: one that no step reaches is none. */
const LARGEST_STEP = 1e6;
