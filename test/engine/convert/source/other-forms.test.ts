import {join} from 'node:path';
import {expect, test} from 'vitest';
import {EngineError} from '../../../../src/base/errors.ts';
import {openSourceFolder} from '../../../../src/engine/convert/source/source-folder.ts';
import {modelAt} from '../../../../src/engine/models/model-at.ts';
import {folderWith} from '../../../fixtures/folder.ts';
import {denseFolder, fp8Folder, hfFolder} from '../../../fixtures/tiny-families.ts';
import {type Files, json} from '../../../fixtures/tiny-folder.ts';

function refusal(files: Files): string {
  const folder = folderWith(files);
  try {
    openSourceFolder(folder);
    return '';
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return error.message.replace(folder, 'DIR');
  }
}

const hf = (changes: object): Files => {
  const known = JSON.parse(Buffer.from(hfFolder()['config.json'] as Uint8Array).toString()) as object;
  return {...hfFolder(), 'config.json': json({...known, ...changes})};
};

/** A header whose tensors have these names and types, without data. */
function header(tensors: Readonly<Record<string, string>>): Uint8Array {
  const entries = Object.entries(tensors).map(([name, dtype]) => [name, {dtype, shape: [0], data_offsets: [0, 0]}]);
  const text = JSON.stringify(Object.fromEntries(entries));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, Buffer.from(text)]);
}

test.each<[object, string]>([
  [{quant_method: 'awq', bits: 4}, 'AWQ, 4 bit'],
  [{quant_method: 'gptq', bits: 8}, 'GPTQ, 8 bit'],
  [{quant_method: 'bitsandbytes', load_in_4bit: true}, 'bitsandbytes, 4 bit'],
  [{quant_method: 'bitsandbytes', load_in_8bit: true}, 'bitsandbytes, 8 bit'],
  [{quant_method: 'hqq'}, 'HQQ'],
  [{quant_method: 'compressed-tensors', format: 'pack-quantized'}, 'compressed-tensors, pack-quantized'],
  [{quant_method: 'compressed-tensors', format: 'nvfp4-pack-quantized'}, 'compressed-tensors, nvfp4-pack-quantized'],
  [{quant_method: 'modelopt'}, 'ModelOpt'],
])('a configuration that says %j', (quantization_config, form) => {
  expect(refusal(hf({quantization_config}))).toBe(`DIR is quantised for GPUs (${form})`);
  expect(refusal(hf({text_config: {quantization_config}}))).toBe(`DIR is quantised for GPUs (${form})`);
});

test('MLX names its group size and no method', () => {
  expect(refusal(hf({quantization: {group_size: 64, bits: 4}}))).toBe("DIR is quantised for Apple's GPUs (MLX, 4 bit)");
});

test('fp8 and what is only named goes on', () => {
  expect(refusal(fp8Folder())).toBe('');
  expect(refusal(hf({quantization_config: {quant_method: 'compressed-tensors', format: 'float-quantized'}}))).toBe('');
  expect(refusal(hf({quantization_config: {quant_method: 'fp8'}}))).toBe('');
  expect(refusal(hf({quantization_config: null}))).toBe('');
});

test.each<[Readonly<Record<string, string>>, string]>([
  [{'model.layers.0.self_attn.q_proj.qweight': 'I32', 'model.layers.0.self_attn.q_proj.qzeros': 'I32'}, 'AWQ'],
  [{'model.layers.0.self_attn.q_proj.qweight': 'I32', 'model.layers.0.self_attn.q_proj.g_idx': 'I32'}, 'GPTQ'],
  [{'model.layers.0.mlp.up_proj.weight': 'U8', 'model.layers.0.mlp.up_proj.weight.absmax': 'F32'}, 'bitsandbytes'],
  [{'model.layers.0.mlp.up_proj.weight': 'I8', 'model.layers.0.mlp.up_proj.SCB': 'F32'}, 'bitsandbytes'],
  [{'model.layers.0.mlp.up_proj.weight_packed': 'I32'}, 'compressed-tensors'],
  [{'model.layers.0.mlp.up_proj.weight_scale_2': 'F32'}, 'ModelOpt NVFP4'],
  [{'model.layers.0.mlp.up_proj.W_q': 'U8'}, 'HQQ'],
  [{'model.layers.0.mlp.up_proj.trellis': 'I16'}, 'EXL2 or EXL3'],
  [{'model.layers.0.mlp.up_proj.scales': 'F16', 'model.layers.0.mlp.up_proj.qweight': 'I32'}, 'AWQ'],
])('tensors tell it where the configuration does not: %j', (tensors, form) => {
  const {'model-00001-of-00002.safetensors': _, 'model-00002-of-00002.safetensors': __, ...rest} = hfFolder();
  expect(refusal({...rest, 'model.safetensors': header(tensors)})).toBe(`DIR is quantised for GPUs (${form})`);
});

const {
  'model-00001-of-00002.safetensors': _first,
  'model-00002-of-00002.safetensors': _second,
  ...noWeights
} = hfFolder();

test('MLX is told by its tensors too', () => {
  const tensors = {
    'model.embed_tokens.weight': 'U32',
    'model.embed_tokens.scales': 'F16',
    'model.embed_tokens.biases': 'F16',
  };
  expect(refusal({...noWeights, 'model.safetensors': header(tensors)})).toBe("DIR is quantised for Apple's GPUs (MLX)");
});

test.each<[string, Files, string]>([
  ['model-4bit-128g.safetensors', {}, 'GPUs (GPTQ)'],
  ['gptq_model-4bit.safetensors', {'quantize_config.json': json({bits: 4})}, 'GPUs (GPTQ)'],
  [
    'weights.00.safetensors',
    {'config.json': json({quantization: {group_size: 64, bits: 8}})},
    "Apple's GPUs (MLX, 8 bit)",
  ],
  [
    'output.safetensors',
    {'config.json': json({quantization_config: {quant_method: 'exl2', bits: 4.5}})},
    'GPUs (EXL2, 4.5 bit)',
  ],
  ['output.safetensors', {'config.json': json({quantization_config: {quant_method: 'x', bits: 'four'}})}, 'GPUs (x)'],
  ['model.safetensors', {'hf_quant_config.json': json({})}, 'GPUs (GPTQ)'],
  ['model.safetensors', {'config.json': json({quantization_config: {quant_method: 'later'}})}, 'GPUs (later)'],
])('weights under the name %s: every command is told the same', (name, files, form) => {
  const folder = folderWith({...noWeights, [name]: header({'a.qweight': 'I32', 'a.g_idx': 'I32'}), ...files});
  const refused = expect.objectContaining({code: 'model_unsupported', message: `${folder} is quantised for ${form}`});
  expect(() => openSourceFolder(folder)).toThrow(refused);
  const found = () => {
    const model = modelAt(folder);
    if (model.kind === 'tokenizer') throw model.noModel;
    return model;
  };
  // A folder of weights with known names is refused by the conversion, which every command that opens it goes through.
  if (name === 'model.safetensors') expect(found().kind).toBe('folder');
  else {
    expect(found).toThrow(refused);
    expect(() => modelAt(join(folder, name))).toThrow(refused);
  }
});

test('other weights of unknown names are no quantised ones', () => {
  const folder = folderWith({
    ...noWeights,
    'adapter_x.safetensors': header({'a.lora_A.weight': 'F16'}),
    'b.safetensors': '{',
  });
  expect(() => openSourceFolder(folder)).toThrow(expect.objectContaining({code: 'model_not_found'}));
});

test('a head that drafts for another model is told by its few layers', () => {
  const files = {...denseFolder(), 'consolidated.safetensors': header({'fc.weight': 'BF16', 'norm.weight': 'BF16'})};
  expect(refusal(files)).toBe('DIR is a draft head: it only speeds up another model');
});
