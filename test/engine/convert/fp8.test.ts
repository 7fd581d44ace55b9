import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {planConversion, writePlan} from '../../../src/engine/convert/convert-weights.ts';
import {openSourceFolder} from '../../../src/engine/convert/source/source-folder.ts';
import {readGguf} from '../../../src/engine/gguf/read-header.ts';
import {latentConfig, latentFolder, latentTensors} from '../../fixtures/families-2026.ts';
import {folderWith} from '../../fixtures/folder.ts';
import {
  denseFolder,
  fp8Folder,
  HF_NAMES,
  hfFolder,
  splitHeads,
  transformerTensors,
} from '../../fixtures/tiny-families.ts';
import {type FakeTensor, type Files, json, safetensors} from '../../fixtures/tiny-folder.ts';

const quiet = {workers: 0, signal: new AbortController().signal};
const SHAPE = {dim: 64, n_layers: 2, hidden_dim: 96, n_heads: 4, n_kv_heads: 2, head_dim: 16};
const text = (files: Files, name: string) => JSON.parse(Buffer.from(files[name] as Uint8Array).toString());

async function converted(files: Files, type: 'F32' | 'Q8_0' = 'F32') {
  const folder = folderWith(files);
  const path = join(folder, 'out.gguf');
  await writePlan(planConversion(openSourceFolder(folder), type), path, quiet);
  return {file: readGguf(path), bytes: readFileSync(path)};
}

async function tensorSums(files: Files, type: 'F32' | 'Q8_0'): Promise<Record<string, string>> {
  const {file, bytes} = await converted(files, type);
  const sum = (start: number, length = 0) =>
    createHash('sha256')
      .update(bytes.subarray(start, start + length))
      .digest('hex');
  return Object.fromEntries(file.tensors.map(({name, offset, bytes: length}) => [name, sum(offset, length)]));
}

/** Of a tensor in F32. */
async function values(files: Files, tensor: string): Promise<Float32Array> {
  const {file, bytes} = await converted(files);
  const {offset, bytes: length = 0} = file.tensors.find(({name}) => name === tensor) ?? {offset: 0};
  return new Float32Array(Uint8Array.from(bytes.subarray(offset, offset + length)).buffer);
}

const f32 = (name: string, shape: readonly number[], numbers: readonly number[]): FakeTensor => ({
  ...{name, shape, dtype: 'F32', bytes: new Uint8Array(Float32Array.from(numbers).buffer)},
});

/** The dense model with one matrix (96 x 64) of FP8 ones, and scales of this shape: 1, 2, 3 and so on. */
function withScales(scaleShape: readonly number[], config: object = {}, code = 0x38): Files {
  const name = 'layers.0.feed_forward.w1';
  const count = scaleShape.reduce((product, size) => product * size, 1);
  const numbers = Array.from({length: count}, (_, at) => at + 1);
  const tensors = transformerTensors(SHAPE).flatMap((source): FakeTensor[] =>
    source.name === `${name}.weight`
      ? [
          {...source, dtype: 'F8_E4M3', bytes: new Uint8Array(96 * 64).fill(code)},
          f32(`${name}.weight_scale`, scaleShape, numbers),
        ]
      : [source],
  );
  const params = {...text(denseFolder(), 'params.json'), ...config};
  return {...denseFolder(), 'params.json': json(params), 'consolidated.safetensors': safetensors(tensors)};
}

const inBlocks = (...block_structure: number[]) => ({
  quantization_config: {
    ...{quant_method: 'compressed-tensors', format: 'float-quantized'},
    config_groups: {group_0: {weights: {strategy: 'block', block_structure}}},
  },
});

/** FP8 in Hugging Face's layout: its names, and its order of rotary rows. */
function hfFp8Folder(): Files {
  const source = fp8Tensors();
  const tensors = source.map((item): FakeTensor => {
    const [, layer, rest = ''] = /^layers\.(\d+)\.(.+)$/.exec(item.name) ?? [];
    const own = rest.replace(/qscale_weight$/, 'weight').replace(/qscale_act$/, 'weight');
    const known = HF_NAMES[layer === undefined ? item.name : own] as string;
    const name = (layer === undefined ? known : `model.layers.${layer}.${known}`)
      .replace(/weight$/, rest.endsWith('qscale_weight') ? 'weight_scale_inv' : 'weight')
      .replace(/weight$/, rest.endsWith('qscale_act') ? 'activation_scale' : 'weight');
    if (item.dtype !== 'F8_E4M3' || !/[qk]_proj/.test(name)) return {...item, name};
    // Rows of one byte a value: the helper moves rows of two.
    const wide = {...item, shape: [item.shape[0] as number, (item.shape[1] as number) / 2]};
    return {...item, name, bytes: splitHeads(wide, SHAPE.head_dim)};
  });
  return {
    'config.json': hfFolder()['config.json'] as Uint8Array,
    'model.safetensors': safetensors(tensors),
    'tokenizer.model.v3': fp8Folder()['tokenizer.model.v3'] as Uint8Array,
  };
}

/** The tensors of the folder in Mistral's format. */
function fp8Tensors(): FakeTensor[] {
  const bytes = fp8Folder()['consolidated.safetensors'] as Uint8Array;
  const length = Number(Buffer.from(bytes).readBigUInt64LE());
  const header = JSON.parse(Buffer.from(bytes.subarray(8, 8 + length)).toString()) as Record<
    string,
    {dtype: FakeTensor['dtype']; shape: number[]; data_offsets: [number, number]}
  >;
  return Object.entries(header).map(
    ([
      name,
      {
        dtype,
        shape,
        data_offsets: [start, end],
      },
    ]) => ({
      ...{name, dtype, shape, bytes: bytes.slice(8 + length + start, 8 + length + end)},
    }),
  );
}

test('FP8 in Hugging Face\u2019s layout gives the tensors of the same model in Mistral\u2019s', async () => {
  expect(await tensorSums(hfFp8Folder(), 'F32')).toEqual(await tensorSums(fp8Folder(), 'F32'));
  expect(await tensorSums(hfFp8Folder(), 'Q8_0')).toEqual(await tensorSums(fp8Folder(), 'Q8_0'));
});

test('blocks of scales have the size that the configuration says, the last ones are cut', async () => {
  const all = await values(withScales([3, 3], inBlocks(40, 24)), 'blk.0.ffn_gate.weight');
  const at = (row: number, column: number) => all[row * 64 + column];
  expect([at(0, 0), at(0, 23), at(0, 24), at(0, 47), at(0, 48), at(0, 63)]).toEqual([1, 1, 2, 2, 3, 3]);
  expect([at(39, 0), at(40, 0), at(79, 63), at(80, 0), at(95, 63)]).toEqual([1, 4, 6, 7, 9]);
});

test('Hugging Face\u2019s name for the size of blocks', async () => {
  const config = {quantization_config: {quant_method: 'fp8', weight_block_size: [64, 32]}};
  const all = await values(withScales([2, 2], config), 'blk.0.ffn_gate.weight');
  expect([0, 31, 32, 63 * 64, 64 * 64, 95 * 64 + 63].map((at) => all[at])).toEqual([1, 1, 2, 1, 3, 4]);
});

test.each([
  ['a row', [96, 1]],
  ['a row, without a second size', [96]],
])('one scale for %s', async (_, shape) => {
  const all = await values(withScales(shape), 'blk.0.ffn_gate.weight');
  expect([0, 63, 64, 95 * 64].map((at) => all[at])).toEqual([1, 1, 2, 96]);
});

test.each([[[]], [[1]], [[1, 1]]])('one scale for all, written as %j', async (shape) => {
  const all = await values(withScales(shape), 'blk.0.ffn_gate.weight');
  expect(new Set(all)).toEqual(new Set([1]));
});

test('blocks of stacked experts begin anew in each of them, the last ones are cut', async () => {
  const name = 'language_model.model.layers.1.mlp.experts.down_proj';
  const tensors = latentTensors({format: 'hf'}).flatMap((source): FakeTensor[] =>
    source.name === name
      ? [
          {...source, dtype: 'F8_E4M3', bytes: new Uint8Array(4 * 64 * 48).fill(0x38)},
          f32(`${name}_scale_inv`, [4, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]),
        ]
      : [source],
  );
  const config = {...latentConfig(), quantization_config: {quant_method: 'fp8', weight_block_size: [40, 32]}};
  const files = {
    ...latentFolder({format: 'hf'}),
    'config.json': json(config),
    'model.safetensors': safetensors(tensors),
  };
  const all = await values(files, 'blk.1.ffn_down_exps.weight');
  const at = (expert: number, row: number, column: number) => all[(expert * 64 + row) * 48 + column];
  expect([at(0, 0, 0), at(0, 39, 31), at(0, 39, 32), at(0, 40, 0), at(0, 63, 47)]).toEqual([1, 1, 2, 3, 4]);
  expect([at(1, 0, 0), at(1, 39, 47), at(1, 40, 0), at(3, 0, 31), at(3, 63, 47)]).toEqual([5, 6, 7, 13, 16]);
});

test.each<[string, Files, string]>([
  [
    'blocks that are not of the size the configuration says',
    withScales([2, 2], inBlocks(40, 24)),
    'is 96 x 64 and has scales of 2 x 2, which no blocks of 40 x 24 give',
  ],
  ['blocks whose size nothing says', withScales([2, 2]), 'which no blocks of 128 x 128 give'],
  ['scales for columns', withScales([1, 64]), 'has scales of 1 x 64, which no blocks of 128 x 128 give'],
  ['a size of blocks that is none', withScales([2, 2], inBlocks(0, 24)), 'is [0,24], which is no pair of sizes'],
  ['a size of blocks with one side', withScales([2, 2], inBlocks(24)), 'is [24], which is no pair of sizes'],
])('%s are refused by name', (_, files, message) => {
  expect(() => openSourceFolder(folderWith(files))).toThrow(
    expect.objectContaining({exitCode: 3, message: expect.stringContaining(message)}),
  );
});

test('a scale that is not a number is refused by name', () => {
  const files = withScales([1]);
  const bytes = Buffer.from(files['consolidated.safetensors'] as Uint8Array);
  const one = Buffer.from(new Float32Array([1]).buffer);
  const length = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString());
  const [start] = header['layers.0.feed_forward.w1.weight_scale'].data_offsets as [number];
  expect(bytes.subarray(8 + length + start, 8 + length + start + 4)).toEqual(one);
  bytes.writeFloatLE(Number.NaN, 8 + length + start);
  expect(() => openSourceFolder(folderWith({...files, 'consolidated.safetensors': bytes}))).toThrow(
    'the FP8 tensor "layers.0.feed_forward.w1.weight" has a scale that is not a number',
  );
});

test.each([0x7f, 0xff])(
  'the code 0x%x, which is no number, ends the conversion with the tensor\u2019s name',
  async (code) => {
    await expect(converted(withScales([1], {}, code))).rejects.toMatchObject({
      code: 'model_invalid',
      message: expect.stringMatching(
        /consolidated\.safetensors: tensor "layers\.0\.feed_forward\.w1\.weight" holds a value that is not a number$/,
      ),
    });
  },
);

test('the largest code is 448', async () => {
  expect((await values(withScales([1], {}, 0xfe), 'blk.0.ffn_gate.weight'))[5]).toBe(-448);
});

test('a scale without its FP8 tensor is refused: nothing says whether it was multiplied', () => {
  const tensors = [...transformerTensors(SHAPE), f32('layers.1.attention.wq.qscale_weight', [], [2])];
  const files = {...denseFolder(), 'consolidated.safetensors': safetensors(tensors)};
  expect(() => openSourceFolder(folderWith(files))).toThrow(
    expect.objectContaining({
      exitCode: 3,
      message: expect.stringContaining(
        '"layers.1.attention.wq.qscale_weight" is the scale of a tensor that is not FP8',
      ),
    }),
  );
});
