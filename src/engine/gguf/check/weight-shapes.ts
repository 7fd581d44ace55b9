// Whether the weights of a file have the shapes its figures ask for, and types that can be multiplied. llama.cpp v0.5.0
// dies on some wrong shapes before its own check of them, and on some types without a word.
import type {GgufFile, GgufTensor} from '../read-header.ts';
import {type Figures, impossible} from './figures.ts';
import {type Family, headLengths} from './model-figures.ts';

/** Types of ggml that stand for no weight: indexes, and what its kernels make for themselves. */
const NO_WEIGHT = new Set(['I8', 'I16', 'I32', 'I64', 'F64', 'Q8_1', 'Q8_K']);
/** Weights that are added or multiplied value by value, by kernels for F32 alone. */
const ALWAYS_F32 = /norm\.(weight|bias)$|\.bias$|ssm_(a|d|conv1d)(\.weight)?$|attn_sinks|rope_freqs/;

type Sizes = readonly (number | undefined)[];

/**
 * `files` are all parts of the model: of the first the figures are.
 * @throws EngineError `model_invalid` with the tensor and what it should be.
 */
export function checkWeights(figures: Figures, family: Family, files: readonly GgufFile[]): void {
  const tensors = files.flatMap((file) => file.tensors.map((tensor) => ({file, tensor})));
  for (const {file, tensor} of tensors) checkType(file, tensor);
  const names = new Set(tensors.map(({tensor: {name}}) => name));
  for (const name of ['token_embd.weight', 'output_norm.weight']) {
    if (!names.has(name)) figures.refuse(`the tensor ${name} is missing`);
  }
  const layers = figures.number('block_count') ?? 0;
  const vocabulary = tensors.find(({tensor: {name}}) => name === 'token_embd.weight')?.tensor.shape[1];
  const shapes = Array.from({length: layers}, (_, layer) => shapesOf(figures, family, layer, vocabulary));
  for (const {file, tensor} of tensors) {
    const [, layer = '0', name = tensor.name] = /^blk\.(\d+)\.(.*)$/.exec(tensor.name) ?? [];
    const wanted = shapes[Number(layer)]?.get(name);
    if (wanted !== undefined) checkShape(file, tensor, wanted);
  }
}

function checkType(file: GgufFile, {name, type}: GgufTensor): void {
  if (NO_WEIGHT.has(type)) throw impossible(file, `${name} is of type ${type}, which no weight can have`);
  if (ALWAYS_F32.test(name) && type !== 'F32') throw impossible(file, `${name} is of type ${type}, not F32`);
}

function checkShape(file: GgufFile, {name, shape}: GgufTensor, wanted: Sizes): void {
  const count = Math.max(shape.length, wanted.length);
  const filled = (sizes: Sizes) => Array.from({length: count}, (_, i) => (i < sizes.length ? sizes[i] : 1));
  const [have, want] = [filled(shape), filled(wanted)];
  if (have.every((size, i) => size === want[i])) return;
  const text = (sizes: Sizes) => sizes.map((size) => size ?? 'none').join(' x ');
  throw impossible(file, `${name} is ${text(have)}, the figures ask for ${text(want)}`);
}

/** Names without `blk.N.`, and the sizes the figures ask for, fastest first (llama.cpp v0.5.0, src/models). */
function shapesOf(figures: Figures, family: Family, layer: number, vocabulary: number | undefined): Map<string, Sizes> {
  const dim = figures.number('embedding_length');
  const common: [string, Sizes][] = [
    ['token_embd.weight', [dim, vocabulary]],
    ['output.weight', [dim, vocabulary]],
    ['output_norm.weight', [dim]],
    ['attn_norm.weight', [dim]],
  ];
  const own = {attention: attentionShapes, latent: latentShapes, mamba: mambaShapes}[family];
  return new Map([...common, ...own(figures, layer)]);
}

function mambaShapes(figures: Figures): [string, Sizes][] {
  const of = (name: string) => figures.number(`ssm.${name}`) as number;
  const dim = figures.number('embedding_length');
  const [inner, groups, heads] = [of('inner_size'), of('group_count'), of('time_step_rank')];
  const convolved = inner + 2 * groups * of('state_size');
  return [
    ['ssm_in.weight', [dim, inner + convolved + heads]],
    ['ssm_conv1d.weight', [of('conv_kernel'), convolved]],
    ['ssm_conv1d.bias', [convolved]],
    ['ssm_dt.bias', [heads]],
    ['ssm_a', [1, heads]],
    ['ssm_d', [1, heads]],
    ['ssm_norm.weight', [inner / groups, groups]],
    ['ssm_out.weight', [inner, dim]],
  ];
}

function attentionShapes(figures: Figures, layer: number): [string, Sizes][] {
  const dim = figures.number('embedding_length');
  const heads = figures.at('attention.head_count', layer) as number;
  const kvHeads = figures.at('attention.head_count_kv', layer) ?? heads;
  const {key, value} = headLengths(figures);
  const wide = figures.at('feed_forward_length', layer);
  const experts = figures.number('expert_count') ?? 0;
  return [
    ...denseShapes(figures, layer),
    ['attn_q.weight', [dim, heads * key]],
    ['attn_k.weight', [dim, kvHeads * key]],
    ['attn_v.weight', [dim, kvHeads * value]],
    ['attn_output.weight', [heads * value, dim]],
    ['attn_sinks.weight', [heads]],
    ['ffn_gate_exps.weight', [dim, wide, experts]],
    ['ffn_up_exps.weight', [dim, wide, experts]],
    ['ffn_down_exps.weight', [wide, dim, experts]],
  ];
}

function latentShapes(figures: Figures, layer: number): [string, Sizes][] {
  const dim = figures.number('embedding_length');
  const heads = figures.at('attention.head_count', layer) as number;
  const {key, value, rotary} = headLengths(figures);
  const wholeKey = figures.number('attention.key_length_mla') || key;
  const wholeValue = figures.number('attention.value_length_mla') || value;
  const queryRank = figures.number('attention.q_lora_rank');
  const rank = figures.number('attention.kv_lora_rank') as number;
  const experts = figures.number('expert_count') ?? 0;
  const wide = figures.at('expert_feed_forward_length', layer) as number;
  const shared = wide * (figures.number('expert_shared_count') ?? 0);
  return [
    ...denseShapes(figures, layer),
    ['attn_q.weight', [dim, heads * wholeKey]],
    ['attn_q_a.weight', [dim, queryRank]],
    ['attn_q_a_norm.weight', [queryRank]],
    ['attn_q_b.weight', [queryRank, heads * wholeKey]],
    ['attn_kv_a_mqa.weight', [dim, rank + rotary]],
    ['attn_kv_a_norm.weight', [rank]],
    ['attn_k_b.weight', [wholeKey - rotary, rank, heads]],
    ['attn_v_b.weight', [rank, wholeValue, heads]],
    ['attn_kv_b.weight', [rank, heads * (wholeKey - rotary + wholeValue)]],
    ['attn_output.weight', [heads * wholeValue, dim]],
    ['ffn_gate_exps.weight', [dim, wide, experts]],
    ['ffn_up_exps.weight', [dim, wide, experts]],
    ['ffn_gate_up_exps.weight', [dim, 2 * wide, experts]],
    ['ffn_down_exps.weight', [wide, dim, experts]],
    ['ffn_gate_shexp.weight', [dim, shared]],
    ['ffn_up_shexp.weight', [dim, shared]],
    ['ffn_down_shexp.weight', [shared, dim]],
    ['exp_probs_b.bias', [experts]],
  ];
}

/** What layers with and without experts have alike. */
function denseShapes(figures: Figures, layer: number): [string, Sizes][] {
  const dim = figures.number('embedding_length');
  const wide = figures.at('feed_forward_length', layer);
  return [
    ['ffn_norm.weight', [dim]],
    ['ffn_gate.weight', [dim, wide]],
    ['ffn_up.weight', [dim, wide]],
    ['ffn_down.weight', [wide, dim]],
    ['ffn_gate_inp.weight', [dim, figures.number('expert_count') ?? 0]],
    ['rope_freqs.weight', [headLengths(figures).rotary / 2]],
  ];
}
