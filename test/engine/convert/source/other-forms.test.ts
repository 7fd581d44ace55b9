import {expect, test} from 'vitest';
import {EngineError} from '../../../../src/base/errors.ts';
import {openSourceFolder} from '../../../../src/engine/convert/source/source-folder.ts';
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
  expect(refusal(hf({quantization: {group_size: 64, bits: 4}}))).toBe('DIR is quantised for GPUs (MLX, 4 bit)');
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
])('tensors tell it where the configuration does not: %j', (tensors, form) => {
  const {'model-00001-of-00002.safetensors': _, 'model-00002-of-00002.safetensors': __, ...rest} = hfFolder();
  expect(refusal({...rest, 'model.safetensors': header(tensors)})).toBe(`DIR is quantised for GPUs (${form})`);
});

test('a head that drafts for another model is told by its few layers', () => {
  const files = {...denseFolder(), 'consolidated.safetensors': header({'fc.weight': 'BF16', 'norm.weight': 'BF16'})};
  expect(refusal(files)).toBe('DIR is a draft head: it only speeds up another model');
});
