import {join} from 'node:path';
import {expect, test} from 'vitest';
import {readGguf} from '../../../../src/engine/gguf/read-header.ts';
import {entryOfFile} from '../../../../src/engine/models/catalogue/entry-of-file.ts';
import {recommendedSampling} from '../../../../src/engine/models/defaults/recommended-sampling.ts';
import {folderWith} from '../../../fixtures/folder.ts';
import type {GgufValue} from '../../../fixtures/gguf.ts';
import {tinyModel} from '../../../fixtures/tiny-model.ts';

const file = (name: string, metadata: Readonly<Record<string, GgufValue>> = {}) =>
  readGguf(join(folderWith({[name]: tinyModel(metadata)}), name));

test.each<[string, Record<string, GgufValue>, string | undefined]>([
  ['Mistral-Small-3.2-24B-Instruct-2506-Q4_K_M.gguf', {}, 'mistral-small-3.2'],
  ['mistralai_Mistral-Small-3.2-24B-Instruct-2506-UD-Q4_K_XL.gguf', {}, 'mistral-small-3.2'],
  ['Devstral-Small-2507-Q8_0.gguf', {}, 'devstral-small-1.1'],
  ['model.gguf', {'general.name': 'Magistral Small 2509'}, 'magistral-small'],
  ['models--bartowski--Mistral-Nemo-Instruct-2407-GGUF/snapshots/c0ffee/any.gguf', {}, 'mistral-nemo'],
  ['Dolphin-Mistral-Small-3.2-24B-Instruct-2506-Q4_K_M.gguf', {}, undefined],
  ['Mistral-Small-3.2-24B-Instruct-2506-abliterated.gguf', {'general.name': 'Mine'}, undefined],
  ['m.gguf', {}, undefined],
])('%s with %j is %s', (name, metadata, id) => {
  expect(entryOfFile(file(name, metadata))?.id).toBe(id);
});

test('a figure of the file goes before one of the catalogue, and each has its origin', () => {
  const name = 'Magistral-Small-2509-Q4_K_M.gguf';
  expect(recommendedSampling(file(name)).sampling).toEqual({
    temperature: {value: 0.7, origin: 'the catalogue'},
    topP: {value: 0.95, origin: 'the catalogue'},
  });
  expect(
    recommendedSampling(
      file(name, {'general.sampling.temp': {f32: 0.2}, 'mistral.sampling.origin': 'generation_config.json'}),
    ).sampling,
  ).toEqual({
    temperature: {value: 0.2, origin: 'generation_config.json'},
    topP: {value: 0.95, origin: 'the catalogue'},
  });
  // A bad figure is as none.
  expect(recommendedSampling(file(name, {'general.sampling.temp': {f32: -1}}))).toEqual({
    sampling: {temperature: {value: 0.7, origin: 'the catalogue'}, topP: {value: 0.95, origin: 'the catalogue'}},
    notes: ["the file's general.sampling.temp is ignored: -1 is not a number from 0 to 5"],
  });
  expect(recommendedSampling(file('Ministral-3-3B-Instruct-2512-BF16.gguf')).sampling).toEqual({
    temperature: {value: 0.1, origin: 'the catalogue, unverified'},
  });
  expect(recommendedSampling(file('m.gguf'))).toEqual({sampling: {}, notes: []});
});
