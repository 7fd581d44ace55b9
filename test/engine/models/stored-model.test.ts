import {symlinkSync, truncateSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {thisMachine} from '../../../src/engine/models/memory/machine.ts';
import {storedChoice, storedModel} from '../../../src/engine/models/stored-model.ts';
import {folderWith} from '../../fixtures/folder.ts';

const hub = '.cache/huggingface/hub';
const nemo = `${hub}/models--bartowski--Mistral-Nemo-Instruct-2407-GGUF/snapshots/c0ffee`;
const weights = `${hub}/models--me--weights/snapshots/c0ffee`;
const misleading = `${hub}/models--me--Q4_K_M-GGUF/snapshots/c0ffee`;
const home = () =>
  folderWith({
    [`${nemo}/Nemo-Q4_K_M.gguf`]: 'x',
    [`${nemo}/Nemo-Q8_0.gguf`]: 'x',
    'mistral_models/codestral/params.json': '{}',
    'mistral_models/codestral/consolidated.safetensors': 'x',
    [`${weights}/params.json`]: '{}',
    [`${weights}/consolidated.safetensors`]: 'x',
    [`${misleading}/other-Q8_0.gguf`]: 'x',
  });
const find = (home: string, name: string, quant?: string) =>
  storedModel(name, {cwd: '/', home, env: {}, cache: join(home, '.cache/mistral-chat')}, quant);

test.each([
  ['nemo', undefined, `${nemo}/Nemo-Q4_K_M.gguf`],
  ['nemo', 'q8_0', `${nemo}/Nemo-Q8_0.gguf`],
  ['mistral-nemo:Q8_0', undefined, `${nemo}/Nemo-Q8_0.gguf`],
  ['hf:bartowski/Mistral-Nemo-Instruct-2407-GGUF', undefined, `${nemo}/Nemo-Q4_K_M.gguf`],
  ['Nemo-Q8_0.gguf', undefined, `${nemo}/Nemo-Q8_0.gguf`],
  ['codestral', undefined, 'mistral_models/codestral'],
  ['codestral:original', undefined, 'mistral_models/codestral'],
  // A quantisation that a flag asks for can be made of the weights.
  ['codestral', 'Q4_K_M', 'mistral_models/codestral'],
  ['hf:me/weights', 'Q4_K_M', weights],
])('%s with %s is found', (name, quant, path) => {
  const folder = home();
  expect(find(folder, name, quant)).toBe(join(folder, path));
});

test.each([
  ['mathstral', 'mistral pull mathstral'],
  // One that the name asks for is a file of its repository.
  ['codestral:Q4_K_M', 'mistral pull codestral:Q4_K_M'],
  ['hf:me/weights:Q4_K_M', 'mistral pull hf:me/weights:Q4_K_M'],
  ['hf:me/Q4_K_M-GGUF:Q4_K_M', 'mistral pull hf:me/Q4_K_M-GGUF:Q4_K_M'],
  ['someone/else:Q2_K', 'mistral pull hf:someone/else:Q2_K'],
  ['./nowhere', 'Give a .gguf file'],
])('%s is not there, and what to do is said', (name, hint) => {
  expect(() => find(home(), name)).toThrow(
    expect.objectContaining({code: 'model_not_found', hint: expect.stringContaining(hint)}),
  );
});

const many = `${hub}/models--me--many-GGUF/snapshots/c0ffee`;
const GB = 2 ** 30;

/** Files of these sizes, of which the disk holds nothing. */
function manyFiles(sizes: Readonly<Record<string, number>>): string {
  const folder = folderWith({[`${many}/README.md`]: ''});
  for (const [name, bytes] of Object.entries(sizes)) {
    writeFileSync(join(folder, many, name), '');
    truncateSync(join(folder, many, name), bytes);
  }
  return folder;
}

const {ramBytes} = thisMachine();
const sixth = Math.floor(ramBytes / 6);
const half = Math.floor(ramBytes / 2);

test.each<[string, Record<string, number>, string | undefined, string, string]>([
  [
    'all small',
    {'m-Q2_K.gguf': 1, 'm-Q4_K_M.gguf': 2, 'm-Q8_0.gguf': 3, 'm-F16.gguf': 4},
    undefined,
    'm-Q8_0.gguf',
    'one of 4 of me/many-GGUF here: the most exact one, small for this machine',
  ],
  [
    'not all fit',
    {'m-Q2_K.gguf': sixth, 'm-Q4_K_M.gguf': sixth + 1, 'm-Q8_0.gguf': 2 * ramBytes},
    undefined,
    'm-Q4_K_M.gguf',
    'one of 3 of me/many-GGUF here: the most exact one, small for this machine',
  ],
  [
    'large ones',
    {'m-Q2_K.gguf': sixth, 'm-Q4_K_M.gguf': half - GB, 'm-Q6_K.gguf': half},
    undefined,
    'm-Q4_K_M.gguf',
    'one of 3 of me/many-GGUF here: Q4_K_M is fast on a CPU at little loss',
  ],
  [
    'none fits',
    {'m-IQ1_M.gguf': 3 * ramBytes, 'm-Q2_K.gguf': 2 * ramBytes},
    undefined,
    'm-Q2_K.gguf',
    'one of 2 of me/many-GGUF here: the smallest, though more than the memory',
  ],
  [
    'a name for two',
    {'m-Q4_K_M.gguf': 2, 'm-Q4_K_S.gguf': 1, 'm-Q8_0.gguf': 3},
    'q4_k',
    'm-Q4_K_M.gguf',
    'one of 2 of me/many-GGUF here',
  ],
])('of several quantisations of a repository the one that suits this machine: %s', (_, sizes, quant, file, why) => {
  const folder = manyFiles(sizes);
  const chosen = storedChoice('hf:me/many-GGUF', {cwd: '/', home: folder, env: {}, cache: '/none'}, quant);
  expect(chosen.path).toBe(join(folder, many, file));
  expect(chosen.note).toContain(`${file} (`);
  expect(chosen.note).toContain(why);
  expect(chosen.note).toContain('; --quant chooses another');
});

test('an exact quantisation is itself, and what goes beside a model is no choice', () => {
  const folder = manyFiles({'a-mmproj-F16.gguf': 9, 'm-Q6_K.gguf': 1, 'm-Q6_K_L.gguf': 2});
  const where = {cwd: '/', home: folder, env: {}, cache: '/none'};
  expect(storedChoice('hf:me/many-GGUF:Q6_K', where)).toEqual({path: join(folder, many, 'm-Q6_K.gguf')});
  const single = manyFiles({'a-mmproj-F16.gguf': 9, 'm-Q6_K.gguf': 1});
  expect(storedChoice('hf:me/many-GGUF', {...where, home: single})).toEqual({path: join(single, many, 'm-Q6_K.gguf')});
});

const hashOf = (letter: string) => letter.repeat(64);
const manifest = (letter: string) =>
  JSON.stringify({layers: [{mediaType: 'application/vnd.ollama.image.model', digest: `sha256:${hashOf(letter)}`}]});
const ollamaHome = () =>
  folderWith({
    '.ollama/models/manifests/registry.ollama.ai/library/mistral/latest': manifest('a'),
    '.ollama/models/manifests/registry.ollama.ai/library/mistral/7b': manifest('b'),
    '.ollama/models/manifests/registry.ollama.ai/someone/mistral/latest': manifest('c'),
    '.ollama/models/manifests/hf.co/me/X-GGUF/Q4_K_M': manifest('d'),
    '.ollama/models/manifests/hf.co/you/X-GGUF/Q4_K_M': manifest('e'),
    ...Object.fromEntries([...'abcde'].map((letter) => [`.ollama/models/blobs/sha256-${hashOf(letter)}`, letter])),
  });

test.each([
  ['mistral:latest', 'a'],
  ['mistral', 'a'],
  ['ollama:mistral:latest', 'a'],
  ['mistral:7b', 'b'],
  ['someone/mistral', 'c'],
  ['hf.co/me/X-GGUF:Q4_K_M', 'd'],
  ['hf.co/you/X-GGUF:q4_k_m', 'e'],
  ['ollama:hf.co/you/X-GGUF:Q4_K_M', 'e'],
])("%s is ollama's", (name, letter) => {
  const folder = ollamaHome();
  expect(find(folder, name)).toBe(join(folder, `.ollama/models/blobs/sha256-${hashOf(letter)}`));
});

test('a name that two stores have for different files is told with both, for one file it is one', () => {
  const folder = folderWith({
    [`${nemo}/m.gguf`]: 'x',
    '.lmstudio/models/someone/repo/m.gguf': 'y',
    '.lmstudio/models/someone/repo/n.gguf': 'y',
  });
  const [first, second] = [join(folder, nemo, 'm.gguf'), join(folder, '.lmstudio/models/someone/repo/m.gguf')];
  expect(() => find(folder, 'm.gguf')).toThrow(
    expect.objectContaining({
      code: 'model_not_found',
      message: `"m.gguf" is several models: ${first} (hub), ${second} (lmstudio)`,
      hint: 'Give the path.',
    }),
  );
  symlinkSync(join(folder, '.lmstudio/models/someone/repo/n.gguf'), join(folder, nemo, 'n.gguf'));
  expect(find(folder, 'n.gguf')).toBe(join(folder, nemo, 'n.gguf'));
});

test('revisions of a repository are told apart: by branch, tag, pull request and commit', () => {
  const repository = `${hub}/models--me--tune`;
  const old = 'a'.repeat(40);
  const folder = folderWith({
    [`${repository}/refs/main`]: 'b'.repeat(40),
    [`${repository}/refs/v1.0`]: 'c'.repeat(40),
    [`${repository}/refs/refs/pr/7`]: 'd'.repeat(40),
    ...Object.fromEntries([...'abcd'].map((c) => [`${repository}/snapshots/${c.repeat(40)}/m-Q4_K_M.gguf`, c])),
  });
  const at = (c: string) => join(folder, repository, 'snapshots', c.repeat(40), 'm-Q4_K_M.gguf');
  expect(find(folder, 'hf:me/tune')).toBe(at('b'));
  expect(find(folder, 'me/tune@main:Q4_K_M')).toBe(at('b'));
  expect(find(folder, 'hf:me/tune@v1.0')).toBe(at('c'));
  expect(find(folder, 'hf:me/tune@refs/pr/7:q4_k_m')).toBe(at('d'));
  expect(find(folder, `hf:me/tune@${old}`)).toBe(at('a'));
  expect(find(folder, `hf:me/tune@${'b'.repeat(40)}`)).toBe(at('b'));
  expect(() => find(folder, 'hf:me/tune@v2')).toThrow(
    expect.objectContaining({hint: "If it is a model's name, fetch it: mistral pull hf:me/tune@v2"}),
  );
});

test('a folder that is quantised for MLX is named, not opened', () => {
  const mlx = `${hub}/models--mlx-community--Mistral-4bit/snapshots/c0ffee`;
  const folder = folderWith({
    [`${mlx}/config.json`]: '{"model_type":"mistral","quantization":{"group_size":64,"bits":4}}',
    [`${mlx}/model.safetensors`]: 'x',
  });
  expect(() => find(folder, 'mlx-community/Mistral-4bit')).toThrow(
    expect.objectContaining({
      code: 'model_unsupported',
      message: "mlx-community/Mistral-4bit is quantised for Apple's GPUs (MLX, 4 bit)",
    }),
  );
});

test('of the models that a name may mean, the one that is here is taken', () => {
  const small = `${hub}/models--bartowski--mistralai_Mistral-Small-3.2-24B-Instruct-2506-GGUF/snapshots/c0ffee`;
  const large = `${hub}/models--bartowski--mistralai_Mistral-Small-4-119B-2603-GGUF/snapshots/c0ffee`;
  for (const there of [`${small}/s-Q4_K_M.gguf`, `${large}/s-Q4_K_M.gguf`]) {
    const folder = folderWith({[there]: 'x'});
    expect(find(folder, 'small')).toBe(join(folder, there));
    expect(find(folder, 'mistral-small:Q4_K_M')).toBe(join(folder, there));
  }
  const weights = `${hub}/models--mistralai--Devstral-Small-2-24B-Instruct-2512/snapshots/c0ffee`;
  const folder = folderWith({[`${weights}/params.json`]: '{}', [`${weights}/consolidated.safetensors`]: 'x'});
  for (const name of ['devstral', 'devstral:original', 'devstral-2:24b']) {
    expect(find(folder, name)).toBe(join(folder, weights));
  }
});
