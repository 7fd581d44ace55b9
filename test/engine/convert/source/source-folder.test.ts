import {basename} from 'node:path';
import {expect, test} from 'vitest';
import {EngineError} from '../../../../src/base/errors.ts';
import {openSourceFolder} from '../../../../src/engine/convert/source/source-folder.ts';
import {folderWith} from '../../../fixtures/folder.ts';
import {checkpoint} from '../../../fixtures/pth.ts';
import {
  denseFolder,
  hfFolder,
  hfTensors,
  mambaFolder,
  ministral3Folder,
  transformerTensors,
} from '../../../fixtures/tiny-families.ts';
import {type Files, json, safetensors, spmModel, tekkenFile, tensor} from '../../../fixtures/tiny-folder.ts';
import {tokenizerJson} from '../../../fixtures/tokenizer-json.ts';

function failure(files: Files): EngineError {
  try {
    openSourceFolder(folderWith(files));
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
  throw new Error('it opened');
}

const params = (changes: Record<string, unknown>) => {
  const known = JSON.parse(Buffer.from(denseFolder()['params.json'] as Uint8Array).toString()) as object;
  return json({...known, ...changes});
};
const without = (files: Files, ...names: string[]): Files =>
  Object.fromEntries(Object.entries(files).filter(([name]) => !names.includes(name)));
const shape = {dim: 64, n_layers: 2, hidden_dim: 96, n_heads: 4, n_kv_heads: 2, head_dim: 16};
const weights = transformerTensors(shape);

test('a checkpoint in .pth form opens as its safetensors form does', () => {
  const plain = openSourceFolder(folderWith(denseFolder()));
  const files = {...without(denseFolder(), 'consolidated.safetensors'), 'consolidated.00.pth': checkpoint(weights)};
  const opened = openSourceFolder(folderWith(files));
  expect(opened.model).toEqual(plain.model);
  expect(opened.tensors.map(({name, shape}) => [name, shape])).toEqual(
    plain.tensors.map(({name, shape}) => [name, shape]),
  );
});

test.each<[string, Record<string, unknown>, object]>([
  ['no rope_theta', {rope_theta: undefined}, {ropeTheta: 1e6}],
  ['a sliding window and no rope_theta', {rope_theta: undefined, sliding_window: 4096}, {ropeTheta: 1e4}],
  ['no KV heads', {n_kv_heads: undefined, n_heads: 2, head_dim: 32}, {kvHeads: 2, headDim: 32}],
  ['no head_dim', {head_dim: undefined}, {headDim: 16}],
  ['no context length', {max_seq_len: undefined}, {context: 32768}],
])('params.json with %s', (_, changes, expected) => {
  const changed =
    changes.n_heads === 2 ? transformerTensors({...shape, n_heads: 2, n_kv_heads: 2, head_dim: 32}) : weights;
  const files = {...denseFolder(), 'params.json': params(changes), 'consolidated.safetensors': safetensors(changed)};
  expect(openSourceFolder(folderWith(files)).model).toMatchObject(expected);
});

test('a context length that is guessed is told, one that is given is taken', () => {
  const folder = folderWith({...denseFolder(), 'params.json': params({max_seq_len: undefined})});
  expect(openSourceFolder(folder).notes).toEqual([
    'params.json gives no context length: 32768 is written, a guess; --ctx-train overrides it.',
  ]);
  expect(openSourceFolder(folder, {context: 999})).toMatchObject({model: {context: 999}, notes: []});
});

test('vision parts are left out with a note', () => {
  const {notes, tensors} = openSourceFolder(folderWith(ministral3Folder()));
  expect(notes).toEqual(['The vision encoder is left out: this program is text only.']);
  expect(tensors.some(({name}) => name === 'output.weight')).toBe(false);
});

test.each([
  ['Pixtral, Small 3.1', (name: string) => `language_model.${name}`, 'vision_tower.', 'multi_modal_projector.'],
  [
    'newer files of the same',
    (name: string) => name.replace(/^model\./, 'model.language_model.'),
    'model.vision_tower.',
    'model.multi_modal_projector.',
  ],
])('the text part of a Hugging Face vision model is all that is taken: %s', (_, rename, tower, projector) => {
  const files = hfFolder();
  const {hidden_size, num_hidden_layers, intermediate_size, rms_norm_eps} = JSON.parse(
    Buffer.from(files['config.json'] as Uint8Array).toString(),
  );
  // What is left out of the text part has transformers' defaults: 32 heads, 8 for keys and values.
  const text = {model_type: 'mistral', hidden_size, num_hidden_layers, intermediate_size, rms_norm_eps, head_dim: 2};
  const own = {...shape, n_heads: 32, n_kv_heads: 8, head_dim: 2};
  const named = hfTensors(own).map((item) => ({...item, name: rename(item.name)}));
  const vision = [tensor(`${tower}patch_conv.weight`, [8, 3, 2, 2]), tensor(`${projector}linear_1.weight`, [8, 8])];
  const source = openSourceFolder(
    folderWith({
      'config.json': json({model_type: 'mistral3', text_config: text, vision_config: {model_type: 'pixtral'}}),
      'model.safetensors': safetensors([...named, ...vision]),
      'tokenizer.model': files['tokenizer.model'] as Uint8Array,
    }),
  );
  expect(source).toMatchObject({
    hasVision: true,
    notes: [
      'The vision encoder is left out: this program is text only.',
      'config.json does not say "sliding_window": none is taken, where transformers would take 4096.',
    ],
    model: {heads: 32, kvHeads: 8, headDim: 2, context: 131_072},
  });
  expect(source.tensors).toHaveLength(21);
});

test('of two tokenizers the one that fits the weights is taken', () => {
  const files = {...denseFolder(), 'tokenizer.model.v1': spmModel(), 'tekken.json': tekkenFile()};
  const {vocabulary, notes} = openSourceFolder(folderWith(files));
  expect(vocabulary.family).toBe('tekken');
  expect(notes).toEqual(['tekken.json is taken of 3 tokenizers, as it fits the weights.']);
});

test('a vocabulary smaller than the embedding is padded', () => {
  const wide = weights.map((item) => (/tok_emb|output/.test(item.name) ? tensor(item.name, [352, 64]) : item));
  const {model, vocabulary} = openSourceFolder(
    folderWith({...denseFolder(), 'consolidated.safetensors': safetensors(wide)}),
  );
  expect([model.vocabSize, vocabulary.size]).toEqual([352, 320]);
});

test.each<[string, Files, RegExp]>([
  [
    'no params.json',
    without(denseFolder(), 'params.json'),
    /there is no params\.json or config\.json: it has consolidated/,
  ],
  [
    'no tokenizer',
    without(denseFolder(), 'tokenizer.model.v3'),
    /has no tokenizer: it has consolidated\.safetensors, params/,
  ],
  ['a part missing', without(hfFolder(), 'model-00002-of-00002.safetensors'), /part 2 of 2 of the weights is missing/],
  [
    'shards that each hold a piece of every tensor',
    {
      ...without(denseFolder(), 'consolidated.safetensors'),
      'consolidated.00.pth': checkpoint(weights),
      'consolidated.01.pth': checkpoint(weights),
    },
    /holds 2 shards \(consolidated\.00\.pth \.\.\.\)$/,
  ],
  [
    'another tokenizer',
    {
      ...denseFolder(),
      'consolidated.safetensors': safetensors(
        weights.map((item) => (/tok_emb|output/.test(item.name) ? tensor(item.name, [300, 64]) : item)),
      ),
    },
    /tokenizer\.model\.v3 has 320 tokens, the weights have 300/,
  ],
  [
    'params.json that is no JSON',
    {...denseFolder(), 'params.json': Buffer.from('{"dim": ')},
    /params\.json is a JSON file|params\.json is not valid JSON/,
  ],
  [
    'params.json that is a web page',
    {...denseFolder(), 'params.json': Buffer.from('<!doctype html>')},
    /params\.json is a web page/,
  ],
  ['a missing field', {...denseFolder(), 'params.json': params({n_layers: undefined})}, /"n_layers" is missing/],
  [
    'a field that is no number',
    {...denseFolder(), 'params.json': params({dim: 'big'})},
    /"dim" is "big", which is no size/,
  ],
  [
    'too many layers',
    {...denseFolder(), 'params.json': params({n_layers: 3})},
    /the weights lack blk\.2\.attn_norm\.weight/,
  ],
  [
    'too few layers',
    {...denseFolder(), 'params.json': params({n_layers: 1})},
    /tensor "layers\.1\.attention_norm\.weight" has no place/,
  ],
  [
    'another width',
    {...denseFolder(), 'params.json': params({hidden_dim: 128})},
    /"layers\.0\.feed_forward\.w1\.weight" is 96 x 64 instead of 128 x 64/,
  ],
  [
    'an unknown tensor',
    {...denseFolder(), 'consolidated.safetensors': safetensors([...weights, tensor('mystery', [2])])},
    /tensor "mystery" is not known/,
  ],
  [
    'a LoRA as weights',
    {
      ...denseFolder(),
      'consolidated.safetensors': safetensors([tensor('layers.0.attention.wq.lora_A.weight', [2, 64])]),
    },
    /holds a LoRA adapter/,
  ],
  [
    'cut weights',
    {...denseFolder(), 'consolidated.safetensors': safetensors(weights).subarray(0, -10)},
    /is incomplete: it has/,
  ],
  [
    'a git-LFS pointer',
    {...denseFolder(), 'consolidated.safetensors': Buffer.from('version https://git-lfs.github.com/spec/v1\noid')},
    /is a git-LFS pointer/,
  ],
  [
    'figures of latent attention without those of its experts',
    {...denseFolder(), 'params.json': params({kv_lora_rank: 8})},
    /params\.json: "moe" is missing$/,
  ],
  [
    'another family',
    {...hfFolder(), 'config.json': json({model_type: 'gemma'})},
    /models of type "gemma" cannot be converted/,
  ],
])('a folder with %s is refused', (_, files, message) => {
  const error = failure(files);
  expect(error.message).toMatch(message);
  expect(error.hint).toBeTruthy();
  expect(error.exitCode).toBe(3);
});

const onlyJson = (file: Uint8Array): Files => ({
  ...without(hfFolder(), 'tokenizer.model'),
  'tokenizer.json': file,
  'tokenizer_config.json': json({chat_template: [{name: 'default', template: '{{ messages[0].content }}'}]}),
});

test('a Hugging Face folder opens with tokenizer.json alone', () => {
  const own = openSourceFolder(folderWith(hfFolder())).vocabulary;
  const file = tokenizerJson(own, {transformers: 4});
  const {vocabulary, notes, files} = openSourceFolder(folderWith(onlyJson(json(file))));
  expect(vocabulary).toMatchObject({family: 'spm', template: {form: 'foreign'}, size: 320, dummyPrefix: true});
  expect(vocabulary.tokens.map(String)).toEqual(own.tokens.map((token) => String(Buffer.from(token))));
  expect(vocabulary.types).toEqual(own.types);
  expect(notes).toEqual([
    `its template is not one of Mistral's: its chat template prints nothing before the text of a user, and nothing behind it.`,
  ]);
  expect(files.map((path) => basename(path))).toContain('tokenizer.json');
});

test.each([
  ['tokenizer_config.json, a text', {'tokenizer_config.json': {eos_token: '[/INST]'}}, [4]],
  ['tokenizer_config.json, an object', {'tokenizer_config.json': {eos_token: {content: '[/INST]'}}}, [4]],
  ['generation_config.json', {'generation_config.json': {eos_token_id: [4, 2]}}, [4, 2]],
  ['a text that is no token', {'tokenizer_config.json': {eos_token: '<|im_end|>'}}, undefined],
])('the tokens that end an answer come from the folder: %s', (_, given, ends) => {
  const own = openSourceFolder(folderWith(hfFolder())).vocabulary;
  const named = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, json(value)]));
  const template = Buffer.from('{{ messages[0].content }}');
  const files = {...onlyJson(json(tokenizerJson(own, {transformers: 4}))), 'chat_template.jinja': template};
  const {vocabulary, notes} = openSourceFolder(folderWith({...without(files, 'tokenizer_config.json'), ...named}));
  expect(vocabulary.ends).toEqual(ends);
  expect(notes.filter((note) => note.includes('the end of an answer'))).toEqual(
    ends
      ? []
      : ['tokenizer_config.json names "<|im_end|>" as the end of an answer, which tokenizer.json does not have.'],
  );
});

test('a tokenizer.json beside one of Mistral\u2019s files is not read', () => {
  const files = {...hfFolder(), 'tokenizer.json': Buffer.from('{')};
  expect(openSourceFolder(folderWith(files)).vocabulary.family).toBe('spm');
});

test('a tokenizer.json that is a git-LFS pointer refuses the folder', () => {
  const error = failure(onlyJson(Buffer.from('version https://git-lfs.github.com/spec/v1\noid')));
  expect([error.exitCode, error.message]).toEqual([3, expect.stringMatching(/tokenizer\.json is a git-LFS pointer/)]);
});

test('Mamba names are known with and without their prefix', () => {
  expect(openSourceFolder(folderWith(mambaFolder())).tensors).toHaveLength(21);
});

test('what generation_config.json recommends stands in the file that is made; a damaged one costs only that', () => {
  const entries = (config: Uint8Array) => {
    const {defaults, notes, files} = openSourceFolder(folderWith({...hfFolder(), 'generation_config.json': config}));
    return {defaults, notes, files: files.map((path) => basename(path)).filter((name) => /^gen/.test(name))};
  };
  expect(entries(json({temperature: 0.15, top_p: 0.95}))).toEqual({
    defaults: [
      ['general.sampling.temp', {type: 'f32', value: 0.15}],
      ['general.sampling.top_p', {type: 'f32', value: 0.95}],
      ['mistral.sampling.origin', {type: 'string', value: 'generation_config.json'}],
    ],
    notes: [],
    files: ['generation_config.json'],
  });
  expect(entries(json({temperature: 7})).notes).toEqual([
    'generation_config.json: temperature is ignored, as it is not a number from 0 to 5.',
  ]);
  const damaged = entries(Buffer.from('{"temperature": '));
  expect(damaged.defaults).toEqual([]);
  expect(damaged.notes).toEqual([
    expect.stringMatching(/^What it recommends is not known: .*generation_config\.json is not valid JSON/),
  ]);
  expect(openSourceFolder(folderWith(denseFolder())).defaults).toEqual([]);
});

test('a system prompt of the folder stands in the file that is made', () => {
  const opened = (prompt: string) => openSourceFolder(folderWith({...denseFolder(), 'SYSTEM_PROMPT.txt': prompt}));
  const {defaults, notes, files} = opened('Be brief.\n');
  expect(defaults).toEqual([['mistral.default_system_prompt', {type: 'string', value: 'Be brief.'}]]);
  expect([notes, files.map((path) => basename(path))]).toEqual([
    opened('x').notes,
    expect.arrayContaining(['SYSTEM_PROMPT.txt']),
  ]);
  expect(opened(' ').defaults).toEqual([]);
  expect(opened(' ').notes).toContain('SYSTEM_PROMPT.txt is left out: it is empty, too long or no UTF-8.');
});
