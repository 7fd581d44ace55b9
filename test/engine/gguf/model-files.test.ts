import {expect, test} from 'vitest';
import {isSidecar, modelFiles, quantFromName, splitOf} from '../../../src/engine/gguf/model-files.ts';

const files = (...names: string[]) => names.map((name, index) => ({name, bytes: 100 * (index + 1)}));

test.each([
  ['Mistral-7B-Instruct-v0.3-Q4_K_M.gguf', 'Q4_K_M'],
  ['mistral-7b-instruct-v0.2.Q5_K_S.gguf', 'Q5_K_S'],
  ['Devstral-Small-2507-UD-Q4_K_XL.gguf', 'UD-Q4_K_XL'],
  ['x-IQ3_XXS-00001-of-00002.gguf', 'IQ3_XXS'],
  ['model-bf16.gguf', 'BF16'],
  ['model.fp16.gguf', 'F16'],
  ['mixtral-8x7b-v0.1.gguf', undefined],
  ['Q8_0.gguf', 'Q8_0'],
])('%s is of quantisation %s', (name, quant) => {
  expect(quantFromName(name)).toBe(quant);
});

test.each([
  ['mmproj-model-f16.gguf', true],
  ['imatrix.gguf', true],
  ['model-lora.gguf', true],
  ['ggml-vocab-llama.gguf', true],
  ['adapter_q8.gguf', true],
  ['Explora-7B-Q4_K_M.gguf', false],
  ['mistral-7b.gguf', false],
])('%s goes only with a model: %s', (name, sidecar) => {
  expect(isSidecar(name)).toBe(sidecar);
});

test('the parts of a split model are one model, with what is missing', () => {
  const [model, ...others] = modelFiles(
    files('m-Q4_0-00003-of-00003.gguf', 'm-Q4_0-00001-of-00003.gguf', 'mmproj.gguf', 'readme.md'),
  );
  expect(others).toEqual([]);
  expect(model).toEqual({
    name: 'm-Q4_0-00001-of-00003.gguf',
    parts: ['m-Q4_0-00001-of-00003.gguf', 'm-Q4_0-00003-of-00003.gguf'],
    missing: ['m-Q4_0-00002-of-00003.gguf'],
    bytes: 300,
    quant: 'Q4_0',
  });
});

test('models are listed biggest first', () => {
  expect(modelFiles(files('a.gguf', 'b.gguf', 'c.GGUF')).map((model) => model.name)).toEqual([
    'c.GGUF',
    'b.gguf',
    'a.gguf',
  ]);
});

test('a split name tells its part', () => {
  expect(splitOf('big-00002-of-00010.gguf')).toEqual({prefix: 'big', part: 2, count: 10});
  expect(splitOf('big-2-of-10.gguf')).toBeUndefined();
});
