import {expect, test} from 'vitest';
import {EngineError} from '../../../../src/base/errors.ts';
import {openSourceFolder} from '../../../../src/engine/convert/source/source-folder.ts';
import {latentFolder, latentTensors} from '../../../fixtures/families-2026.ts';
import {folderWith} from '../../../fixtures/folder.ts';
import {checkpoint} from '../../../fixtures/pth.ts';
import {denseFolder, hfFolder, transformerTensors} from '../../../fixtures/tiny-families.ts';
import {type FakeTensor, type Files, json, safetensors} from '../../../fixtures/tiny-folder.ts';

const tensors = latentTensors({format: 'mistral'});
const whole = latentFolder({format: 'mistral'});
const without = (files: Files, ...names: string[]): Files =>
  Object.fromEntries(Object.entries(files).filter(([name]) => !names.includes(name)));
const shard = (at: number, of = 3) => `consolidated-0000${at}-of-0000${of}.safetensors`;

/** Every third tensor in each of three files, as published, with an index. */
function sharded(): Files {
  const third = (at: number) => tensors.filter((_, i) => i % 3 === at - 1);
  const map = Object.fromEntries(tensors.map(({name}, i) => [name, shard((i % 3) + 1)]));
  return {
    ...without(whole, 'consolidated.safetensors'),
    ...Object.fromEntries([1, 2, 3].map((at) => [shard(at), safetensors(third(at))])),
    'consolidated.safetensors.index.json': json({metadata: {}, weight_map: map}),
  };
}

function refusal(files: Files): {code: string; line: string} {
  const folder = folderWith(files);
  try {
    openSourceFolder(folder);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return {code: error.code, line: error.message.replaceAll(folder, 'DIR')};
  }
  throw new Error('it opened');
}

const sources = (files: Files) =>
  openSourceFolder(folderWith(files)).tensors.map(({name, parts}) => [name, parts.map(({source}) => source.name)]);

test('a folder in Mistral\u2019s format may have its weights in parts', () => {
  expect(sources(sharded())).toEqual(sources(whole));
  expect(sources(without(sharded(), 'consolidated.safetensors.index.json'))).toEqual(sources(whole));
});

test('one whole file goes before parts of the same weights', () => {
  const files = {...sharded(), 'consolidated.safetensors': whole['consolidated.safetensors'] as Uint8Array};
  const opened = openSourceFolder(folderWith(files));
  expect(opened.files.map((path) => path.split('/').at(-1))).toEqual([
    'params.json',
    'tekken.json',
    'consolidated.safetensors',
  ]);
});

test.each<[string, Files, string, string]>([
  [
    'a part that is missing',
    without(sharded(), shard(2)),
    'model_not_found',
    `DIR: part 2 of 3 of the weights is missing: ${shard(2)}: it has`,
  ],
  [
    'an index that names another file',
    {...sharded(), 'consolidated.safetensors.index.json': json({weight_map: {a: 'consolidated-more.safetensors'}})},
    'model_not_found',
    'DIR: the index of the weights names consolidated-more.safetensors: it has',
  ],
  ...['../x.safetensors', '/etc/x.safetensors', 'sub/x.safetensors', '..\\x.safetensors', 'x.bin', ''].map(
    (name): [string, Files, string, string] => [
      `an index that names "${name}"`,
      {...sharded(), 'consolidated.safetensors.index.json': json({weight_map: {a: name}})},
      'model_invalid',
      `DIR/consolidated.safetensors.index.json: it names the file "${name}"`,
    ],
  ),
  [
    'an index that holds no names',
    {...sharded(), 'consolidated.safetensors.index.json': json({weight_map: {a: 5}})},
    'model_invalid',
    'DIR/consolidated.safetensors.index.json: it names the file ""',
  ],
  [
    'parts of two models',
    {...sharded(), [shard(3)]: safetensors([...tensors.filter((_, i) => i % 3 === 2), tensors[0] as FakeTensor])},
    'model_invalid',
    `DIR/${shard(3)}: the tensor "tok_embeddings.weight" is also in DIR/${shard(1)}`,
  ],
])('%s is told', (_, files, code, line) => {
  expect(refusal(files)).toEqual({code, line: expect.stringContaining(line)});
});

test('a Hugging Face folder whose parts have other names is read by its index', () => {
  const {'model-00001-of-00002.safetensors': one, 'model-00002-of-00002.safetensors': two, ...rest} = hfFolder();
  const files = {
    ...rest,
    'model.part-a.safetensors': one as Uint8Array,
    'model.part-b.safetensors': two as Uint8Array,
    'model.safetensors.index.json': json({weight_map: {x: 'model.part-b.safetensors', y: 'model.part-a.safetensors'}}),
  };
  expect(sources(files)).toEqual(sources(hfFolder()));
});

const dense = transformerTensors({dim: 64, n_layers: 2, hidden_dim: 96, n_heads: 4, n_kv_heads: 2, head_dim: 16});
const pickles = (...parts: FakeTensor[][]): Files => ({
  ...without(denseFolder(), 'consolidated.safetensors'),
  ...Object.fromEntries(parts.map((part, at) => [`consolidated.0${at}.pth`, checkpoint(part)])),
});

test('pickles that hold whole tensors each are one model', () => {
  const half = Math.floor(dense.length / 2);
  expect(sources(pickles(dense.slice(0, half), dense.slice(half)))).toEqual(sources(denseFolder()));
});

test.each<[string, Files, string, string]>([
  [
    'a piece of a tensor in each',
    pickles(dense, dense),
    'model_unsupported',
    'DIR holds 2 shards (consolidated.00.pth ...)',
  ],
  [
    'the first one missing',
    without(pickles([], dense), 'consolidated.00.pth'),
    'model_not_found',
    'DIR: part 0 of the weights is missing: consolidated.00.pth: it has',
  ],
  [
    'the middle one missing',
    without(pickles(dense, [], []), 'consolidated.01.pth'),
    'model_not_found',
    'DIR: part 1 of the weights is missing: consolidated.01.pth: it has',
  ],
  ['the last one missing', pickles(dense.slice(0, 9)), 'model_invalid', 'DIR: the weights lack blk.'],
])('pickles with %s', (_, files, code, line) => {
  expect(refusal(files)).toEqual({code, line: expect.stringContaining(line)});
});
