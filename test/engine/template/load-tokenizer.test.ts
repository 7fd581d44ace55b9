import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {basename, join} from 'node:path';
import {afterAll, expect, test} from 'vitest';
import {loadTokenizer} from '../../../src/engine/template/load-tokenizer.ts';
import {settingLines} from '../../../src/engine/template/model-settings.ts';
import {type GgufValue, ggufBytes} from '../../fixtures/gguf.ts';
import {CONTROLS, mistralMetadata, mistralPieces} from '../../fixtures/mistral-words.ts';
import {spmFile, spmMetadata, spmPieces, tekkenJson, tekkenMetadata} from '../../fixtures/vocabularies.ts';

const root = mkdtempSync(join(tmpdir(), 'load-'));
afterAll(() => rmSync(root, {recursive: true}));

let count = 0;
/** A folder with these files. */
function folder(files: Readonly<Record<string, string | Uint8Array>>): string {
  const path = join(root, String(count++));
  mkdirSync(path);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return path;
}

const spm = spmFile(spmPieces());
const spmGguf = ggufBytes({...spmMetadata(spmPieces()), 'mistral.tokenizer.version': 'v3'});
const tekkenGguf = (more = {}) => ggufBytes({...tekkenMetadata(), 'mistral.tokenizer.version': 'v13', ...more});

test.each([
  ['tokenizer.model.v3', 'v3'],
  ['tokenizer.model.v7m1', 'v7'],
  ['mistral_instruct_tokenizer_240323.model.v2', 'v2'],
])('a SentencePiece file %s is %s by its name', (name, version) => {
  const path = join(folder({[name]: spm}), name);
  const loaded = loadTokenizer(path);
  expect(loaded).toMatchObject({version, versionReason: `the tokenizer file ${name} says so`, path});
  expect(loaded.tokenizer.family).toBe('spm');
});

test('a SentencePiece file without a version goes by its vocabulary, and by what lies beside it', () => {
  const path = (file: Uint8Array) => join(folder({'tokenizer.model': file}), 'tokenizer.model');
  const mistrals = path(spmFile(mistralPieces(CONTROLS['spm-v3'] ?? [])));
  expect(loadTokenizer(mistrals)).toMatchObject({
    version: 'v3',
    versionReason: 'it has no chat template; its vocabulary is that of v3',
  });
  const chatTemplate = '{% for m in messages %}<|user|>{{ m.content }}{% endfor %}';
  expect(loadTokenizer(mistrals, undefined, {chatTemplate})).toMatchObject({
    version: undefined,
    template: {form: 'foreign'},
  });
  expect(loadTokenizer(path(spm))).toMatchObject({
    version: undefined,
    template: {form: 'unknown'},
    versionReason: "it has no chat template; its vocabulary is not Mistral's",
  });
  expect(loadTokenizer(path(spm), 'v3').version).toBe('v3');
});

test('a model file of another maker goes by its chat template, its vocabulary and its names', () => {
  const found = (metadata: Record<string, GgufValue>) =>
    loadTokenizer(join(folder({'m.gguf': ggufBytes(metadata)}), 'm.gguf'));
  expect(found(mistralMetadata('spm-v7'))).toMatchObject({version: 'v7', template: {confidence: 'likely'}});
  const v13 = mistralMetadata('tekken-v13');
  expect(found({...v13, 'general.name': 'Mistral Small 3.2'})).toMatchObject({
    version: 'v11',
    template: {confidence: 'likely'},
  });
  expect(found(v13)).toMatchObject({version: 'v13', template: {confidence: 'guess'}});
  const chatTemplate = '{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>{% endfor %}';
  expect(found({...v13, 'tokenizer.chat_template': chatTemplate})).toMatchObject({
    version: undefined,
    chatTemplate,
    template: {form: 'foreign', text: chatTemplate},
  });
  const chatml = mistralMetadata('spm-v1', {add: ['<|im_start|>', '<|im_end|>'], end: '<|im_end|>'});
  expect(found(chatml)).toMatchObject({version: undefined, versionReason: expect.stringContaining('<|im_end|>')});
});

test('a v15 file of another maker has the efforts and the default that its chat template prints', () => {
  const block = "'[MODEL_SETTINGS]{\"reasoning_effort\": \"' + (reasoning_effort or 'high') + '\"}[/MODEL_SETTINGS]'";
  const turns =
    "{% for m in messages %}{% if m.role == 'user' %}{{ '[INST]' + m.content + '[/INST]' }}{% else %}{{ m.content + eos_token }}{% endif %}{% endfor %}";
  const known =
    "{% if reasoning_effort and reasoning_effort not in ['none', 'high'] %}{{ raise_exception('no') }}{% endif %}";
  const metadata = {...mistralMetadata('tekken-v15'), 'tokenizer.chat_template': `${known}{{ ${block} }}${turns}`};
  const {version, modelSettings} = loadTokenizer(join(folder({'m.gguf': ggufBytes(metadata)}), 'm.gguf'));
  expect([version, modelSettings?.settings]).toEqual([
    'v15',
    [{kind: 'enum', name: 'reasoning_effort', values: ['none', 'high'], acceptsNone: true, default: 'high'}],
  ]);
});

test('a tekken file says its version and its model settings', () => {
  const effort = {type: 'enum', values: ['none', 'high'], accepts_none: true, default: 'high'};
  const json = tekkenJson('v15', {model_settings_builder: {reasoning_effort: effort}});
  expect(loadTokenizer(join(folder({'tekken.json': json}), 'tekken.json'))).toMatchObject({
    version: 'v15',
    modelSettings: {
      settings: [
        {kind: 'enum', name: 'reasoning_effort', values: ['none', 'high'], acceptsNone: true, default: 'high'},
      ],
      notes: [],
    },
  });
  const silent = folder({'tekken.json': tekkenJson('v15')});
  expect(loadTokenizer(silent).modelSettings).toMatchObject({settings: [], isMissing: true});
  expect(loadTokenizer(folder({'tekken.json': tekkenJson('v13')}), 'v15').modelSettings).toBeUndefined();
});

test.each([
  [5, 'model_settings_builder is no object'],
  [[], 'model_settings_builder is no object'],
  [{verbosity: 'full'}, 'model_settings_builder.verbosity is no object'],
  [{reasoning_effort: {values: 3}}, 'model_settings_builder.reasoning_effort.values is no list of texts'],
  [{reasoning_effort: {values: ['a', 1]}}, 'model_settings_builder.reasoning_effort.values is no list of texts'],
  [{reasoning_effort: {values: ['a'], default: 1}}, 'model_settings_builder.reasoning_effort.default is no text'],
  [{a: {type: 1}}, 'model_settings_builder.a.type is no text'],
  [{a: {accepts_none: 'yes'}}, 'model_settings_builder.a.accepts_none is neither true nor false'],
])('settings that make no sense are named: %j', (builder, what) => {
  const odd = folder({'tekken.json': tekkenJson('v15', {model_settings_builder: builder})});
  expect(() => loadTokenizer(odd)).toThrow(what);
  expect(() => loadTokenizer(odd)).toThrow(expect.objectContaining({code: 'model_invalid'}));
});

test.each([
  [
    {reasoning_effort: {values: ['none', 'high', 'ultra'], default: 'ultra'}},
    ['efforts none, high, ultra (default ultra)'],
  ],
  [
    {verbosity: {type: 'enum', values: ['brief', 'full'], default: 'brief'}, json_schema: {}},
    ['also takes verbosity: brief, full (brief)', 'is told the schema of its answer'],
  ],
  [
    {budget: {type: 'range', default: null}},
    ['setting budget is of a kind (range) this program does not know; left out'],
  ],
  [{budget: {type: 'range', default: 4}}, ['the file demands setting budget of an unknown kind (range)']],
  [{budget: {accepts_none: false}}, ['the file demands setting budget of an unknown kind (not said)']],
  [
    {reasoning_effort: {values: ['none'], default: null}},
    ['efforts none (no default)', 'no default of reasoning_effort in the file'],
  ],
  [
    {reasoning_effort: {values: ['none', 'none'], default: 'high'}},
    [
      'efforts none, high (default high)',
      'the file names a value of reasoning_effort twice',
      'the default high of reasoning_effort is none of its values in the file',
    ],
  ],
  [{reasoning_effort: null}, []],
])('settings of a file are told in words: %j', (builder, lines) => {
  const {modelSettings} = loadTokenizer(folder({'tekken.json': tekkenJson('v15', {model_settings_builder: builder})}));
  expect(modelSettings && settingLines(modelSettings)).toEqual(lines);
});

test('settings in a file of a version without them are not used, which is said', () => {
  const builder = {reasoning_effort: {values: ['none', 'high'], default: 'none'}};
  const {modelSettings} = loadTokenizer(folder({'tekken.json': tekkenJson('v13', {model_settings_builder: builder})}));
  expect(modelSettings).toEqual({settings: [], notes: ['the settings of the file are not used in template v13']});
});

test('a version nobody knows is refused unless the flag names one', () => {
  const path = folder({'tekken.json': tekkenJson('v99')});
  expect(() => loadTokenizer(path)).toThrow(expect.objectContaining({code: 'model_unsupported'}));
  expect(loadTokenizer(path, 'v13')).toMatchObject({version: 'v13', versionReason: 'as asked for'});
});

test('a folder gives its only tokenizer file, else its model', () => {
  expect(loadTokenizer(folder({'tekken.json': tekkenJson(), 'model.gguf': tekkenGguf()})).version).toBe('v13');
  const models = folder({'toy-Q4_K_M.gguf': spmGguf, 'toy-Q8_0.gguf': spmGguf, 'mmproj-toy.gguf': 'x'});
  expect(loadTokenizer(models)).toMatchObject({version: 'v3'});
});

test('of several tokenizer files the one as large as params.json says is taken, tekken before SentencePiece', () => {
  const files = {'tekken.json': tekkenJson(), 'tokenizer.model.v3': spm};
  const size = JSON.stringify({vocab_size: spmPieces().length});
  const chosen = (path: string) => basename(loadTokenizer(path).path);
  expect(chosen(folder(files))).toBe('tekken.json');
  expect(chosen(folder({...files, 'params.json': size}))).toBe('tokenizer.model.v3');
  expect(chosen(folder({...files, 'params.json': 'broken'}))).toBe('tekken.json');
  expect(loadTokenizer(folder(files)).versionReason).toContain('chosen among tekken.json, tokenizer.model.v3');
});

test('a folder without a tokenizer is refused with what is there', () => {
  expect(() => loadTokenizer(folder({'a.txt': '', 'b.txt': ''}))).toThrow('it has a.txt, b.txt');
  expect(() => loadTokenizer(folder({}))).toThrow('it is empty');
  expect(() => loadTokenizer(folder({'a.gguf': spmGguf, 'b.gguf': spmGguf}))).toThrow('several models: a.gguf, b.gguf');
  expect(() => loadTokenizer(join(root, 'absent'))).toThrow(expect.objectContaining({code: 'model_not_found'}));
});

test('a tokenizer file beside a model settles its version when the vocabularies are equal', () => {
  const model = (files: Record<string, string | Uint8Array>) => join(folder(files), 'model.gguf');
  const gguf = ggufBytes(tekkenMetadata());
  expect(loadTokenizer(model({'model.gguf': gguf})).version).toBeUndefined();
  const beside = loadTokenizer(model({'model.gguf': gguf, 'tekken.json': tekkenJson('v7')}));
  expect(beside).toMatchObject({version: 'v7', versionReason: 'the tokenizer file tekken.json says so'});
  expect(basename(beside.path)).toBe('model.gguf');
  for (const stray of [tekkenJson('v7').replaceAll('[INST]', '[OTHER]'), '{}', tekkenJson('v99')]) {
    expect(loadTokenizer(model({'model.gguf': gguf, 'tekken.json': stray})).version).toBeUndefined();
  }
});

test('a GGUF of our own conversion carries the model settings of its tokenizer file', () => {
  const file = (settings: string) =>
    join(folder({'m.gguf': tekkenGguf({'mistral.tokenizer.model_settings': settings})}), 'm.gguf');
  const effort = {values: ['high'], accepts_none: false, default: null};
  expect(loadTokenizer(file(JSON.stringify({reasoning_effort: effort}))).modelSettings).toEqual({
    settings: [{kind: 'enum', name: 'reasoning_effort', values: ['high'], acceptsNone: false}],
    notes: ['no default of reasoning_effort in the file'],
  });
  expect(() => loadTokenizer(file('{'))).toThrow('no JSON');
});

test('what is no tokenizer is named', () => {
  const files = folder({
    'page.gguf': '<html>',
    'other.json': '{"a": 1}',
    'tokenizer.model.v3': 'x',
    'data.bin': 'PK\x03\x04',
  });
  expect(() => loadTokenizer(join(files, 'page.gguf'))).toThrow('web page');
  expect(() => loadTokenizer(join(files, 'other.json'))).toThrow('not a tekken tokenizer');
  expect(() => loadTokenizer(join(files, 'tokenizer.model.v3'))).toThrow('not a SentencePiece model');
  expect(() => loadTokenizer(join(files, 'data.bin'))).toThrow('zip archive');
});
