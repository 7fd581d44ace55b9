// Reads Hugging Face's config.json of the Mistral families: mistral, mixtral, ministral3 and their text parts.
import {EngineError} from '../../../base/errors.ts';
import type {Transformer, Yarn} from '../tensors/hyperparameters.ts';
import type {ConfigFile} from './config-file.ts';
import type {ReadParams} from './mistral-params.ts';

/** What transformers 5.23 takes for fields that the text part of a vision model leaves out, as Pixtral's does. */
const DEFAULTS: Readonly<Partial<Record<string, number>>> = {
  hidden_size: 4096,
  intermediate_size: 14_336,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  max_position_embeddings: 131_072,
};

const MODEL_TYPES = new Set(['mistral', 'mixtral', 'ministral', 'ministral3', 'llama']);

/** Throws EngineError: model_invalid (missing or impossible field), model_unsupported (a family that cannot be converted). */
export function readHfConfig(root: ConfigFile, embeddingRows: number, contextOverride?: number): ReadParams {
  const text = root.object('text_config') ?? root;
  const type = text.string('model_type') ?? '';
  if (!MODEL_TYPES.has(type)) {
    throw new EngineError('model_unsupported', `${root.path}: models of type "${type}" cannot be converted`, {
      hint: `Types that can be: ${[...MODEL_TYPES].join(', ')}. For others use a GGUF.`,
    });
  }
  const rope = text.object('rope_parameters') ?? text.object('rope_scaling');
  const ropeType = rope?.string('rope_type') ?? rope?.string('type') ?? 'default';
  if (ropeType !== 'default' && ropeType !== 'yarn') {
    throw new EngineError('model_unsupported', `${root.path}: rotary scaling "${ropeType}" cannot be converted`, {
      hint: 'Use a GGUF of this model.',
    });
  }
  const notes = root.has('vision_config') ? ['The vision encoder is left out: this program is text only.'] : [];
  const defaults = text !== root && type === 'mistral' ? DEFAULTS : {};
  const need = (key: string) => text.number(key) ?? defaults[key] ?? text.need(key);
  const heads = need('num_attention_heads');
  const experts = text.number('num_local_experts');
  const temperatureScale = rope?.number('llama_4_scaling_beta');
  const model: Transformer = {
    architecture: temperatureScale === undefined ? 'llama' : 'mistral3',
    layers: need('num_hidden_layers'),
    dim: need('hidden_size'),
    hiddenDim: need('intermediate_size'),
    heads,
    kvHeads: text.number('num_key_value_heads') ?? defaults.num_key_value_heads ?? heads,
    headDim: text.number('head_dim') ?? need('hidden_size') / heads,
    normEps: text.number('rms_norm_eps') ?? (type === 'mixtral' ? 1e-5 : 1e-6),
    ropeTheta: text.number('rope_theta') ?? rope?.number('rope_theta') ?? 1e4,
    context: contextOverride ?? need('max_position_embeddings'),
    vocabSize: embeddingRows,
    ...(experts !== undefined && {experts: {count: experts, used: text.need('num_experts_per_tok')}}),
    ...(rope && ropeType === 'yarn' && {yarn: readYarn(rope)}),
    ...(temperatureScale !== undefined && {temperatureScale}),
  };
  return {model, notes};
}

function readYarn(rope: ConfigFile): Yarn {
  return {
    factor: rope.need('factor'),
    betaFast: rope.number('beta_fast') ?? 32,
    betaSlow: rope.number('beta_slow') ?? 1,
    logMultiplier: rope.number('mscale_all_dim') ?? 0,
    originalContext: rope.need('original_max_position_embeddings'),
  };
}
