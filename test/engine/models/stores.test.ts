import {rmSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {hubCacheFolder, listStores} from '../../../src/engine/models/stores.ts';
import {folderWith} from '../../fixtures/folder.ts';
import {ggufBytes} from '../../fixtures/gguf.ts';

const hub = '.cache/huggingface/hub';
const list = (home: string, env: Record<string, string> = {}) =>
  listStores({home, env, cache: join(home, '.cache/mistral-chat')}).map(({name, store, bytes, onlyFor}) =>
    [store, name, bytes, onlyFor].filter((cell) => cell !== undefined),
  );

test('split models are one when all parts are there, and none when one is missing, in every store', () => {
  const split = (folder: string, parts: number) =>
    Object.fromEntries(Array.from({length: parts}, (_, at) => [`${folder}/m-0000${at + 1}-of-00003.gguf`, 'xx']));
  const whole = {
    ...split(`${hub}/models--me--whole/snapshots/c0ffee/sub`, 3),
    ...split('.lmstudio/models/me/whole', 3),
    ...split('.cache/mistral-chat/models/fetched', 3),
  };
  const cut = {
    ...split(`${hub}/models--me--cut/snapshots/c0ffee`, 2),
    ...split('.lmstudio/models/me/cut', 2),
    ...split('.cache/llama.cpp', 2),
  };
  expect(list(folderWith({...whole, ...cut}))).toEqual([
    ['hub', 'hf:me/whole/sub/m-00001-of-00003.gguf', 6],
    ['converted', 'm-00001-of-00003.gguf', 6],
    ['lmstudio', 'm-00001-of-00003.gguf', 6],
  ]);
});

test('a folder of weights is listed when all its shards are there, also behind links', () => {
  const config = '{"model_type": "mistral"}';
  const shards = (folder: string, all: boolean) => ({
    [`${folder}/config.json`]: config,
    [`${folder}/model-00001-of-00002.safetensors`]: 'x',
    ...(all && {[`${folder}/model-00002-of-00002.safetensors`]: 'x'}),
  });
  const dangling = `${hub}/models--me--dangling/snapshots/c0ffee`;
  const home = folderWith({
    ...shards(`${hub}/models--me--whole/snapshots/c0ffee`, true),
    ...shards(`${hub}/models--me--cut/snapshots/c0ffee`, false),
    ...shards(dangling, true),
    ...shards('mistral_models/whole', true),
    ...shards('mistral_models/cut', false),
    'mistral_models/mistral/params.json': '{}',
    'mistral_models/mistral/consolidated-00001-of-00002.safetensors': 'x',
  });
  rmSync(join(home, dangling, 'model-00002-of-00002.safetensors'));
  symlinkSync('../../blobs/gone', join(home, dangling, 'model-00002-of-00002.safetensors'));
  expect(list(home)).toEqual([
    ['hub', 'hf:me/whole', 27],
    ['mistral_models', 'whole', 27],
  ]);
});

test("Jan's, GPT4All's and LM Studio's models are found, and what is quantised for MLX is said", () => {
  const mlx =
    '{"model_type":"mistral","quantization":{"group_size":64,"bits":4},"quantization_config":{"group_size":64,"bits":4}}';
  const home = folderWith({
    '.local/share/Jan/data/llamacpp/models/mistralai/ministral-3b/model.gguf': 'x',
    '.local/share/Jan/data/llamacpp/models/mistralai/ministral-3b/mmproj.gguf': 'x',
    'jan/models/mistral-7b/mistral-7b-Q4_K_M.gguf': 'x',
    '.local/share/nomic.ai/GPT4All/mistral-7b-openorca.Q4_0.gguf': 'x',
    '.local/share/nomic.ai/GPT4All/all-MiniLM.txt': 'x',
    '.lmstudio/models/mlx-community/Nemo-4bit/config.json': mlx,
    '.lmstudio/models/mlx-community/Nemo-4bit/model.safetensors': 'x',
    [`${hub}/models--mlx-community--Mistral-4bit/snapshots/c0ffee/config.json`]: mlx,
    [`${hub}/models--mlx-community--Mistral-4bit/snapshots/c0ffee/model.safetensors`]: 'x',
  });
  expect(list(home)).toEqual([
    ['hub', 'hf:mlx-community/Mistral-4bit', mlx.length + 1, "Apple's GPUs (MLX, 4 bit)"],
    ['lmstudio', 'mlx-community/Nemo-4bit', mlx.length + 1, "Apple's GPUs (MLX, 4 bit)"],
    ['jan', 'jan:mistralai/ministral-3b', 1],
    ['jan', 'mistral-7b-Q4_K_M.gguf', 1],
    ['gpt4all', 'mistral-7b-openorca.Q4_0.gguf', 1],
  ]);
});

test.each<[string, string | undefined]>([
  ['{"model_type":"mistral","quantization_config":{"quant_method":"awq","bits":4}}', 'GPUs (AWQ, 4 bit)'],
  ['{"model_type":"mistral","quantization_config":{"quant_method":"gptq","bits":8}}', 'GPUs (GPTQ, 8 bit)'],
  ['{"model_type":"mistral","quantization_config":{"quant_method":"bitsandbytes"}}', 'GPUs (bitsandbytes)'],
  ['{"model_type":"mistral","quantization_config":{"quant_method":"not-known-yet"}}', 'GPUs (not-known-yet)'],
  ['{"model_type":"mistral","quantization_config":{"quant_method":"fp8"}}', undefined],
  ['{"model_type":"mistral","quantization":{"quant_method":"fp8","group_size":128,"bits":8}}', undefined],
  ['{"model_type":"mistral","quantization":{"group_size":128,"bits":"4"}}', "Apple's GPUs (MLX)"],
  ['{"model_type":"mistral","quantization":null}', undefined],
  ['["mistral"]', undefined],
  ['{"model_type":"mistral"', undefined],
])('what %s is quantised for', (config, form) => {
  const folder = `${hub}/models--me--m/snapshots/c0ffee`;
  const home = folderWith({[`${folder}/config.json`]: config, [`${folder}/model.safetensors`]: 'x'});
  expect(list(home)).toEqual([['hub', 'hf:me/m', config.length + 1, ...(form === undefined ? [] : [form])]]);
});

test("a file of another program's, beside weights whose configuration is silent, tells it too", () => {
  const folder = `${hub}/models--me--mistral/snapshots/c0ffee`;
  const home = folderWith({
    [`${folder}/config.json`]: '{"model_type":"mistral"}',
    [`${folder}/model.safetensors`]: 'x',
    [`${folder}/quantize_config.json`]: '{}',
  });
  expect(list(home)).toEqual([['hub', 'hf:me/mistral', 27, 'GPUs (GPTQ)']]);
});

test("ollama's own files, with a vision or audio tower inside, are marked", () => {
  const digest = (letter: string) => letter.repeat(64);
  const manifest = (letter: string) =>
    JSON.stringify({layers: [{mediaType: 'application/vnd.ollama.image.model', digest: `sha256:${digest(letter)}`}]});
  const models = {
    a: ggufBytes({'general.architecture': 'mistral3'}, [
      {name: 'v.patch_embd.weight', type: 0, shape: [1], data: new Uint8Array(4)},
    ]),
    b: ggufBytes({'general.architecture': 'mistral3', 'mistral3.audio.block_count': {u32: 2}}),
    c: ggufBytes({'general.architecture': 'mistral3'}),
    d: 'no GGUF',
  };
  const files = Object.entries(models).flatMap(([letter, bytes]) => [
    [`.ollama/models/blobs/sha256-${digest(letter)}`, bytes],
    [`.ollama/models/manifests/registry.ollama.ai/library/${letter}/latest`, manifest(letter)],
  ]);
  const home = folderWith(Object.fromEntries(files));
  const marks = listStores({home, env: {}, cache: join(home, 'none')}).map(({name, inside}) => [name, inside]);
  expect(marks).toEqual([
    ['ollama:a:latest', 'a vision tower'],
    ['ollama:b:latest', 'an audio tower'],
    ['ollama:c:latest', undefined],
    ['ollama:d:latest', undefined],
  ]);
});

test.each<[string, (layer: object) => unknown, number]>([
  ['a null among the layers', (layer) => ({layers: [null, layer]}), 1],
  ['a layer that is a text', (layer) => ({layers: ['x', layer]}), 1],
  ['a layer of wrong types', (layer) => ({layers: [{mediaType: 5, digest: []}, layer]}), 1],
  ['layers that are an object', (layer) => ({layers: {0: layer}}), 0],
  ['a digest that is a list', (layer) => ({layers: [{...layer, digest: ['sha256']}]}), 0],
  ['a digest that leads elsewhere', (layer) => ({layers: [{...layer, digest: 'sha256:../../x'}]}), 0],
  ['null for all', () => null, 0],
  ['a list for all', (layer) => [layer], 0],
])("a manifest of ollama's with %s", (_what, manifest, models) => {
  const digest = 'a'.repeat(64);
  const layer = {mediaType: 'application/vnd.ollama.image.model', digest: `sha256:${digest}`};
  const home = folderWith({
    [`.ollama/models/blobs/sha256-${digest}`]: 'x',
    '.ollama/models/manifests/registry.ollama.ai/library/a/latest': JSON.stringify(manifest(layer)),
  });
  expect(listStores({home, env: {}, cache: join(home, 'none')})).toHaveLength(models);
});

test('snapshots of other revisions are shown under their names, those of the main branch under none', () => {
  const repository = `${hub}/models--me--tune`;
  const home = folderWith({
    [`${repository}/refs/main`]: 'bbb',
    [`${repository}/refs/refs/pr/7`]: 'ccc\n',
    [`${repository}/refs/gone`]: 'eee',
    ...Object.fromEntries(['aaa', 'bbb', 'ccc'].map((commit) => [`${repository}/snapshots/${commit}/m.gguf`, 'x'])),
  });
  expect(list(home)).toEqual([
    ['hub', 'hf:me/tune/m.gguf', 1],
    ['hub', 'hf:me/tune@aaa/m.gguf', 1],
    ['hub', 'hf:me/tune@refs/pr/7/m.gguf', 1],
  ]);
});

test('stores that are no folders are empty', () => {
  const home = folderWith({hub: 'x', ollama: 'x', '.lmstudio': 'x', mistral_models: 'x', jan: 'x'});
  expect(list(home, {HF_HUB_CACHE: join(home, 'hub'), OLLAMA_MODELS: join(home, 'ollama')})).toEqual([]);
});

test.each([
  [{}, '/h/.cache/huggingface/hub'],
  [{HF_HOME: '/hf'}, '/hf/hub'],
  [{HF_HOME: '/hf', HUGGINGFACE_HUB_CACHE: '/old'}, '/old'],
  [{HF_HOME: '/hf', HUGGINGFACE_HUB_CACHE: '/old', HF_HUB_CACHE: '/new'}, '/new'],
])('with %j the hub keeps its files in %s', (env, folder) => {
  expect(hubCacheFolder({env, home: '/h'})).toBe(folder);
});
