// Reads Mistral's params.json: names and defaults as mistral-inference has them.
import {GUESSED_CONTEXT, knownContext} from '../../../gguf/default-context.ts';
import type {Transformer} from '../../tensors/hyperparameters.ts';
import type {ConfigFile} from '../config-file.ts';
import {readLatentParams} from './latent-params.ts';
import {readMambaParams} from './mamba.ts';
import {AUDIO_LEFT_OUT, cannotConvert, type FigureOptions, type ReadFigures, VISION_LEFT_OUT} from './read-figures.ts';
import {mistralYarn} from './rope-scaling.ts';
import {mistralWindow, type WithoutWindow, withWindow} from './sliding-window.ts';

/** @throws EngineError `model_invalid` for a missing or impossible field, `model_unsupported` for a kind of model that cannot be converted. */
export function readMistralParams(file: ConfigFile, options: FigureOptions): ReadFigures {
  if (file.string('model_type') === 'mamba') return readMambaParams(file, options);
  const notes: string[] = [];
  if (file.has('vision_encoder')) notes.push(VISION_LEFT_OUT);
  if (file.object('multimodal')?.has('whisper_model_args')) notes.push(AUDIO_LEFT_OUT);
  if (file.has('kv_lora_rank') || file.has('q_lora_rank') || file.object('moe')?.has('expert_hidden_dim')) {
    return {model: readLatentParams(file, options), notes};
  }
  const heads = file.need('n_heads');
  const moe = file.object('moe');
  const yarn = mistralYarn(file, false);
  const temperature = file.object('llama_4_scaling');
  const temperatureScale = temperature?.number('beta');
  const length = temperature?.number('original_max_position_embeddings');
  // Its graph takes the length from YaRN.
  if (temperatureScale && (yarn === undefined || (length ?? yarn.originalContext) !== yarn.originalContext)) {
    throw cannotConvert(
      file,
      `an attention temperature from position ${length ?? 'none'} on, where YaRN has ${yarn?.originalContext ?? 'none'}`,
      'llama.cpp has one figure for both: use a GGUF of this model.',
    );
  }
  const figures: Omit<WithoutWindow, 'context'> = {
    // Its graph is llama's, but it reads all keys of YaRN.
    architecture: temperature || yarn ? 'mistral3' : 'llama',
    layers: file.need('n_layers'),
    dim: file.need('dim'),
    hiddenDim: file.need('hidden_dim'),
    heads,
    kvHeads: file.number('n_kv_heads') ?? heads,
    headDim: file.number('head_dim') ?? file.need('dim') / heads,
    normEps: file.number('norm_eps') ?? 1e-5,
    // Absent: mistral-inference takes 1e6 today, and took 1e4 for the models with a sliding window.
    ropeTheta: file.number('rope_theta') ?? (file.has('sliding_window') ? 1e4 : 1e6),
    vocabSize: options.embeddingRows,
    ...(moe && {experts: {count: moe.need('num_experts'), used: moe.need('num_experts_per_tok')}}),
    ...(yarn && {yarn}),
    ...(temperatureScale !== undefined && {temperatureScale}),
  };
  const model = {...figures, context: contextLength(file, figures, notes, options)};
  return {model: withWindow(file, model, mistralWindow(file, model.layers), options, notes), notes};
}

function contextLength(
  file: ConfigFile,
  {dim, layers, experts}: Omit<Transformer, 'context'>,
  notes: string[],
  {context: override, otherContext}: FigureOptions,
): number {
  const given = override ?? file.number('max_position_embeddings') ?? file.number('max_seq_len');
  if (given !== undefined && given > 0) return given;
  const known = knownContext({
    dim,
    layers,
    isMixture: experts !== undefined,
    slidingWindow: file.has('sliding_window'),
  });
  const context = otherContext ?? known ?? GUESSED_CONTEXT;
  const why =
    otherContext !== undefined
      ? 'that of config.json'
      : known === undefined
        ? 'a guess'
        : 'as models of this shape have';
  notes.push(`params.json gives no context length: ${context} is written, ${why}; --ctx-train overrides it.`);
  return context;
}
