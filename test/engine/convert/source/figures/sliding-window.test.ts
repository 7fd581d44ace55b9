import {expect, test} from 'vitest';
import {EngineError} from '../../../../../src/base/errors.ts';
import {type OpenFolderOptions, openSourceFolder} from '../../../../../src/engine/convert/source/source-folder.ts';
import type {Transformer} from '../../../../../src/engine/convert/tensors/hyperparameters.ts';
import {mistralWindowFolder, windowFolder} from '../../../../fixtures/families-2026.ts';
import {folderWith} from '../../../../fixtures/folder.ts';
import type {Files} from '../../../../fixtures/tiny-folder.ts';

function opened(files: Files, options: OpenFolderOptions = {}) {
  const {model, notes} = openSourceFolder(folderWith(files), options);
  const {architecture, window} = model as Transformer;
  return {architecture, window, notes};
}

function refusal(files: Files): {code: string; line: string; hint: string | undefined} {
  const folder = folderWith(files);
  try {
    openSourceFolder(folder);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return {code: error.code, line: error.message.replace(`${folder}/`, ''), hint: error.hint};
  }
  throw new Error('it opened');
}

const kept = (layers: string, size = 24) =>
  `A sliding window of ${size} tokens is kept for ${layers}: other programs need llama.cpp with the architecture granite_swa.`;

test.each<[string, Files, readonly boolean[]]>([
  ['config.json: all layers', windowFolder('mistral'), [true, true]],
  ['config.json: by layer', windowFolder('ministral'), [false, true]],
  ['params.json: all layers', mistralWindowFolder(), [true, true]],
  ['params.json: a list, one a layer', mistralWindowFolder({sliding_window: [null, 24]}), [false, true]],
  ['params.json: a list that repeats', mistralWindowFolder({sliding_window: [24]}), [true, true]],
  ['params.json: the other name', mistralWindowFolder({sliding_window: null, _sliding_window: 24}), [true, true]],
])('%s', (_, files, slides) => {
  const layers = slides.every(Boolean) ? 'all layers' : '1 of 2 layers';
  expect(opened(files)).toEqual({architecture: 'granite_swa', window: {size: 24, slides}, notes: [kept(layers)]});
});

test.each<[string, Files]>([
  ['none', windowFolder('mistral', {sliding_window: null})],
  ['as long as the context', windowFolder('mistral', {sliding_window: 512})],
  ['longer than the context', mistralWindowFolder({sliding_window: 4096})],
  ['for no layer', windowFolder('ministral', {layer_types: ['full_attention', 'full_attention']})],
  ['a list of nulls', mistralWindowFolder({sliding_window: [null, null]})],
  ['0', mistralWindowFolder({sliding_window: 0})],
])('a window that is none: %s', (_, files) => {
  expect(opened(files)).toEqual({architecture: 'llama', window: undefined, notes: []});
});

test('one that a longer context brings into play', () => {
  expect(opened(mistralWindowFolder({sliding_window: 512}), {context: 1024}).window?.size).toBe(512);
});

test('left out on request, which is told', () => {
  for (const files of [windowFolder('ministral'), mistralWindowFolder()]) {
    expect(opened(files, {noWindow: true})).toEqual({
      ...{architecture: 'llama', window: undefined},
      notes: ["The sliding window is left out: beyond 24 tokens the answers are others than the model's."],
    });
  }
});

const yarn = {factor: 4, beta: 32, alpha: 1, apply_scale: true, original_max_position_embeddings: 128};

test.each<[string, Files, string]>([
  [
    'an attention temperature',
    mistralWindowFolder({yarn, llama_4_scaling: {beta: 0.1, original_max_position_embeddings: 128}}),
    'params.json: llama.cpp cannot keep a sliding window of 24 tokens together with an attention temperature',
  ],
  [
    'betas of YaRN that its architecture does not read',
    mistralWindowFolder({yarn: {...yarn, beta: 16}}),
    'params.json: llama.cpp cannot keep a sliding window of 24 tokens together with the YaRN betas 16 and 1',
  ],
])('a window with %s is refused, and the flag that leaves it out is named', (_, files, line) => {
  expect(refusal(files)).toEqual({
    ...{code: 'model_unsupported', line},
    hint: '--no-window writes it without the window: right up to 24 tokens.',
  });
  expect(opened(files, {noWindow: true}).architecture).toBe('mistral3');
});

test.each<[string, Files, string, string]>([
  [
    'of several sizes',
    mistralWindowFolder({sliding_window: [24, 48]}),
    'model_unsupported',
    'params.json: windows of several sizes (24, 48) in one model',
  ],
  [
    'that is a word',
    mistralWindowFolder({sliding_window: 'long'}),
    'model_invalid',
    'params.json: "sliding_window" is "long", which is no size',
  ],
  [
    'with a word in its list',
    mistralWindowFolder({sliding_window: [24, 'x']}),
    'model_invalid',
    'params.json: "sliding_window" holds "x", which is no size',
  ],
  [
    'of half a token',
    mistralWindowFolder({sliding_window: 2.5}),
    'model_invalid',
    'params.json: "sliding_window" is 2.5, which is not a whole number from 0 to 2147483647',
  ],
  [
    'beyond any context',
    windowFolder('mistral', {sliding_window: 2 ** 32}),
    'model_invalid',
    'config.json: "sliding_window" is 4294967296, which is not a whole number from 0 to 2147483647',
  ],
  [
    'for layers of another kind',
    windowFolder('ministral', {layer_types: ['linear_attention', 'full_attention']}),
    'model_unsupported',
    'config.json: layers of the kind "linear_attention" cannot be converted',
  ],
])('a window %s is refused', (_, files, code, line) => {
  expect(refusal(files)).toMatchObject({code, line});
});

test('a window that config.json does not speak of is told', () => {
  const files = windowFolder('mistral', {sliding_window: undefined, max_position_embeddings: 8192});
  expect(opened(files)).toEqual({
    ...{architecture: 'llama', window: undefined},
    notes: ['config.json does not say "sliding_window": none is taken, where transformers would take 4096.'],
  });
  expect(opened(windowFolder('mistral', {sliding_window: undefined})).notes).toEqual([]);
});
