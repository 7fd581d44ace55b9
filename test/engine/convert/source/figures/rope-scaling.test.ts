// What attention is multiplied with where YaRN stretches positions, in the keys that llama.cpp reads.
import {expect, test} from 'vitest';
import {planConversion} from '../../../../../src/engine/convert/convert-weights.ts';
import {type OpenFolderOptions, openSourceFolder} from '../../../../../src/engine/convert/source/source-folder.ts';
import {parseGguf} from '../../../../../src/engine/gguf/read-header.ts';
import {latentFolder, mistralWindowFolder, windowFolder} from '../../../../fixtures/families-2026.ts';
import {folderWith} from '../../../../fixtures/folder.ts';
import type {Files} from '../../../../fixtures/tiny-folder.ts';

/** `attn_factor` and `yarn_log_multiplier`, undefined where there is none. */
function scales(files: Files, options: OpenFolderOptions = {}) {
  const source = openSourceFolder(folderWith(files), options);
  const {header, fileSize} = planConversion(source, 'F32').layout;
  const {metadata} = parseGguf('x', header, fileSize);
  const {architecture} = source.model;
  const of = (key: string) => metadata.number(`${architecture}.rope.scaling.${key}`);
  return {architecture, factor: of('attn_factor'), multiplier: of('yarn_log_multiplier'), notes: source.notes};
}

const hf = (rope: Readonly<Record<string, unknown>>) => latentFolder({format: 'hf', rope});
const mistral = (rope: Readonly<Record<string, unknown>>) => latentFolder({format: 'mistral', rope});
const close = (value: number) => expect.closeTo(value, 6);

// g(m) = 1 + 0.1 m ln 8; with S on the softmax and R on the rotated parts: attn_factor = sqrt(S) / g(1), multiplier =
// (sqrt(S) / R - 1) / ln 8.
test.each<[string, Files, OpenFolderOptions, number | undefined, number | undefined]>([
  ['apply_scale false', mistral({}), {}, 0.827853, undefined],
  ['apply_scale true', mistral({apply_scale: true}), {}, undefined, 0.1],
  ['no apply_scale', mistral({apply_scale: undefined}), {}, undefined, 0.1],
  ['no stretching', mistral({factor: 1}), {}, undefined, undefined],
  ['config.json with both scales 1, as Mistral means it', hf({}), {}, 0.827853, undefined],
  ['and as transformers reads it', hf({}), {ropeScale: 'config'}, undefined, 0.1],
  ['no scale of all dimensions', hf({mscale_all_dim: 0}), {}, 0.827853, -0.0827853],
  ['neither scale', hf({mscale_all_dim: undefined, mscale: undefined}), {}, 0.827853, -0.0827853],
  ['other scales', hf({mscale: 0.5, mscale_all_dim: 2}), {}, 1.172147, 0.392381],
  ['a factor of its own', hf({mscale_all_dim: 0, attention_factor: 1}), {}, 0.827853, undefined],
  ['equal scales of 0.7', hf({mscale: 0.7, mscale_all_dim: 0.7}), {}, 0.948356, 0.07],
])('latent attention: %s', (_, files, options, factor, multiplier) => {
  expect(scales(files, options)).toMatchObject({
    architecture: 'mistral4',
    factor: factor && close(factor),
    multiplier: multiplier && close(multiplier),
  });
});

test('only where config.json leaves it open a line says whose figures were taken', () => {
  const note =
    "The scale of attention is 1, as Mistral's params.json of such models asks for; --rope-scale config takes config.json's 1.46, as transformers does.";
  expect(scales(hf({})).notes).toContain(note);
  for (const [files, options] of [
    [hf({}), {ropeScale: 'config'}],
    [hf({mscale_all_dim: 0}), {}],
    [mistral({}), {}],
  ] as const) {
    expect(scales(files, options).notes.filter((line) => line.includes('scale'))).toEqual([]);
  }
});

test('which option decided something is known', () => {
  const heeded = (files: Files, options: OpenFolderOptions) => [...openSourceFolder(folderWith(files), options).heeded];
  expect(heeded(hf({}), {ropeScale: 'config'})).toEqual(['ropeScale']);
  expect(heeded(mistral({}), {ropeScale: 'config'})).toEqual([]);
  expect(heeded(windowFolder('mistral'), {ropeScale: 'config', noWindow: true})).toEqual(['noWindow']);
  expect(heeded(windowFolder('mistral', {sliding_window: null}), {noWindow: true})).toEqual([]);
});

const parameters = (changes: object) => ({
  sliding_window: null,
  rope_parameters: {
    ...{rope_type: 'yarn', factor: 8, rope_theta: 1e6, original_max_position_embeddings: 64},
    ...changes,
  },
});
const yarn = (apply_scale: boolean) => ({
  factor: 8,
  beta: 32,
  alpha: 1,
  apply_scale,
  original_max_position_embeddings: 64,
});

// Of the architectures with plain attention only mistral3 reads the multiplier, and only for what is 1.
test.each<[string, Files, string, number | undefined, number | undefined]>([
  [
    'config.json, scales 1',
    windowFolder('mistral', parameters({mscale: 1, mscale_all_dim: 1})),
    'mistral3',
    undefined,
    1,
  ],
  ['config.json, none', windowFolder('mistral', parameters({})), 'mistral3', undefined, 0],
  ['config.json, one of two', windowFolder('mistral', parameters({mscale_all_dim: 1})), 'mistral3', undefined, 0],
  [
    'config.json, a factor of its own',
    windowFolder('mistral', parameters({attention_factor: 1.5})),
    'mistral3',
    1.241779,
    0,
  ],
  ['params.json, no scale', mistralWindowFolder({sliding_window: null, yarn: yarn(false)}), 'mistral3', undefined, 1],
  ['params.json, with scale', mistralWindowFolder({sliding_window: null, yarn: yarn(true)}), 'mistral3', undefined, 0],
  ['with a window, no scale', mistralWindowFolder({yarn: yarn(false)}), 'granite_swa', 0.827853, undefined],
  ['with a window, with scale', mistralWindowFolder({yarn: yarn(true)}), 'granite_swa', undefined, undefined],
])('plain attention: %s', (_, files, architecture, factor, multiplier) => {
  expect(scales(files)).toMatchObject({architecture, factor: factor && close(factor), multiplier});
});
