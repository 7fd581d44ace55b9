import {join} from 'node:path';
import {crc32} from 'node:zlib';
import {expect, test} from 'vitest';
import {EngineError} from '../../../src/base/errors.ts';
import {checkLoadable} from '../../../src/engine/gguf/preflight.ts';
import {type FindOptions, findModel} from '../../../src/engine/models/find-model.ts';
import {type FoundModel, modelAt} from '../../../src/engine/models/model-at.ts';
import {folderWith} from '../../fixtures/folder.ts';
import {f32, tinyModel} from '../../fixtures/tiny-model.ts';

const machine = {ramBytes: 16e9, freeRamBytes: 16e9, vramBytes: 0, cores: 4};

/** What a path leads to, or undefined, as whoever loads it needs it. */
function ready(path: string | undefined, options: FindOptions = {}): FoundModel {
  const where = {cwd: '/', home: '/', env: {}, cache: '/'};
  const found = path === undefined ? findModel(path, where, options) : modelAt(path, options);
  if (found.kind === 'gguf') checkLoadable(found.file);
  if (found.kind === 'tokenizer') throw found.noModel;
  return found;
}

function failure(argument: string | undefined, options: FindOptions = {}): EngineError {
  try {
    ready(argument, {machine, ...options});
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
  throw new Error('it resolved');
}

test('a model file is taken as it is', () => {
  const folder = folderWith({'m.gguf': tinyModel()});
  expect(ready(join(folder, 'm.gguf'))).toMatchObject({
    kind: 'gguf',
    file: {path: join(folder, 'm.gguf')},
    note: 'm.gguf',
  });
});

test('a folder gives its only model; sidecars and other files do not count', () => {
  const folder = folderWith({'m.gguf': tinyModel(), 'mmproj-f16.gguf': 'x', 'm-lora.gguf': 'x', 'README.md': 'x'});
  expect(ready(folder)).toMatchObject({file: {path: join(folder, 'm.gguf')}, note: 'm.gguf'});
});

test('among quantisations the choice and its reason are told, and --quant overrides it', () => {
  const small = tinyModel();
  const folder = folderWith({
    'm-Q8_0.gguf': Buffer.concat([small, small]),
    'm-Q4_K_M.gguf': small,
    'm-BF16.gguf': small,
  });
  expect(ready(folder, {machine})).toMatchObject({
    file: {path: join(folder, 'm-Q8_0.gguf')},
    note: expect.stringMatching(
      /^m-Q8_0\.gguf \(.* kB\), one of 3: the most exact one, small for this machine; --quant/,
    ),
  });
  expect(ready(folder, {machine, quant: 'q4_k_m'})).toMatchObject({file: {path: join(folder, 'm-Q4_K_M.gguf')}});
  expect(ready(folder, {machine, quant: 'bf'})).toMatchObject({file: {path: join(folder, 'm-BF16.gguf')}});
  expect(failure(folder, {quant: 'Q2_K'})).toMatchObject({code: 'model_not_found', exitCode: 3});
});

test('different models in one folder are not guessed at', () => {
  const folder = folderWith({'codestral-Q8_0.gguf': tinyModel(), 'mistral-Q8_0.gguf': tinyModel()});
  expect(failure(folder)).toMatchObject({
    code: 'model_not_found',
    message: `${folder} holds several models: codestral-Q8_0.gguf, mistral-Q8_0.gguf`,
  });
  expect(ready(folder, {machine, quant: 'codestral'})).toMatchObject({kind: 'gguf'});
});

const part = (no: number) =>
  tinyModel(
    {'split.count': {u32: 2}, 'split.no': {u32: no}},
    no === 0 ? undefined : [f32('blk.0.attn_q.weight', [32, 32])],
  );

test('a later part of a split model leads to the first one', () => {
  const folder = folderWith({'m-00001-of-00002.gguf': part(0), 'm-00002-of-00002.gguf': part(1)});
  expect(ready(join(folder, 'm-00002-of-00002.gguf'))).toMatchObject({
    file: {path: join(folder, 'm-00001-of-00002.gguf')},
    note: 'm-00001-of-00002.gguf: m-00002-of-00002.gguf is part 2 of 2, part 1 is the one to load',
  });
});

test('a missing or cut part is named', () => {
  const missing = folderWith({'m-00001-of-00002.gguf': part(0)});
  expect(failure(missing)).toMatchObject({
    code: 'model_invalid',
    message: `part 2 of 2 is missing: ${join(missing, 'm-00002-of-00002.gguf')}`,
  });
  const tail = folderWith({'m-00002-of-00002.gguf': part(1)});
  expect(failure(tail).message).toBe(`${join(tail, 'm-00002-of-00002.gguf')} is part 2 of 2, and part 1 is missing`);
  const headless = folderWith({'m-00002-of-00002.gguf': part(1)});
  expect(failure(join(headless, 'm-00002-of-00002.gguf')).message).toContain('is part 2 of 2, and part 1 is missing');
  const cut = folderWith({'m-00001-of-00002.gguf': part(0), 'm-00002-of-00002.gguf': part(1).subarray(0, -512)});
  expect(failure(cut).message).toMatch(/m-00002-of-00002\.gguf is incomplete/);
});

test.each<[string, Buffer | string, RegExp]>([
  ['truncated', tinyModel().subarray(0, -100), /m\.gguf is incomplete: 38\.0 kB of 38\.1 kB are there/],
  ['cut in its header', tinyModel().subarray(0, 200), /damaged or incomplete/],
  ['empty', '', /is an empty file/],
  ['a web page', '<!DOCTYPE html><p>404', /is a web page/],
  ['a vision projector', tinyModel({'general.architecture': 'clip'}), /is a vision projector \(mmproj\)/],
  ['an adapter', tinyModel({'general.type': 'adapter'}), /is a LoRA adapter/],
  ['a vocabulary', tinyModel({}, []), /holds a vocabulary and no weights/],
  ['no architecture', tinyModel({'general.architecture': undefined}), /names no architecture/],
  ['an embedding model', tinyModel({'general.architecture': 'bert'}), /is an embedding model/],
  ['no vocabulary', tinyModel({'tokenizer.ggml.tokens': undefined}), /holds no vocabulary/],
  [
    'another vocabulary',
    tinyModel({'tokenizer.ggml.tokens': {strings: ['a']}}),
    /has 1 tokens, the embedding 264 rows/,
  ],
  [
    'old experts',
    tinyModel({}, [f32('blk.0.ffn_up.0.weight', [32, 32])]),
    /old Mixtral file with one tensor an expert/,
  ],
])('a file that is %s is refused with its name, the reason and the next step', (_, content, message) => {
  const folder = folderWith({'m.gguf': content});
  const error = failure(join(folder, 'm.gguf'));
  expect(error).toMatchObject({code: 'model_invalid', exitCode: 3, message: expect.stringMatching(message)});
  expect(error.message).toContain(join(folder, 'm.gguf'));
  expect(error.hint).toBeTruthy();
});

test('folders in the two training formats are to be converted, also when one of their files is given', () => {
  const mistral = folderWith({
    'params.json': '{}',
    'consolidated.safetensors': 'x',
    'config.json': '{}',
    'model.safetensors': 'x',
  });
  expect(ready(mistral)).toMatchObject({kind: 'folder', folder: mistral, format: 'mistral'});
  const pth = folderWith({'params.json': '{}', 'consolidated.00.pth': 'x'});
  expect(ready(join(pth, 'consolidated.00.pth'))).toMatchObject({
    kind: 'folder',
    folder: pth,
    format: 'mistral',
  });
  const hf = folderWith({'config.json': '{}', 'model-00001-of-00002.safetensors': 'x'});
  expect(ready(hf)).toMatchObject({kind: 'folder', folder: hf, format: 'hf'});
});

test.each<[string, Record<string, string>, RegExp, RegExp]>([
  ['empty', {}, /it has no files/, /A model folder holds/],
  ['without params.json', {'consolidated.safetensors': 'x'}, /it has consolidated\.safetensors/, /no params\.json/],
  ['without config.json', {'model.safetensors': 'x'}, /it has model\.safetensors/, /no config\.json/],
  ['without weights', {'params.json': '{}'}, /it has params\.json/, /no consolidated\.safetensors/],
  ['with a partial download', {'m.gguf.part': 'x'}, /m\.gguf\.part/, /unfinished download/],
  ['with an archive', {'m.tar': 'x'}, /m\.tar/, /unpack it/],
])('a folder %s is refused with what it has and what it lacks', (_, files, message, hint) => {
  const folder = folderWith(files);
  expect(failure(folder)).toMatchObject({
    code: 'model_not_found',
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
  });
});

test('a LoRA folder is no model', () => {
  expect(failure(folderWith({'lora.safetensors': 'x'}))).toMatchObject({hint: expect.stringContaining('--lora-path')});
});

test('a path that is not there is told', () => {
  expect(failure('/nowhere/at/all')).toMatchObject({
    code: 'model_not_found',
    message: 'there is no file or folder /nowhere/at/all',
  });
});

const checksum = (bytes: Uint8Array) => crc32(bytes).toString(16).padStart(8, '0');

test('without an argument the embedded model is used and said', () => {
  const folder = folderWith({'demo.gguf': tinyModel(), 'demo.gguf.crc32': `${checksum(tinyModel())}\n`});
  const found = ready(undefined, {embedded: folder});
  expect(found).toMatchObject({
    file: {path: join(folder, 'demo.gguf')},
    note: 'the embedded demonstration model, as none was named',
  });
  expect(failure(undefined, {embedded: join(folder, 'gone')}).message).toBe('this installation has no embedded model');
});

test.each([
  ['cut', tinyModel().subarray(0, -100)],
  ['with a flipped bit', tinyModel().map((byte, index) => (index === 900 ? byte ^ 4 : byte))],
])('an embedded model %s is named as such', (_, bytes) => {
  const folder = folderWith({'demo.gguf': bytes, 'demo.gguf.crc32': checksum(tinyModel())});
  const error = failure(undefined, {embedded: folder});
  expect(error.code).toBe('model_invalid');
  expect(error.message).toMatch(
    /^the embedded demonstration model is damaged: .*demo\.gguf: its checksum is [0-9a-f]{8}, /,
  );
  expect(error.hint).toContain('Install the package again');
});

test.each<[string, string, string]>([
  ['m.gguf.part1of3', 'part 1 of 3 of a cut file', 'cat m.gguf.part?of3 > m.gguf'],
  ['m.gguf.part02of12', 'part 2 of 12 of a cut file', 'cat m.gguf.part??of12 > m.gguf'],
  ['m.gguf-split-a', 'a piece ("a") of a cut file', 'cat m.gguf-split-? > m.gguf'],
  ['m.gguf.00', 'a piece ("00") of a cut file', 'cat m.gguf.?? > m.gguf'],
  ['m.gguf.001', 'a piece ("001") of a cut file', 'cat m.gguf.??? > m.gguf'],
])('%s is a piece of a cut file', (name, which, command) => {
  const folder = folderWith({[name]: tinyModel().subarray(0, 20_000)});
  expect(failure(join(folder, name))).toMatchObject({
    message: `${join(folder, name)} is ${which}`,
    hint: `Join the pieces: ${command}`,
    code: 'model_invalid',
  });
  expect(failure(folder).hint).toBe(`There are pieces of a cut file. Join the pieces: ${command}`);
  const later = folderWith({[name]: 'no magic'});
  expect(failure(join(later, name)).message).toBe(`${join(later, name)} is ${which}`);
  const whole = folderWith({[name]: tinyModel()});
  expect(modelAt(join(whole, name)).kind).toBe('gguf');
});

test.each<[string, Parameters<typeof tinyModel>, string]>([
  ['vision', [{}, [f32('token_embd.weight', [32, 264]), f32('v.patch_embd.weight', [2, 2])]], 'a vision tower'],
  ['a projector', [{}, [f32('token_embd.weight', [32, 264]), f32('mm.0.weight', [2, 2])]], 'a vision tower'],
  ['audio', [{}, [f32('token_embd.weight', [32, 264]), f32('a.conv1d.0.weight', [2, 2])]], 'an audio tower'],
  ['figures of vision', [{'llama.vision.block_count': {u32: 2}}], 'a vision tower'],
])('a text model with %s inside is named for what it is', (_, model, tower) => {
  const path = join(folderWith({'m.gguf': tinyModel(...model)}), 'm.gguf');
  expect(failure(path).message).toBe(`${path} holds ${tower} inside (ollama's own form)`);
});

test('parts that were joined with cat, and a part that is another one', () => {
  const one = tinyModel({'split.count': {u32: 2}, 'split.no': {u32: 0}});
  const joined = join(folderWith({'m.gguf': Buffer.concat([one, one])}), 'm.gguf');
  expect(failure(joined).message).toBe(`${joined} is 2 parts joined with cat, which makes no model`);
  const folder = folderWith({'m-00001-of-00002.gguf': one, 'm-00002-of-00002.gguf': one});
  expect(failure(folder).message).toBe(`${join(folder, 'm-00002-of-00002.gguf')} holds part 1, not part 2`);
});
