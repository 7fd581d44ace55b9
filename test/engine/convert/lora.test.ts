import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {planConversion, writePlan} from '../../../src/engine/convert/convert.ts';
import {planLora} from '../../../src/engine/convert/lora.ts';
import {openSourceFolder} from '../../../src/engine/convert/source-folder.ts';
import {readGguf} from '../../../src/engine/models/gguf.ts';
import {folderWith} from '../../fixtures/folder.ts';
import {denseFolder} from '../../fixtures/tiny-families.ts';
import {type FakeTensor, safetensors, tensor} from '../../fixtures/tiny-folder.ts';

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
  await writePlan(planLora(join(folder, 'lora.safetensors'), await base()), out, quiet);
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
  expect(() => planLora(join(folder, 'lora.safetensors'), file)).toThrow(message);
});
