import {expect, test} from 'vitest';
import {EngineError} from '../../../../src/base/errors.ts';
import {modelShape} from '../../../../src/engine/gguf/model-shape.ts';
import {checkLoadable} from '../../../../src/engine/gguf/preflight.ts';
import {parseGguf} from '../../../../src/engine/gguf/read-header.ts';
import {MICRO_NAMES, type MicroChanges, type MicroName, microModel} from '../../../fixtures/micro-models.ts';

function failure(act: () => unknown): {code: string; message: string; hint: string | undefined} | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const {code, message, hint} = error;
    return {code, message, hint};
  }
}

function opened(name: MicroName, changes: MicroChanges = {}) {
  const bytes = microModel(name, changes);
  return parseGguf('m.gguf', bytes, bytes.length);
}

const refusal = (name: MicroName, changes: MicroChanges) => failure(() => checkLoadable(opened(name, changes)));
const u32 = (value: number) => ({u32: value});
const figure = (key: string, value: NonNullable<MicroChanges['metadata']>[string]): MicroChanges => ({
  metadata: {[key]: value},
});

test.each(MICRO_NAMES)('a sound %s model passes', (name) => {
  expect(refusal(name, {})).toBeUndefined();
});

test.each<[MicroName, MicroChanges, string]>([
  ['llama', figure('llama.block_count', u32(0)), 'llama.block_count is 0, not a whole number from 1 to 512'],
  ['llama', figure('llama.block_count', u32(513)), 'llama.block_count is 513, not a whole number from 0 to 512'],
  ['llama', figure('llama.block_count', undefined), 'llama.block_count is missing'],
  ['llama', figure('llama.block_count', {f32: 1.5}), 'llama.block_count is 1.5, not a whole number from 0 to 512'],
  ['llama', figure('llama.block_count', 'two'), 'llama.block_count is missing'],
  [
    'llama',
    figure('llama.nextn_predict_layers', u32(2)),
    'llama.nextn_predict_layers is 2, not a whole number from 0 to 1',
  ],
  [
    'llama',
    figure('llama.embedding_length', u32(0)),
    'llama.embedding_length is 0, not a whole number from 1 to 1048576',
  ],
  [
    'llama',
    figure('llama.embedding_length', u32(1048577)),
    'llama.embedding_length is 1048577, not a whole number from 1 to 1048576',
  ],
  [
    'llama',
    figure('llama.context_length', u32(2 ** 31)),
    'llama.context_length is 2147483648, not a whole number from 1 to 2147483647',
  ],
  [
    'llama',
    figure('llama.context_length', u32(0)),
    'llama.context_length is 0, not a whole number from 1 to 2147483647',
  ],
  [
    'llama',
    figure('llama.attention.head_count', u32(0)),
    'llama.attention.head_count is 0, not a whole number from 1 to 65536',
  ],
  ['llama', figure('llama.attention.head_count', undefined), 'llama.attention.head_count is missing'],
  ['llama', figure('llama.attention.head_count', {i32s: []}), 'llama.attention.head_count is missing'],
  ['llama', figure('llama.attention.head_count', {i32s: [4]}), ''],
  ['llama', figure('llama.attention.head_count', {i32s: [4, 4, 4]}), 'the heads of 3 layers are given, there are 2'],
  [
    'llama',
    figure('llama.attention.head_count_kv', {i32s: [2, 0]}),
    'llama.attention.head_count_kv is 0, not a whole number from 1 to 65536',
  ],
  [
    'llama',
    figure('llama.attention.head_count_kv', u32(0)),
    'llama.attention.head_count_kv is 0, not a whole number from 1 to 65536',
  ],
  ['llama', figure('llama.attention.head_count_kv', u32(3)), '4 heads do not divide into 3 key-value heads'],
  ['llama', figure('llama.attention.head_count_kv', {i32s: [2, 3]}), '4 heads do not divide into 3 key-value heads'],
  [
    'llama',
    figure('llama.attention.value_length', u32(0)),
    'llama.attention.value_length is 0, not a whole number from 1 to 65536',
  ],
  [
    'llama',
    figure('llama.attention.value_length', u32(32)),
    'key length 16, value length 32 and rotary dimensions 16 differ',
  ],
  [
    'llama',
    figure('llama.rope.dimension_count', u32(8)),
    'key length 16, value length 16 and rotary dimensions 8 differ',
  ],
  ['mistral3', figure('mistral3.rope.dimension_count', u32(3)), 'mistral3.rope.dimension_count 3 is odd'],
  [
    'mistral3',
    figure('mistral3.attention.key_length', u32(48)),
    'key length 48, value length 16 and rotary dimensions 16 differ',
  ],
  ['llama', figure('llama.feed_forward_length', undefined), 'llama.feed_forward_length is missing'],
  [
    'llama',
    figure('llama.feed_forward_length', u32(0)),
    'llama.feed_forward_length is 0, not a whole number from 1 to 16777216',
  ],
  ['llama', figure('llama.expert_count', u32(1025)), 'llama.expert_count is 1025, not a whole number from 0 to 1024'],
  ['mixture', figure('llama.expert_used_count', u32(33)), '33 experts are used of 4'],
  ['mixture', figure('llama.expert_used_count', undefined), 'none of 4 experts is used'],
  ['mixture', figure('llama.expert_count', undefined), '2 experts are used of 0'],
  ['mixture', figure('llama.expert_group_count', u32(4)), '4 groups of 4 experts'],
  ['mixture', figure('llama.expert_group_count', u32(3)), '0 of 3 groups are used of 4 experts'],
  [
    'mixture',
    {metadata: {'llama.expert_group_count': u32(2), 'llama.expert_group_used_count': u32(2)}},
    '2 of 2 groups are used of 4 experts',
  ],
  ['llama', figure('llama.expert_group_count', u32(1)), '1 groups of 0 experts'],
  [
    'mistral3',
    figure('mistral3.rope.scaling.type', 'yarn\u00b2'),
    'mistral3.rope.scaling.type is "yarn\u00b2", not none, linear, yarn or longrope',
  ],
  [
    'mistral3',
    figure('mistral3.rope.scaling.type', ''),
    'mistral3.rope.scaling.type is "", not none, linear, yarn or longrope',
  ],
  [
    'mistral3',
    figure('mistral3.rope.scaling.original_context_length', u32(0)),
    'mistral3.rope.scaling.original_context_length is 0, not a whole number from 1 to 2147483647',
  ],
  [
    'mistral3',
    figure('mistral3.rope.scaling.factor', {f32: 0}),
    'mistral3.rope.scaling.factor is 0, not from 0.000001 to 1000000000',
  ],
  ['mistral3', figure('mistral3.rope.scaling.yarn_log_multiplier', {f32: -0.5}), ''],
  [
    'mistral3',
    figure('mistral3.rope.scaling.yarn_log_multiplier', {f32: Number.NaN}),
    'mistral3.rope.scaling.yarn_log_multiplier is NaN, not from -1000 to 1000',
  ],
  [
    'mistral3',
    figure('mistral3.rope.scaling.yarn_beta_fast', {f32: -1}),
    'mistral3.rope.scaling.yarn_beta_fast is -1, not from 0 to 1000000000',
  ],
  [
    'mistral3',
    figure('mistral3.rope.freq_base', {f32: Number.POSITIVE_INFINITY}),
    'mistral3.rope.freq_base is Infinity, not from 0.001 to 1000000000000000',
  ],
  [
    'llama',
    figure('llama.attention.layer_norm_rms_epsilon', {f32: Number.NEGATIVE_INFINITY}),
    'llama.attention.layer_norm_rms_epsilon is -Infinity, not from 0 to 1',
  ],
  [
    'llama',
    figure('llama.attention.layer_norm_rms_epsilon', undefined),
    'llama.attention.layer_norm_rms_epsilon is missing',
  ],
  [
    'mamba2',
    figure('mamba2.ssm.group_count', u32(255)),
    'ssm.inner_size 128, time_step_rank 4 and group_count 255 do not divide',
  ],
  [
    'mamba2',
    figure('mamba2.ssm.time_step_rank', u32(3)),
    'ssm.inner_size 128, time_step_rank 3 and group_count 2 do not divide',
  ],
  ['mamba2', figure('mamba2.ssm.conv_kernel', u32(0)), 'mamba2.ssm.conv_kernel is 0, not a whole number from 1 to 256'],
  ['mamba2', figure('mamba2.ssm.state_size', undefined), 'mamba2.ssm.state_size is missing'],
  [
    'mamba2',
    figure('mamba2.embedding_length', u32(0)),
    'mamba2.embedding_length is 0, not a whole number from 1 to 1048576',
  ],
  ['mistral4', figure('mistral4.attention.kv_lora_rank', undefined), 'mistral4.attention.kv_lora_rank is missing'],
  ['mistral4', figure('mistral4.attention.q_lora_rank', undefined), 'mistral4.attention.q_lora_rank is missing'],
  [
    'mistral4',
    figure('mistral4.attention.key_length_mla', undefined),
    'only one of key_length_mla and value_length_mla is given',
  ],
  [
    'mistral4',
    figure('mistral4.attention.key_length_mla', u32(16)),
    'key length 16 leaves nothing beside 16 rotary dimensions',
  ],
  [
    'mistral4',
    figure('mistral4.attention.key_length', u32(50)),
    'latent attention with key length 50 (not 64), value length 48 (not 48) or 1 key-value heads (not 1)',
  ],
  [
    'mistral4',
    figure('mistral4.attention.head_count_kv', u32(4)),
    'latent attention with key length 64 (not 64), value length 48 (not 48) or 4 key-value heads (not 1)',
  ],
  [
    'mistral4',
    figure('mistral4.leading_dense_block_count', u32(3)),
    'mistral4.leading_dense_block_count is 3, not a whole number from 0 to 2',
  ],
  [
    'mistral4',
    figure('mistral4.expert_feed_forward_length', u32(0)),
    'mistral4.expert_feed_forward_length is 0, not a whole number from 1 to 16777216',
  ],
  [
    'mistral4',
    figure('mistral4.expert_shared_count', u32(0)),
    'mistral4.expert_shared_count is 0, not a whole number from 1 to 1024',
  ],
  [
    'mistral4',
    figure('mistral4.expert_gating_func', u32(5)),
    'mistral4.expert_gating_func is 5, not a whole number from 0 to 4',
  ],
  [
    'mistral4',
    {metadata: {'mistral4.expert_count': undefined, 'mistral4.expert_used_count': undefined}},
    'layers 0 to 1 are of experts, and there are none',
  ],
  [
    'mistral4',
    figure('mistral4.attention.temperature_length', undefined),
    'mistral4.attention.temperature_scale is 0.10000000149011612 without a temperature_length',
  ],
  ['mistral4', figure('mistral4.feed_forward_length', undefined), ''],
  [
    'granite_swa',
    figure('granite_swa.logit_scale', {f32: 0}),
    'granite_swa.logit_scale is 0, not from 1e-9 to 1000000000',
  ],
  [
    'granite_swa',
    figure('granite_swa.attention.sliding_window_pattern', {bools: [false, false]}),
    'granite_swa.attention.sliding_window_pattern gives no layer a window',
  ],
  ['granite_swa', figure('granite_swa.attention.sliding_window_pattern', {bools: [false, true]}), ''],
  ['granite_swa', figure('granite_swa.attention.sliding_window_pattern', {bools: [true, true]}), ''],
])('%s %#: impossible figures are named', (name, changes, sentence) => {
  const found = refusal(name, changes);
  if (sentence === '') expect(found).toBeUndefined();
  else {
    expect(found).toMatchObject({
      code: 'model_invalid',
      message: `m.gguf: ${sentence}`,
      hint: 'The file is damaged or was made by a faulty converter: download it again, or another file of the model.',
    });
  }
});

test.each<[MicroName, MicroChanges['tensors'] & {}, string]>([
  ['llama', {'blk.0.ffn_up.weight': {shape: [64, 3]}}, 'blk.0.ffn_up.weight is 64 x 3, the figures ask for 64 x 128'],
  ['llama', {'blk.1.attn_q.weight': {shape: [64]}}, 'blk.1.attn_q.weight is 64 x 1, the figures ask for 64 x 64'],
  ['llama', {'blk.2.attn_q.weight': {shape: [3]}}, ''],
  ['llama', {'output.weight': undefined}, ''],
  ['llama', {'output.weight': {shape: [64, 319]}}, 'output.weight is 64 x 319, the figures ask for 64 x 320'],
  ['llama', {'output_norm.weight': undefined}, 'the tensor output_norm.weight is missing'],
  ['llama', {'token_embd.weight': undefined}, 'the tensor token_embd.weight is missing'],
  ['llama', {'rope_freqs.weight': {shape: [7]}}, 'rope_freqs.weight is 7, the figures ask for 8'],
  ['llama', {'blk.0.attn_norm.weight': {type: 1}}, 'blk.0.attn_norm.weight is of type F16, not F32'],
  ['llama', {'blk.0.attn_q.bias': {shape: [64], type: 1}}, 'blk.0.attn_q.bias is of type F16, not F32'],
  ['llama', {'blk.0.attn_q.weight': {type: 1}}, ''],
  [
    'mixture',
    {'blk.0.ffn_up_exps.weight': {shape: [64, 128, 3]}},
    'blk.0.ffn_up_exps.weight is 64 x 128 x 3, the figures ask for 64 x 128 x 4',
  ],
  [
    'mixture',
    {'blk.0.ffn_gate_inp.weight': {shape: [64, 5]}},
    'blk.0.ffn_gate_inp.weight is 64 x 5, the figures ask for 64 x 4',
  ],
  ['mamba2', {'output.weight': {type: 25}}, 'output.weight is of type I16, which no weight can have'],
  ['mamba2', {'blk.0.ssm_a': {type: 1}}, 'blk.0.ssm_a is of type F16, not F32'],
  [
    'mamba2',
    {'blk.0.ssm_in.weight': {shape: [64, 325]}},
    'blk.0.ssm_in.weight is 64 x 325, the figures ask for 64 x 324',
  ],
  [
    'mistral4',
    {'blk.0.attn_k_b.weight': {shape: [48, 16, 4]}},
    'blk.0.attn_k_b.weight is 48 x 16 x 4, the figures ask for 16 x 48 x 4',
  ],
  ['mistral4', {'blk.1.attn_v_b.weight': {type: 28}}, 'blk.1.attn_v_b.weight is of type F64, which no weight can have'],
  ['granite_swa', {'blk.0.attn_sinks.weight': {shape: [3]}}, 'blk.0.attn_sinks.weight is 3, the figures ask for 4'],
])('%s %#: weights that do not suit the figures are named', (name, tensors, sentence) => {
  expect(refusal(name, {tensors})?.message ?? '').toBe(sentence === '' ? '' : `m.gguf: ${sentence}`);
});

const bytes = Array.from({length: 256}, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
const pieces = (change: (list: string[]) => void) => {
  const list = [...bytes, ...Array.from({length: 64}, (_, i) => `p${i}`)];
  change(list);
  return figure('tokenizer.ggml.tokens', {strings: list});
};

test.each<[string, MicroChanges, string]>([
  ['a byte missing', pieces((list) => list.splice(10, 1, '<0x0a>')), 'the vocabulary lacks the byte piece <0x0A>'],
  ['a byte as itself', pieces((list) => list.splice(10, 1, '\n')), ''],
  ['two alike', pieces((list) => list.splice(300, 1, 'p1')), 'the vocabulary holds piece 300 twice'],
  ['two empty ones', pieces((list) => list.splice(300, 2, '', '')), ''],
  [
    "an empty one's name",
    pieces((list) => list.splice(300, 2, '', '[EMPTY_300]')),
    'the vocabulary holds piece 301 twice',
  ],
])('a vocabulary with %s', (_, changes, sentence) => {
  expect(refusal('llama', changes)?.message ?? '').toBe(sentence === '' ? '' : `m.gguf: ${sentence}`);
});

test('a tekken vocabulary has a letter for every byte, another one for the newline', () => {
  // U+0021 to U+00FF and U+0100 to U+0143: all letters of the alphabet, and some that are none.
  const letters = Array.from({length: 320}, (_, i) => String.fromCodePoint(i < 291 ? 33 + i : 1000 + i));
  const found = refusal('llama', {
    metadata: {'tokenizer.ggml.model': 'gpt2', 'tokenizer.ggml.tokens': {strings: letters}},
  });
  expect(found).toBeUndefined();
  letters[letters.indexOf('\u010a')] = 'xx';
  const lacking = refusal('llama', {
    metadata: {'tokenizer.ggml.model': 'gpt2', 'tokenizer.ggml.tokens': {strings: letters}},
  });
  expect(lacking?.message).toBe('m.gguf: the vocabulary lacks a letter for the byte 0x0a');
  const others = letters.map((letter) => (letter === 'xx' ? '\u010a' : letter === '\u0104' ? 'yy' : letter));
  const found2 = (pre: string) =>
    refusal('llama', {
      metadata: {'tokenizer.ggml.model': 'gpt2', 'tokenizer.ggml.pre': pre, 'tokenizer.ggml.tokens': {strings: others}},
    })?.message;
  expect(found2('smollm')).toBeUndefined();
  expect(found2('tekken')).toBe('m.gguf: the vocabulary lacks a letter for the byte 0x04');
});

test('what sizes by the layers refuses them first, also of architectures that are not judged', () => {
  const begun = performance.now();
  for (const layers of [513, 10_000_000, 2 ** 31 - 1, 2 ** 32 - 1]) {
    const metadata = {'general.architecture': 'qwen3', 'qwen3.block_count': u32(layers)};
    const file = opened('llama', {metadata});
    const message = `m.gguf: qwen3.block_count is ${layers}, not a whole number from 0 to 512`;
    expect(failure(() => modelShape(file))).toMatchObject({code: 'model_invalid', message});
    expect(failure(() => checkLoadable(file))).toMatchObject({code: 'model_invalid', message});
  }
  expect(performance.now() - begun).toBeLessThan(1000);
});

test("another maker's figures are left to the engine", () => {
  const metadata = {'general.architecture': 'qwen3', 'qwen3.block_count': u32(2), 'qwen3.attention.head_count': u32(0)};
  expect(refusal('llama', {metadata})).toBeUndefined();
});
