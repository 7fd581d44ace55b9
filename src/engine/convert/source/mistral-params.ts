// Reads Mistral's params.json: names and defaults as mistral-inference has them.
import {EngineError} from '../../../base/errors.ts';
import {GUESSED_CONTEXT, knownContext} from '../../gguf/default-context.ts';
import type {Hyperparameters, Mamba, Transformer, Yarn} from '../tensors/hyperparameters.ts';
import type {ConfigFile} from './config-file.ts';

export interface ReadParams {
  readonly model: Hyperparameters;
  /** What was decided for want of a field, or left out: lines for people. */
  readonly notes: readonly string[];
}

/** llama.cpp's converter writes this for Mamba, which has no limit of its own. */
const MAMBA_CONTEXT = 2 ** 20;

/**
 * `embeddingRows` are the rows of the embedding, which decide the vocabulary's size; `contextOverride` is the user's.
 * Throws EngineError: model_invalid (missing or impossible field), model_unsupported (a family that cannot be converted).
 */
export function readMistralParams(file: ConfigFile, embeddingRows: number, contextOverride?: number): ReadParams {
  if (file.string('model_type') === 'mamba') return readMamba(file, embeddingRows, contextOverride);
  if (file.has('q_lora_rank') || file.has('kv_lora_rank')) {
    throw new EngineError('model_unsupported', `${file.path}: models with latent attention cannot be converted yet`, {
      hint: 'Use a GGUF of this model.',
    });
  }
  const notes: string[] = [];
  if (file.has('vision_encoder')) notes.push('The vision encoder is left out: this program is text only.');
  const heads = file.need('n_heads');
  const moe = file.object('moe');
  const yarn = readYarn(file.object('yarn'));
  const temperatureScale = file.object('llama_4_scaling')?.number('beta');
  const model: Omit<Transformer, 'context'> = {
    architecture: file.has('llama_4_scaling') ? 'mistral3' : 'llama',
    layers: file.need('n_layers'),
    dim: file.need('dim'),
    hiddenDim: file.need('hidden_dim'),
    heads,
    kvHeads: file.number('n_kv_heads') ?? heads,
    headDim: file.number('head_dim') ?? file.need('dim') / heads,
    normEps: file.number('norm_eps') ?? 1e-5,
    ropeTheta: ropeTheta(file, notes),
    vocabSize: embeddingRows,
    ...(moe && {experts: {count: moe.need('num_experts'), used: moe.need('num_experts_per_tok')}}),
    ...(yarn && {yarn}),
    ...(temperatureScale !== undefined && {temperatureScale}),
  };
  return {model: {...model, context: contextLength(file, model, notes, contextOverride)}, notes};
}

/** Absent: mistral-inference takes 1e6 today, and took 1e4 for the models with a sliding window. */
function ropeTheta(file: ConfigFile, notes: string[]): number {
  const given = file.number('rope_theta');
  if (given !== undefined) return given;
  const sliding = file.has('sliding_window');
  if (sliding) notes.push('The sliding window of this model is not applied: it attends to the whole context.');
  return sliding ? 1e4 : 1e6;
}

function readYarn(yarn: ConfigFile | undefined): Yarn | undefined {
  return (
    yarn && {
      factor: yarn.need('factor'),
      betaFast: yarn.need('beta'),
      betaSlow: yarn.need('alpha'),
      logMultiplier: yarn.boolean('apply_scale') === false ? 1 : 0,
      originalContext: yarn.need('original_max_position_embeddings'),
    }
  );
}

function contextLength(
  file: ConfigFile,
  model: Omit<Transformer, 'context'>,
  notes: string[],
  override: number | undefined,
): number {
  const given = override ?? file.number('max_position_embeddings') ?? file.number('max_seq_len');
  if (given !== undefined && given > 0) return given;
  const {dim, layers, experts} = model;
  const clues = {dim, layers, isMixture: experts !== undefined, slidingWindow: file.has('sliding_window')};
  const known = knownContext(clues);
  const context = known ?? GUESSED_CONTEXT;
  const why = known === undefined ? 'a guess' : 'as models of this shape have';
  notes.push(`params.json gives no context length: ${context} is written, ${why}; --ctx-train overrides it.`);
  return context;
}

function readMamba(file: ConfigFile, embeddingRows: number, contextOverride?: number): ReadParams {
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
    context: contextOverride ?? MAMBA_CONTEXT,
    vocabSize: embeddingRows,
  };
  return {model, notes: []};
}
