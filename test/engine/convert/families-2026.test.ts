// Every family of 2026 as a tiny folder: its keys and tensors are those of an independent statement of the mapping, with
// which transformers' own greedy tokens came out (test/e2e/families-2026.test.ts).
import {createHash} from 'node:crypto';
import {closeSync, openSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {compareFile, planConversion, writePlan} from '../../../src/engine/convert/convert-weights.ts';
import {type OpenFolderOptions, openSourceFolder} from '../../../src/engine/convert/source/source-folder.ts';
import {preflight} from '../../../src/engine/gguf/preflight.ts';
import {readGguf} from '../../../src/engine/gguf/read-header.ts';
import {FAMILIES, latentFolder, OTHER_SIZES, voxtralFolder, windowFolder} from '../../fixtures/families-2026.ts';
import {folderWith} from '../../fixtures/folder.ts';
import {checkpoint} from '../../fixtures/pth.ts';
import {hfTensors, mixtralFolder, transformerTensors} from '../../fixtures/tiny-families.ts';
import {type FakeTensor, type Files, json, safetensors} from '../../fixtures/tiny-folder.ts';

interface Golden {
  readonly architecture: string;
  readonly keys: Readonly<Record<string, readonly [type: string, value: unknown]>>;
  readonly tensors: Readonly<Record<string, readonly [shape: readonly number[], sha256: string]>>;
}

const goldens = JSON.parse(readFileSync('test/goldens/families-2026.json', 'utf8')).families as Record<string, Golden>;
const quiet = {workers: 0, signal: new AbortController().signal};

async function converted(files: Files, options: OpenFolderOptions = {}) {
  const folder = folderWith(files);
  const path = join(folder, 'out.gguf');
  const source = openSourceFolder(folder, options);
  await writePlan(planConversion(source, 'F32'), path, quiet);
  return {source, path, file: readGguf(path), bytes: readFileSync(path)};
}

test.each(FAMILIES)('%s has the keys and the tensors it must have', async (name, make, options) => {
  const {architecture, keys, tensors} = goldens[name] as Golden;
  const {path, file, bytes} = await converted(make(), options);
  const {metadata} = file;
  expect(metadata.string('general.architecture')).toBe(architecture);
  const written = metadata.keys.filter((key) => key.startsWith(`${architecture}.`));
  const value = (key: string) =>
    metadata.string(key) ?? metadata.number(key) ?? metadata.boolean(key) ?? Array.from(metadata.numbers(key) ?? []);
  const wanted = Object.entries(keys).map(([key, [type, figure]]) => {
    const asWritten =
      type === 'f32' ? Math.fround(figure as number) : type === 'bool[]' ? (figure as boolean[]).map(Number) : figure;
    return [`${architecture}.${key}`, asWritten];
  });
  expect(Object.fromEntries(written.map((key) => [key, value(key)]))).toEqual(Object.fromEntries(wanted));
  const made = file.tensors
    .filter((tensor) => !tensor.name.endsWith('attn_sinks.weight'))
    .map((tensor) => {
      const content = bytes.subarray(tensor.offset, tensor.offset + (tensor.bytes ?? 0));
      return [tensor.name, [tensor.shape, sum(content)]];
    });
  const expected = Object.entries(tensors).map(([tensor, [shape, sha256]]) => [tensor, [shape, sha256]]);
  expect(Object.fromEntries(made)).toEqual(Object.fromEntries(expected));
  // Nothing is missing that a loader asks for.
  expect(preflight(path).expectedSize).toBeLessThanOrEqual(preflight(path).fileSize);
});

// Of the same statement, over names, sizes and sums of all tensors.
test.each<[string, () => Files, number, string]>([
  [
    'hf',
    () => latentFolder({format: 'hf', sizes: OTHER_SIZES}),
    48,
    '7ed40d5988f23601d4395c31ffa9a3e150233242b02c76f61b05f9ea5f765270',
  ],
  [
    'hf, FP8',
    () => latentFolder({format: 'hf', fp8: true, sizes: OTHER_SIZES}),
    48,
    '5c4de3c56e19a90fb581dd002e92db8437c34bf4cb159a13bf0e5f928e413df5',
  ],
  [
    'mistral',
    () => latentFolder({format: 'mistral', sizes: OTHER_SIZES}),
    50,
    'debb22c678b3b699e3a902ca5c005e03db001bd8e9a0949cd7decdf367da3b90',
  ],
  [
    'mistral, FP8 in blocks',
    () => latentFolder({format: 'mistral', block: 32, sizes: OTHER_SIZES}),
    50,
    'e06e1cf56c7951c7501059f1d7820cbac19f44c1405c6e6b446240b37c60d7fc',
  ],
  [
    'Voxtral, hf',
    () => voxtralFolder('hf', OTHER_SIZES),
    30,
    'f176a437f1f9e80c2068df376bf00c3cb6d04f5db6f5fc855a10ccd749544ba4',
  ],
  [
    'windows',
    () => windowFolder('ministral', {}, OTHER_SIZES),
    30,
    'f176a437f1f9e80c2068df376bf00c3cb6d04f5db6f5fc855a10ccd749544ba4',
  ],
])('other sizes, a dense layer first, two shared experts: %s', async (_, make, count, sha256) => {
  const {file, bytes} = await converted(make());
  const tensors = file.tensors.filter(({name}) => !name.endsWith('attn_sinks.weight'));
  const lines = tensors.map(
    ({name, shape, offset, bytes: length = 0}) =>
      `${name} ${shape.join('x')} ${sum(bytes.subarray(offset, offset + length))}`,
  );
  expect(lines).toHaveLength(count);
  expect(createHash('sha256').update(lines.sort().join('\n')).digest('hex')).toBe(sha256);
});

test('experts that transformers 5 fused are cut apart for an architecture that wants them so', async () => {
  const {hidden_dim: hidden, dim} = {hidden_dim: 96, dim: 64};
  const own = transformerTensors(
    {dim, n_layers: 2, hidden_dim: hidden, n_heads: 4, n_kv_heads: 2, head_dim: 16},
    {experts: 4},
  );
  const named = new Map(own.map((item) => [item.name, item]));
  const expert = (layer: number, part: string) =>
    Array.from(
      {length: 4},
      (_, at) => named.get(`layers.${layer}.feed_forward.experts.${at}.${part}.weight`)?.bytes ?? Buffer.of(),
    );
  const dense = hfTensors({dim, n_layers: 2, hidden_dim: hidden, n_heads: 4, n_kv_heads: 2, head_dim: 16}).filter(
    ({name}) => !name.includes('.mlp.'),
  );
  const fused = [0, 1].flatMap((layer): FakeTensor[] => {
    const [gates, ups] = [expert(layer, 'w1'), expert(layer, 'w3')];
    const gateUp = Buffer.concat(gates.flatMap((gate, at) => [gate, ups[at] as Uint8Array]));
    const of = (name: string, shape: number[], bytes: Uint8Array): FakeTensor => ({
      ...{name: `model.layers.${layer}.mlp.${name}`, shape, dtype: 'BF16', bytes},
    });
    return [
      of('experts.gate_up_proj', [4, 2 * hidden, dim], gateUp),
      of('experts.down_proj', [4, dim, hidden], Buffer.concat(expert(layer, 'w2'))),
      of('gate.weight', [4, dim], named.get(`layers.${layer}.feed_forward.gate.weight`)?.bytes ?? Buffer.of()),
    ];
  });
  const config = {
    ...{
      model_type: 'mixtral',
      hidden_size: dim,
      num_hidden_layers: 2,
      intermediate_size: hidden,
      num_attention_heads: 4,
    },
    ...{num_key_value_heads: 2, head_dim: 16, rms_norm_eps: 1e-5, rope_theta: 1e6, max_position_embeddings: 256},
    ...{num_local_experts: 4, num_experts_per_tok: 2},
  };
  const plain = mixtralFolder();
  const hf = {
    'config.json': json(config),
    'model.safetensors': safetensors([...dense, ...fused]),
    'tokenizer.model.v3': plain['tokenizer.model.v3'] as Uint8Array,
  };
  const sums = async (files: Files) => {
    const {file, bytes} = await converted(files);
    return file.tensors.map(({name, shape, offset, bytes: length = 0}) => [
      name,
      shape,
      sum(bytes.subarray(offset, offset + length)),
    ]);
  };
  expect(await sums(hf)).toEqual(await sums(plain));
});

test('Mixtral\u2019s first checkpoint: layers in several pickles, experts below each other, those of w2 transposed', async () => {
  const [dim, hidden] = [64, 96];
  const own = transformerTensors(
    {dim, n_layers: 2, hidden_dim: hidden, n_heads: 4, n_kv_heads: 2, head_dim: 16},
    {experts: 4},
  );
  const bytesOf = (name: string) => own.find((item) => item.name === name)?.bytes ?? Buffer.of();
  const stacked = [0, 1].flatMap((layer): FakeTensor[] => {
    const experts = (part: string) =>
      [0, 1, 2, 3].map((at) => bytesOf(`layers.${layer}.feed_forward.experts.${at}.${part}.weight`));
    const turned = experts('w2').map((bytes) => {
      const values = new Uint16Array(Uint8Array.from(bytes).buffer);
      const out = Uint16Array.from(values, (_, at) => values[(at % dim) * hidden + Math.floor(at / dim)] as number);
      return new Uint8Array(out.buffer);
    });
    const of = (name: string, rows: number, parts: readonly Uint8Array[]): FakeTensor => ({
      ...{
        name: `layers.${layer}.block_sparse_moe.${name}`,
        shape: [rows, dim],
        dtype: 'BF16',
        bytes: Buffer.concat(parts),
      },
    });
    return [
      of('gate.weight', 4, [bytesOf(`layers.${layer}.feed_forward.gate.weight`)]),
      of('w1', 4 * hidden, experts('w1')),
      of('w2', 4 * hidden, turned),
      of('w3', 4 * hidden, experts('w3')),
    ];
  });
  const dense = own.filter(({name}) => !name.includes('feed_forward'));
  const plain = mixtralFolder();
  const {'consolidated.safetensors': _, ...rest} = plain;
  const files = {
    ...rest,
    'consolidated.00.pt': checkpoint([...dense, ...stacked.slice(0, 4)]),
    'consolidated.01.pt': checkpoint(stacked.slice(4)),
  };
  const sums = async (from: Files) => {
    const {file, bytes} = await converted(from);
    return file.tensors.map(({name, shape, offset, bytes: length = 0}) => [
      name,
      shape,
      sum(bytes.subarray(offset, offset + length)),
    ]);
  };
  expect(await sums(files)).toEqual(await sums(plain));
});

test('no attention goes to the sinks of a model that has none', async () => {
  const {file, bytes} = await converted(windowFolder('mistral'));
  const sinks = file.tensors.filter(({name}) => name.endsWith('attn_sinks.weight'));
  expect(sinks.map(({name, shape, type}) => [name, shape, type])).toEqual([
    ['blk.0.attn_sinks.weight', [4], 'F32'],
    ['blk.1.attn_sinks.weight', [4], 'F32'],
  ]);
  for (const {offset} of sinks) expect(bytes.readFloatLE(offset + 12)).toBe(Math.fround(-1e30));
});

test('a comparison knows the rows that are taken and the values that are filled in', async () => {
  const {source, path, file} = await converted(windowFolder('ministral'));
  const plan = planConversion(source, 'F32');
  const compare = async () => {
    const found: number[] = [];
    const fd = openSync(path, 'r');
    await compareFile(plan, fd, quiet, (offset) => found.push(offset));
    closeSync(fd);
    return found;
  };
  expect(await compare()).toEqual([]);
  const sinks = file.tensors.find(({name}) => name === 'blk.1.attn_sinks.weight')?.offset ?? 0;
  const changed = readFileSync(path);
  changed.writeFloatLE(0, sinks + 4);
  writeFileSync(path, changed);
  expect(await compare()).toEqual([sinks]);
});

test.each<[string, Files]>([
  ['one tensor becomes two', latentFolder({format: 'hf'})],
  ['one is filled in', windowFolder('mistral')],
])('the part of progress that is read adds up, also where %s', async (_, files) => {
  const source = openSourceFolder(folderWith(files));
  const plan = planConversion(source, 'Q8_0');
  let last = 0;
  const progress = (done: number) => {
    last = done;
  };
  await writePlan(plan, join(source.folder, 'out.gguf'), {...quiet, progress});
  expect(last).toBe(plan.sourceBytes);
});

function sum(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
