// Whether the figures of a header agree among themselves. llama.cpp v0.5.0 asserts on those that do not: the process dies
// at loading or at the first token, without a word that a person could use.
import {type Bounds, type Figures, LARGEST} from './figures.ts';

/** What a layer is made of. */
export type Family = 'attention' | 'latent' | 'mamba';

/** Architectures whose figures and weights are known here: Mistral's. */
const FAMILIES: ReadonlyMap<string, Family> = new Map([
  ['llama', 'attention'],
  ['mistral3', 'attention'],
  ['granite_swa', 'attention'],
  ['mistral4', 'latent'],
  ['deepseek2', 'latent'],
  ['mamba2', 'mamba'],
]);

/** Undefined for another maker's architecture: llama.cpp is left to judge it. */
export function familyOf(architecture: string): Family | undefined {
  return FAMILIES.get(architecture);
}

const upTo = (max: number, min = 1): Bounds => ({min, max});
const HEADS = upTo(LARGEST.heads);
const DIMENSIONS = upTo(LARGEST.dimensions);
const FEED_FORWARD = upTo(LARGEST.feedForward);
const CONTEXT = upTo(LARGEST.context);
const EXPERTS = upTo(LARGEST.experts, 0);

const SCALINGS = ['none', 'linear', 'yarn', 'longrope'];
/** Latent attention of so many layers is taken for DeepSeek's "lite" model, which has no rank of its queries. */
const LITE_LAYERS = [26, 27];
const LAST_GATING_FUNCTION = 4;

/** @throws EngineError `model_invalid` with the figure that is impossible, or with those that contradict each other. */
export function checkFigures(figures: Figures, family: Family): void {
  const layers = figures.needed('block_count', upTo(LARGEST.layers));
  figures.needed('embedding_length', DIMENSIONS);
  figures.whole('context_length', CONTEXT);
  figures.whole('nextn_predict_layers', upTo(layers - 1, 0));
  figures.real('attention.layer_norm_rms_epsilon', 0, 1) ??
    figures.refuse(`${figures.key('attention.layer_norm_rms_epsilon')} is missing`);
  checkScaling(figures);
  checkExperts(figures);
  if (family === 'mamba') {
    checkMamba(figures);
    return;
  }
  checkHeads(figures, layers);
  checkHeadLengths(figures, family);
  if (figures.architecture === 'granite_swa') checkWindows(figures);
  if (family === 'latent') checkLatent(figures, layers);
  const dense = family === 'latent' ? (figures.number('leading_dense_block_count') ?? 0) : layers;
  if (dense > 0) figures.neededEach('feed_forward_length', FEED_FORWARD);
}

/** Positions and scales: a NaN or an infinity makes every logit one. */
function checkScaling(figures: Figures): void {
  const name = 'rope.scaling.type';
  const type = figures.file.metadata.string(figures.key(name));
  if (type !== undefined && !SCALINGS.includes(type)) {
    figures.refuse(`${figures.key(name)} is "${type}", not none, linear, yarn or longrope`);
  }
  figures.real('rope.freq_base', 1e-3, 1e15);
  figures.real('rope.scaling.factor', 1e-6, 1e9);
  figures.real('rope.scale_linear', 1e-6, 1e9);
  figures.real('rope.scaling.attn_factor', 0, 1e6);
  // May be negative: it takes back what llama.cpp multiplies by itself.
  figures.real('rope.scaling.yarn_log_multiplier', -1e3, 1e3);
  figures.real('rope.scaling.yarn_beta_fast', 0, 1e9);
  figures.real('rope.scaling.yarn_beta_slow', 0, 1e9);
  figures.whole('rope.scaling.original_context_length', CONTEXT);
  figures.real('attention.scale', 0, 1e6);
  figures.real('logit_scale', 1e-9, 1e9);
  const temperature = figures.real('attention.temperature_scale', -1e3, 1e3) ?? 0;
  figures.whole('attention.temperature_length', upTo(LARGEST.context, 0));
  // mistral4's graph asserts on the pair; the others take the original context for the length.
  if (temperature !== 0 && familyOf(figures.architecture) === 'latent') {
    if (!figures.number('attention.temperature_length')) {
      figures.refuse(`${figures.key('attention.temperature_scale')} is ${temperature} without a temperature_length`);
    }
  }
}

function checkExperts(figures: Figures): void {
  const experts = figures.whole('expert_count', EXPERTS) ?? 0;
  const used = Math.max(0, ...Array.from(figures.wholeEach('expert_used_count', EXPERTS) ?? []));
  const groups = figures.whole('expert_group_count', EXPERTS) ?? 0;
  const groupsUsed = figures.whole('expert_group_used_count', EXPERTS) ?? 0;
  if (used > experts) figures.refuse(`${used} experts are used of ${experts}`);
  if (experts > 0 && used === 0) figures.refuse(`none of ${experts} experts is used`);
  if (groups > 0 && groups >= experts) figures.refuse(`${groups} groups of ${experts} experts`);
  if (groups > 1 && (experts % groups !== 0 || groupsUsed < 1 || groupsUsed >= groups)) {
    figures.refuse(`${groupsUsed} of ${groups} groups are used of ${experts} experts`);
  }
}

function checkHeads(figures: Figures, layers: number): void {
  const heads = figures.neededEach('attention.head_count', HEADS);
  const kvHeads = figures.wholeEach('attention.head_count_kv', HEADS) ?? heads;
  for (const list of [heads, kvHeads]) {
    if (list.length > 1 && list.length !== layers) {
      figures.refuse(`the heads of ${list.length} layers are given, there are ${layers}`);
    }
  }
  for (let layer = 0; layer < Math.max(heads.length, kvHeads.length); layer++) {
    const of = (list: ArrayLike<number>) => list[list.length > 1 ? layer : 0] as number;
    if (of(heads) % of(kvHeads) !== 0) {
      figures.refuse(`${of(heads)} heads do not divide into ${of(kvHeads)} key-value heads`);
    }
  }
}

/** llama.cpp asserts that this architecture, which has windows, has them in some layer, whatever their size is. */
function checkWindows(figures: Figures): void {
  figures.whole('attention.sliding_window', upTo(LARGEST.context, 0));
  const pattern = figures.each('attention.sliding_window_pattern');
  if (pattern !== undefined && Array.from(pattern).every((slides) => slides === 0)) {
    figures.refuse(`${figures.key('attention.sliding_window_pattern')} gives no layer a window`);
  }
}

/** Lengths of a head's vectors; what the file does not give is the embedding over the heads. */
export function headLengths(figures: Figures): {key: number; value: number; rotary: number} {
  const length = Math.floor((figures.number('embedding_length') ?? 0) / (figures.at('attention.head_count', 0) ?? 1));
  const key = figures.number('attention.key_length') ?? length;
  return {
    key,
    value: figures.number('attention.value_length') ?? length,
    rotary: figures.number('rope.dimension_count') ?? key,
  };
}

function checkHeadLengths(figures: Figures, family: Family): void {
  for (const name of ['attention.key_length', 'attention.value_length', 'rope.dimension_count']) {
    figures.whole(name, HEADS);
  }
  const {key, value, rotary} = headLengths(figures);
  if (key < 1 || value < 1) figures.refuse('there are more heads than dimensions');
  if (rotary % 2 !== 0) figures.refuse(`${figures.key('rope.dimension_count')} ${rotary} is odd`);
  if (family === 'attention' && (key !== value || key !== rotary)) {
    figures.refuse(`key length ${key}, value length ${value} and rotary dimensions ${rotary} differ`);
  }
  if (rotary > key) figures.refuse(`${rotary} rotary dimensions of a head of ${key}`);
}

/** Multi-head latent attention with experts behind the first dense layers. */
function checkLatent(figures: Figures, layers: number): void {
  const rank = figures.needed('attention.kv_lora_rank', DIMENSIONS);
  const dense = figures.whole('leading_dense_block_count', upTo(layers, 0)) ?? 0;
  if (LITE_LAYERS.includes(layers)) figures.whole('attention.q_lora_rank', upTo(LARGEST.dimensions, 0));
  else figures.needed('attention.q_lora_rank', DIMENSIONS);
  figures.neededEach('expert_feed_forward_length', FEED_FORWARD);
  if (dense < layers) figures.needed('expert_shared_count', upTo(LARGEST.experts));
  if (dense < layers && !figures.number('expert_count')) {
    figures.refuse(`layers ${dense} to ${layers - 1} are of experts, and there are none`);
  }
  figures.whole('expert_gating_func', upTo(LAST_GATING_FUNCTION, 0));
  figures.real('expert_weights_scale', -1e6, 1e6);
  const wholeKey = figures.whole('attention.key_length_mla', upTo(LARGEST.heads, 0)) ?? 0;
  const wholeValue = figures.whole('attention.value_length_mla', upTo(LARGEST.heads, 0)) ?? 0;
  if ((wholeKey === 0) !== (wholeValue === 0))
    figures.refuse('only one of key_length_mla and value_length_mla is given');
  const {key, value, rotary} = headLengths(figures);
  if ((wholeKey || key) - rotary < 1) {
    figures.refuse(`key length ${wholeKey || key} leaves nothing beside ${rotary} rotary dimensions`);
  }
  const kvHeads = Array.from(figures.each('attention.head_count_kv') ?? figures.each('attention.head_count') ?? []);
  if (wholeKey > 0 && (key !== rank + rotary || value !== rank || kvHeads.some((count) => count !== 1))) {
    figures.refuse(
      `latent attention with key length ${key} (not ${rank + rotary}), value length ${value} (not ${rank}) or ${kvHeads[0]} key-value heads (not 1)`,
    );
  }
}

function checkMamba(figures: Figures): void {
  figures.needed('ssm.conv_kernel', upTo(256));
  figures.needed('ssm.state_size', HEADS);
  const inner = figures.needed('ssm.inner_size', FEED_FORWARD);
  const rank = figures.needed('ssm.time_step_rank', DIMENSIONS);
  const groups = figures.needed('ssm.group_count', HEADS);
  if (inner % rank !== 0 || inner % groups !== 0 || rank % groups !== 0) {
    figures.refuse(`ssm.inner_size ${inner}, time_step_rank ${rank} and group_count ${groups} do not divide`);
  }
}
