// What cannot be converted is refused by its name, before a tensor is looked for, and nobody is sent to fetch it again.
import {expect, test} from 'vitest';
import {EngineError} from '../../../../src/base/errors.ts';
import {openSourceFolder} from '../../../../src/engine/convert/source/source-folder.ts';
import {
  hfMambaFolder,
  latentConfig,
  latentFolder,
  latentParams,
  windowFolder,
} from '../../../fixtures/families-2026.ts';
import {folderWith} from '../../../fixtures/folder.ts';
import {denseFolder, hfFolder, ministral3Folder, transformerTensors} from '../../../fixtures/tiny-families.ts';
import {type Files, json, safetensors, tensor} from '../../../fixtures/tiny-folder.ts';

function refusal(files: Files): {code: string; line: string; hint: string} {
  const folder = folderWith(files);
  try {
    openSourceFolder(folder);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return {code: error.code, line: error.message.replaceAll(`${folder}/`, ''), hint: error.hint ?? ''};
  }
  throw new Error('it opened');
}

const read = (files: Files, name: string) => JSON.parse(Buffer.from(files[name] as Uint8Array).toString());
const changed = (files: Files, name: string, changes: object): Files => ({
  ...files,
  [name]: json({...read(files, name), ...changes}),
});
/** Names that no reader knows: the kind has to be told before them. */
const strange = safetensors([tensor('decoder.blocks.0.proj.weight', [8, 8])]);
const params = (changes: object): Files => ({
  ...changed(denseFolder(), 'params.json', changes),
  'consolidated.safetensors': strange,
});
const config = (value: object): Files => ({...hfFolder(), 'config.json': json(value), 'model.safetensors': strange});

/** Mamba with another limit, as Python writes it. */
function withLimit(limit: string): Files {
  const files = hfMambaFolder();
  const text = Buffer.from(files['config.json'] ?? []).toString();
  return {...files, 'config.json': Buffer.from(text.replace('[0,Infinity]', limit))};
}

test.each<[string, Files, string]>([
  [
    'Large 4 by its index',
    params({index_topk: 2048}),
    'params.json: Mistral Large 4 needs an engine with mistral-large4',
  ],
  [
    'Large 4 by its rotary form',
    params({lerope: {}}),
    'params.json: Mistral Large 4 needs an engine with mistral-large4',
  ],
  ['Large 4 of Hugging Face', config({model_type: 'mistral_large4'}), 'config.json: Mistral Large 4 needs an engine'],
  [
    'Large 4 as the text part',
    config({model_type: 'mistral3', text_config: {model_type: 'mistral_large4_text'}}),
    'config.json: Mistral Large 4 needs an engine',
  ],
  [
    'Voxtral Realtime',
    params({ada_rms_norm_t_cond: true, multimodal: {whisper_model_args: {}}}),
    'params.json: Voxtral Realtime transcribes what it hears and cannot be converted',
  ],
  [
    'Voxtral Realtime of Hugging Face',
    config({model_type: 'voxtral_realtime', text_config: {model_type: 'mistral'}}),
    'config.json: Voxtral Realtime transcribes what it hears and cannot be converted',
  ],
  [
    'other parts that hear or speak',
    params({multimodal: {audio_decoder_args: {}}}),
    'params.json: a model with audio_decoder_args in "multimodal" cannot be converted',
  ],
  [
    'another maker\u2019s type',
    config({model_type: 'gemma3'}),
    'config.json: models of type "gemma3" cannot be converted',
  ],
  ['no type at all', config({}), 'config.json: models of type "" cannot be converted'],
  [
    'another activation',
    changed(hfFolder(), 'config.json', {hidden_act: 'gelu'}),
    'config.json: the activation "gelu"',
  ],
  ['biases', changed(hfFolder(), 'config.json', {attention_bias: true}), 'config.json: attention with biases'],
  [
    'a part of each head',
    changed(hfFolder(), 'config.json', {partial_rotary_factor: 0.5}),
    'config.json: heads of which 0.5',
  ],
  [
    'another scaling',
    changed(hfFolder(), 'config.json', {rope_scaling: {rope_type: 'llama3', factor: 8}}),
    'config.json: rotary scaling "llama3" cannot be converted',
  ],
  [
    'rotary parameters by kind of layer',
    changed(hfFolder(), 'config.json', {rope_parameters: {full_attention: {rope_theta: 1e6}, sliding_attention: {}}}),
    'config.json: rotary parameters of their own for "full_attention" cannot be converted',
  ],
  [
    'YaRN without truncation',
    changed(hfFolder(), 'config.json', {
      rope_parameters: {rope_type: 'yarn', factor: 4, original_max_position_embeddings: 64, truncate: false},
    }),
    'config.json: YaRN without "truncate"',
  ],
  [
    'a temperature that begins elsewhere than YaRN',
    changed(ministral3Folder(), 'params.json', {llama_4_scaling: {beta: 0.1, original_max_position_embeddings: 256}}),
    'params.json: an attention temperature from position 256 on, where YaRN has 128',
  ],
  [
    'a temperature without YaRN',
    changed(ministral3Folder(), 'params.json', {yarn: undefined}),
    'params.json: an attention temperature from position 128 on, where YaRN has none',
  ],
  [
    'a temperature without YaRN, of Hugging Face',
    changed(hfFolder(), 'config.json', {rope_parameters: {rope_type: 'default', llama_4_scaling_beta: 0.1}}),
    'config.json: an attention temperature without YaRN cannot be converted',
  ],
  [
    'Mamba with a limit to its steps',
    withLimit('[0.0, 0.1]'),
    'config.json: time steps within 0 and 0.1 ("time_step_limit") cannot be converted',
  ],
  [
    'Mamba with steps from somewhere on',
    withLimit('[0.001, Infinity]'),
    'config.json: time steps within 0.001 and Infinity ("time_step_limit") cannot be converted',
  ],
  ['Mamba with biases', hfMambaFolder({use_bias: true}), 'config.json: projections with a bias'],
  [
    'Mamba without those of its convolution',
    hfMambaFolder({use_conv_bias: false}),
    'config.json: a convolution without a bias',
  ],
  [
    'an unknown tensor',
    {...denseFolder(), 'consolidated.safetensors': withExtra('layers.0.attention.wq.bias')},
    'DIR: tensor "layers.0.attention.wq.bias" is not known',
  ],
])('%s is refused by its name', (_, files, line) => {
  const {code, line: got, hint} = refusal(files);
  expect([code, got.replace(/^\/\S+: /, 'DIR: ')]).toEqual(['model_unsupported', expect.stringContaining(line)]);
  expect(hint).not.toMatch(/^fetch|fetch (it|the file|the folder) again/i);
});

function withExtra(name: string): Uint8Array {
  return safetensors([tensor('tok_embeddings.weight', [320, 64]), tensor(name, [64])]);
}

const moe = (changes: object): Files => {
  const own = latentParams();
  return {
    ...latentFolder({format: 'mistral'}),
    'params.json': json({...own, moe: {...(own.moe as object), ...changes}}),
  };
};
const latent = (changes: object): Files => ({
  ...latentFolder({format: 'mistral'}),
  'params.json': json({...latentParams(), ...changes}),
});
const latentHf = (changes: object): Files => {
  const own = latentConfig();
  return {
    ...latentFolder({format: 'hf'}),
    'config.json': json({...own, text_config: {...(own.text_config as object), ...changes}}),
  };
};

test.each<[Files, string]>([
  [moe({renorm_strategy: 'LOGITS'}), 'experts weighed by "LOGITS" cannot be converted'],
  [moe({use_load_balancing_bias: true}), 'experts with a bias cannot be converted'],
  [moe({route_every_n: 2}), 'experts that are not in every layer ("route_every_n" 2) cannot be converted'],
  [
    moe({num_expert_groups: 2, num_expert_groups_per_tok: 2}),
    'latent attention with all of 2 groups of experts in use',
  ],
  [latent({q_lora_rank: null}), 'latent attention with queries without a rank ("q_lora_rank")'],
  [latent({n_layers: 26}), 'latent attention with 26 layers, which llama.cpp takes for another model\u2019s,'],
  [latent({n_layers: 27}), 'latent attention with 27 layers, which llama.cpp takes for another model\u2019s,'],
  [latent({sliding_window: 4096}), 'latent attention with a sliding window'],
  [latentHf({rope_interleave: false}), 'rotary dimensions in halves ("rope_interleave" false)'],
  [latentHf({scoring_func: 'sigmoid'}), 'experts chosen by "sigmoid"'],
  [latentHf({attention_bias: true}), 'attention with biases'],
])('latent attention that llama.cpp cannot compute is refused: case %#', (files, line) => {
  const {code, line: got} = refusal(files);
  expect([code, got.replaceAll("'", '\u2019')]).toEqual(['model_unsupported', expect.stringContaining(line)]);
});

test.each<[Files, string]>([
  [latent({kv_lora_rank: 0}), '"kv_lora_rank" is missing'],
  [latent({qk_rope_head_dim: undefined}), '"qk_rope_head_dim" is missing'],
  [latent({kv_lora_rank: 2 ** 21}), '"kv_lora_rank" is 2097152, which is not a whole number from 0 to 1048576'],
  [moe({expert_hidden_dim: undefined}), '"moe.expert_hidden_dim" is missing'],
  [moe({num_experts: 4096}), '"moe.num_experts" is 4096, which is not a whole number from 0 to 1024'],
  [latent({llama_4_scaling: {beta: 0.1}}), '"llama_4_scaling.original_max_position_embeddings" is missing'],
  [moe({num_experts: 5}), 'tensor "layers.0.gate.weight" is 4 x 64 instead of 5 x 64'],
  [latent({qk_nope_head_dim: 23}), 'instead of'],
  [
    hfMambaFolder({num_heads: null, head_dim: 24}),
    '5.333333333333333 heads of 24 are not the 128 values that "expand" gives',
  ],
  [hfMambaFolder({expand: 65_536, hidden_size: 2 ** 20}), '"expand" times "hidden_size" is 68719476736'],
  [hfMambaFolder({num_heads: 7}), '7 heads of 16 are not the 128 values that "expand" gives'],
  [windowFolder('ministral', {layer_types: ['full_attention']}), '"layer_types" names 1 layers, there are 2'],
  [windowFolder('ministral', {layer_types: 'all'}), '"layer_types" is "all", which is no list of names'],
])('figures that are missing, impossible or do not fit the weights: case %#', (files, line) => {
  const {code, line: got} = refusal(files);
  expect([code, got]).toEqual(['model_invalid', expect.stringContaining(line)]);
});

test('two tensors for one part of the model are told', () => {
  const files = denseFolder();
  const twice = safetensors([
    ...transformerTensors({dim: 64, n_layers: 2, hidden_dim: 96, n_heads: 4, n_kv_heads: 2, head_dim: 16}),
    tensor('mm_streams_embeddings.embedding_module.tok_embeddings.weight', [320, 64]),
  ]);
  expect(refusal({...files, 'consolidated.safetensors': twice})).toMatchObject({
    code: 'model_invalid',
    line: expect.stringContaining(
      '"tok_embeddings.weight" and "mm_streams_embeddings.embedding_module.tok_embeddings.weight" are the same part of the model',
    ),
  });
});

test('an expert that is left out is not made up for by one too many', () => {
  const files = latentFolder({format: 'mistral'});
  const bytes = Buffer.from(files['consolidated.safetensors'] as Uint8Array).toString('latin1');
  const renamed = Buffer.from(bytes.replaceAll('layers.1.experts.3.', 'layers.1.experts.7.'), 'latin1');
  expect(refusal({...files, 'consolidated.safetensors': renamed}).line).toContain(
    'blk.1.ffn_gate_exps.weight lacks expert 3, and has one beyond 4',
  );
});
