// Folders that have both params.json and config.json: which is taken, and what is told where they disagree.
import {expect, test} from 'vitest';
import {type OpenFolderOptions, openSourceFolder} from '../../../../../src/engine/convert/source/source-folder.ts';
import type {Latent} from '../../../../../src/engine/convert/tensors/hyperparameters.ts';
import {
  latentConfig,
  latentFolder,
  latentParams,
  mistralWindowFolder,
  SIZES,
  windowFolder,
} from '../../../../fixtures/families-2026.ts';
import {folderWith} from '../../../../fixtures/folder.ts';
import {type Files, json} from '../../../../fixtures/tiny-folder.ts';

const LEFT_OUT = 'The vision encoder is left out: this program is text only.';
const textConfig = (changes: object) => {
  const own = latentConfig();
  return json({...own, text_config: {...(own.text_config as object), ...changes}});
};
const ofMistral = (config: Uint8Array, params: object = {}): Files => ({
  ...latentFolder({format: 'mistral'}),
  'params.json': json({...latentParams(), ...params}),
  'config.json': config,
});
const ofHf = (params: object): Files => ({
  ...latentFolder({format: 'hf'}),
  'params.json': json({...latentParams(), ...params}),
});

function opened(files: Files, options: OpenFolderOptions = {}) {
  const folder = folderWith(files);
  const source = openSourceFolder(folder, options);
  return {
    ...source,
    model: source.model as Latent & Transformer,
    notes: source.notes.map((line) => line.replaceAll(`${folder}/`, '')),
  };
}

test('two files that say the same are not spoken of, whichever format the weights have', () => {
  const fromMistral = opened(ofMistral(json(latentConfig())));
  expect(fromMistral.notes).toEqual([LEFT_OUT]);
  const fromHf = opened(ofHf({}));
  expect(fromHf.notes).toEqual([LEFT_OUT]);
  expect(fromHf.model).toEqual(fromMistral.model);
  expect(fromHf.files.map((path) => path.split('/').at(-1))).toEqual([
    'config.json',
    'params.json',
    'tekken.json',
    'model.safetensors',
  ]);
});

test.each<[string, Files, string]>([
  [
    'positions and scales',
    ofMistral(textConfig({max_position_embeddings: 1024, rms_norm_eps: 1e-5, rope_theta: 1e6})),
    'epsilon of the norms 0.000001 and 0.00001, rotary base 10000 and 1000000, context length 512 and 1024',
  ],
  ['layers', ofMistral(textConfig({num_hidden_layers: 3})), 'layers 2 and 3'],
  [
    'experts',
    ofMistral(textConfig({num_experts_per_tok: 1, routed_scaling_factor: 2.5})),
    'experts used 2 and 1, scale of experts 1 and 2.5',
  ],
  [
    'a scale that is asked for plainly',
    ofHf({yarn: {...(latentParams().yarn as object), apply_scale: true}}),
    'scale of attention 1.45913 and 1',
  ],
  [
    'no temperature',
    ofHf({llama_4_scaling: null}),
    'attention temperature none and 0.1, position where the temperature begins none and 64',
  ],
  [
    'a window',
    {...mistralWindowFolder(), 'config.json': windowFolder('ministral')['config.json'] as Uint8Array},
    'layers that slide 0,1 and 1',
  ],
  [
    'a window that only one has',
    {
      ...mistralWindowFolder({sliding_window: null}),
      'config.json': windowFolder('mistral')['config.json'] as Uint8Array,
    },
    'sliding window none and 24, layers that slide none and 0,1',
  ],
])('where they disagree one line tells it, and params.json is taken: %s', (_, files, differences) => {
  const {notes} = opened(files);
  expect(notes.at(-1)).toBe(`params.json and config.json disagree: ${differences}; params.json is taken.`);
});

test('params.json is what is written', () => {
  expect(opened(ofHf({max_position_embeddings: 256})).model.context).toBe(256);
  expect(opened(ofMistral(textConfig({max_position_embeddings: 1024}))).model.context).toBe(512);
});

test('of other shapes than the weights in Hugging Face\u2019s format, it is not', () => {
  const {model, notes} = opened(ofHf({n_layers: 3, max_position_embeddings: 256}));
  expect([model.layers, model.context]).toEqual([SIZES.layers, 512]);
  expect(notes.at(-1)).toBe(
    'params.json and config.json disagree: layers 3 and 2, context length 256 and 512; config.json is taken, as the weights are in its format.',
  );
});

test('a context length that only config.json has is taken', () => {
  const files = {...mistralWindowFolder({sliding_window: null, max_position_embeddings: undefined})};
  const config = windowFolder('mistral', {sliding_window: null, max_position_embeddings: 777})[
    'config.json'
  ] as Uint8Array;
  const {model, notes} = opened({...files, 'config.json': config});
  expect([model.context, notes]).toEqual([
    777,
    ['params.json gives no context length: 777 is written, that of config.json; --ctx-train overrides it.'],
  ]);
});

test('the scale of config.json can be asked for beside params.json, and nothing else of it', () => {
  const {model, notes, heeded} = opened(ofMistral(textConfig({max_position_embeddings: 1024})), {ropeScale: 'config'});
  expect((model as Latent).yarn?.softmaxScale).toBeCloseTo(1.459129, 5);
  expect([model.context, [...heeded]]).toEqual([512, ['ropeScale']]);
  expect(notes).toEqual([
    LEFT_OUT,
    'params.json and config.json disagree: context length 512 and 1024; params.json is taken.',
  ]);
});

test.each<[string, Files, string]>([
  [
    'another maker\u2019s type',
    ofMistral(json({model_type: 'deepseek_v3'})),
    'config.json: models of type "deepseek_v3" cannot be converted',
  ],
  ['no JSON', ofMistral(Buffer.from('{')), 'config.json is not valid JSON'],
  ['figures missing', ofHf({n_heads: undefined}), 'params.json: "n_heads" is missing'],
])('a second file that cannot be read is told, and the first one is taken: %s', (_, files, why) => {
  const {notes} = opened(files);
  expect(notes.at(-1)).toContain(`Only one of params.json and config.json can be read, and is taken: ${why}`);
});

test('its scale cannot be asked for then', () => {
  expect(() => opened(ofMistral(json({model_type: 'deepseek_v3'})), {ropeScale: 'config'})).toThrow(
    'models of type "deepseek_v3" cannot be converted',
  );
});
