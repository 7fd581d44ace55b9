import {readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {folderBase, ggufBase, planLora} from '../../../src/engine/convert/convert-adapter.ts';
import {planConversion, writePlan} from '../../../src/engine/convert/convert-weights.ts';
import {readAdapter} from '../../../src/engine/convert/source/adapter-file.ts';
import {openSourceFolder} from '../../../src/engine/convert/source/source-folder.ts';
import {readGguf} from '../../../src/engine/gguf/read-header.ts';
import {latentFolder} from '../../fixtures/families-2026.ts';
import {folderWith} from '../../fixtures/folder.ts';
import {denseFolder, HF_NAMES, splitHeads} from '../../fixtures/tiny-families.ts';
import {type FakeTensor, json, safetensors, tensor} from '../../fixtures/tiny-folder.ts';

const quiet = {workers: 0, signal: new AbortController().signal};
const pair = (name: string, rows: number, columns: number, rank: number) => [
  tensor(`layers.${name}.lora_A.weight`, [rank, columns]),
  tensor(`layers.${name}.lora_B.weight`, [rows, rank]),
];
const good = [...pair('0.attention.wq', 64, 64, 4), ...pair('1.feed_forward.w2', 64, 96, 4)];

async function base() {
  const folder = folderWith(denseFolder());
  const out = join(folder, 'base.gguf');
  await writePlan(planConversion(openSourceFolder(folder), 'BF16'), out, quiet);
  return readGguf(out);
}

test('an adapter has the factors in F32, under the names of the weights, and scaling times rank as alpha', async () => {
  const folder = folderWith({'lora.safetensors': safetensors(good)});
  const out = join(folder, 'lora.gguf');
  await writePlan(planLora(readAdapter(join(folder, 'lora.safetensors')), ggufBase(await base())), out, quiet);
  const file = readGguf(out);
  expect(file.metadata.string('general.type')).toBe('adapter');
  expect(file.metadata.string('adapter.type')).toBe('lora');
  expect(file.metadata.number('adapter.lora.alpha')).toBe(8);
  expect(file.tensors.map(({name, type, shape}) => [name, type, shape])).toEqual([
    ['blk.0.attn_q.weight.lora_a', 'F32', [64, 4]],
    ['blk.0.attn_q.weight.lora_b', 'F32', [4, 64]],
    ['blk.1.ffn_down.weight.lora_a', 'F32', [96, 4]],
    ['blk.1.ffn_down.weight.lora_b', 'F32', [4, 64]],
  ]);
  const bytes = readFileSync(out);
  const values = (index: number, count: number) =>
    Array.from({length: count}, (_, i) => bytes.readFloatLE((file.tensors[index]?.offset ?? 0) + 4 * i));
  const source = Buffer.from((good[0] as FakeTensor).bytes);
  const expected = Array.from({length: 256}, (_, i) => {
    const widened = Buffer.alloc(4);
    widened.writeUInt16LE(source.readUInt16LE(2 * i), 2);
    return widened.readFloatLE();
  });
  expect(values(0, 256)).toEqual(expected);
});

test.each<[string, FakeTensor[], RegExp]>([
  ['of a wider model', pair('0.attention.wq', 128, 128, 4), /"layers\.0\.attention\.wq\.lora_A\.weight" does not fit/],
  ['of a deeper model', pair('7.attention.wq', 64, 64, 4), /does not fit/],
  ['with one half', pair('0.attention.wq', 64, 64, 4).slice(0, 1), /has no other half/],
  [
    'of several ranks',
    [...pair('0.attention.wq', 64, 64, 4), ...pair('0.attention.wo', 64, 64, 8)],
    /several ranks \(8, 4\)/,
  ],
  ['that is a model', [tensor('norm.weight', [64])], /is not a LoRA adapter/],
])('an adapter %s is refused', async (_, tensors, message) => {
  const folder = folderWith({'lora.safetensors': safetensors(tensors)});
  const file = await base();
  expect(() => planLora(readAdapter(join(folder, 'lora.safetensors')), ggufBase(file))).toThrow(message);
});

test('latent attention takes an adapter, but not one of the matrix that a GGUF has in two', () => {
  const adapterBase = folderBase(openSourceFolder(folderWith(latentFolder({format: 'mistral'}))));
  const plan = (tensors: FakeTensor[]) => {
    const folder = folderWith({'lora.safetensors': safetensors(tensors)});
    return planLora(readAdapter(join(folder, 'lora.safetensors')), adapterBase).tensors.map(({name}) => name);
  };
  const query = pair('0.attention.wq_b', 160, 48, 4);
  expect(plan(query)).toEqual(['blk.0.attn_q_b.weight.lora_a', 'blk.0.attn_q_b.weight.lora_b']);
  expect(() => plan([...query, ...pair('1.attention.wkv_b', 224, 32, 4)])).toThrow(
    expect.objectContaining({
      code: 'model_unsupported',
      message: expect.stringContaining(
        '"layers.1.attention.wkv_b.lora_A.weight" is for a matrix that a GGUF has in two',
      ),
    }),
  );
});

/** The same factors as PEFT names and orders them, for a base in Hugging Face's layout. */
function asPeft(tensors: readonly FakeTensor[]): FakeTensor[] {
  return tensors.map((source) => {
    const [, layer, part, half] = /^layers\.(\d+)\.(.+)\.lora_([AB])\.weight$/.exec(source.name) ?? [];
    const known = HF_NAMES[`${part}.weight`]?.replace(/\.weight$/, '');
    const bytes = half === 'B' && /w[qk]$/.test(part ?? '') ? splitHeads(source, 16) : source.bytes;
    return {...source, bytes, name: `base_model.model.model.layers.${layer}.${known}.lora_${half}.weight`};
  });
}

const peftFolder = (config: object, tensors = asPeft(good)) =>
  folderWith({
    'adapter_config.json': json({peft_type: 'LORA', r: 4, lora_alpha: 8, bias: 'none', ...config}),
    'adapter_model.safetensors': safetensors(tensors),
  });

test('a PEFT adapter becomes the file its mistral-inference form becomes, for a GGUF as for a folder', async () => {
  const folder = folderWith({...denseFolder(), 'lora.safetensors': safetensors(good)});
  const file = await base();
  const peft = peftFolder({});
  const bytesOf = async (name: string, plan: ReturnType<typeof planLora>) => {
    await writePlan(plan, join(folder, name), quiet);
    return readFileSync(join(folder, name));
  };
  const plain = await bytesOf('a.gguf', planLora(readAdapter(join(folder, 'lora.safetensors')), ggufBase(file)));
  const other = readAdapter(join(peft, 'adapter_model.safetensors'));
  expect((await bytesOf('b.gguf', planLora(other, ggufBase(file)))).equals(plain)).toBe(true);
  expect((await bytesOf('c.gguf', planLora(other, folderBase(openSourceFolder(folder))))).equals(plain)).toBe(true);
});

test('the strength of a PEFT adapter is its own', () => {
  const alpha = (config: object) => readAdapter(join(peftFolder(config), 'adapter_model.safetensors'), 7).alpha(4);
  expect(alpha({lora_alpha: 32})).toBe(32);
  expect(alpha({lora_alpha: 32, use_rslora: true})).toBe(64);
});

test.each<[object, RegExp]>([
  [{use_dora: true}, /adapter_config\.json: adapters with use_dora cannot be converted/],
  [{peft_type: 'IA3'}, /peft_type IA3/],
  [{bias: 'all', modules_to_save: ['lm_head']}, /bias all, modules_to_save/],
  [{rank_pattern: {q_proj: 8}}, /rank_pattern/],
  [{lora_alpha: undefined}, /"lora_alpha" is missing/],
])('a PEFT adapter with %o is refused', (config, message) => {
  expect(() => readAdapter(join(peftFolder(config), 'adapter_model.safetensors'))).toThrow(message);
});

test('empty patterns and a false use_dora are none; without its config an adapter is refused', () => {
  const folder = peftFolder({rank_pattern: {}, alpha_pattern: {}, use_dora: false, modules_to_save: null});
  expect(readAdapter(join(folder, 'adapter_model.safetensors')).naming).toBe('hf');
  rmSync(join(folder, 'adapter_config.json'));
  expect(() => readAdapter(join(folder, 'adapter_model.safetensors'))).toThrow(/no adapter_config\.json beside it/);
});
