import {join} from 'node:path';
import {expect, test} from 'vitest';
import {storedModel} from '../../../src/engine/models/stored-model.ts';
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
