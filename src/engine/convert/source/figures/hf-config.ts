// Reads Hugging Face's config.json of the Mistral families and of the text parts of those that see or hear.
import type {ConfigFile} from '../config-file.ts';
import {readLatentConfig} from './latent-config.ts';
import {readMambaConfig} from './mamba.ts';
import {AUDIO_LEFT_OUT, cannotConvert, type FigureOptions, type ReadFigures, VISION_LEFT_OUT} from './read-figures.ts';
import {hfYarn, ropeParameters} from './rope-scaling.ts';
import {hfWindow, type WithoutWindow, withWindow} from './sliding-window.ts';

/** What transformers 5.23 takes for fields that the text part of a vision model leaves out, as Pixtral's does. */
const DEFAULTS: Readonly<Partial<Record<string, number>>> = {
  hidden_size: 4096,
  intermediate_size: 14_336,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  max_position_embeddings: 131_072,
};

/** For these transformers takes a window of 4096 tokens where the field is not there at all; no published model means it. */
const WINDOW_TYPES = new Set(['mistral', 'ministral']);
const UNSAID_WINDOW = 4096;

/**
 * Of a type that can be converted (see `refuseKinds`).
 * @throws EngineError `model_invalid` for a missing or impossible field, `model_unsupported` for what llama.cpp lacks.
 */
export function readHfConfig(root: ConfigFile, options: FigureOptions): ReadFigures {
  const text = root.object('text_config') ?? root;
  const type = text.string('model_type') ?? '';
  const activation = text.string('hidden_act') ?? 'silu';
  if (activation !== 'silu') throw cannotConvert(root, `the activation "${activation}" cannot be converted`);
  if (text.boolean('attention_bias')) throw cannotConvert(root, 'attention with biases cannot be converted');
  const notes = [
    ...(root.has('vision_config') ? [VISION_LEFT_OUT] : []),
    ...(root.has('audio_config') ? [AUDIO_LEFT_OUT] : []),
  ];
  if (type === 'mamba2') return readMambaConfig(text, options);
  if (type === 'mistral4') return {model: readLatentConfig(text, options, notes), notes};
  return readDense(text, type, text !== root, options, notes);
}

function readDense(
  text: ConfigFile,
  type: string,
  isPart: boolean,
  options: FigureOptions,
  notes: string[],
): ReadFigures {
  const rope = ropeParameters(text);
  const yarn = hfYarn(text, false, options, notes);
  const share = text.number('partial_rotary_factor') ?? rope?.number('partial_rotary_factor') ?? 1;
  if (share !== 1) throw cannotConvert(text, `heads of which ${share} is rotated cannot be converted`);
  const defaults = isPart && type === 'mistral' ? DEFAULTS : {};
  const need = (key: string) => text.number(key) ?? defaults[key] ?? text.need(key);
  const heads = need('num_attention_heads');
  const experts = text.number('num_local_experts');
  const temperatureScale = rope?.number('llama_4_scaling_beta');
  if (temperatureScale && !yarn) throw cannotConvert(text, 'an attention temperature without YaRN cannot be converted');
  const model: WithoutWindow = {
    // Its graph is llama's, but it reads all keys of YaRN.
    architecture: temperatureScale !== undefined || yarn ? 'mistral3' : 'llama',
    layers: need('num_hidden_layers'),
    dim: need('hidden_size'),
    hiddenDim: need('intermediate_size'),
    heads,
    kvHeads: text.number('num_key_value_heads') ?? defaults.num_key_value_heads ?? heads,
    headDim: text.number('head_dim') ?? need('hidden_size') / heads,
    normEps: text.number('rms_norm_eps') ?? (type === 'mixtral' ? 1e-5 : 1e-6),
    ropeTheta: text.number('rope_theta') ?? rope?.number('rope_theta') ?? 1e4,
    context: options.context ?? need('max_position_embeddings'),
    vocabSize: options.embeddingRows,
    ...(experts !== undefined && {experts: {count: experts, used: text.need('num_experts_per_tok')}}),
    ...(yarn && {yarn}),
    ...(temperatureScale !== undefined && {temperatureScale}),
  };
  if (WINDOW_TYPES.has(type) && !text.keys.includes('sliding_window') && model.context > UNSAID_WINDOW) {
    notes.push(
      `config.json does not say "sliding_window": none is taken, where transformers would take ${UNSAID_WINDOW}.`,
    );
  }
  return {model: withWindow(text, model, hfWindow(text, model.layers), options, notes), notes};
}
