// Everything that can be given in place of a model: one line that names the file, a next step, exit code 3, nothing left.
import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {run} from '../../src/commands/program.ts';
import {fakeIo} from '../fakes/io.ts';
import {folderWith} from '../fixtures/folder.ts';
import {checkpoint, pickle, pickled, zip} from '../fixtures/pth.ts';
import {tarBytes} from '../fixtures/tar.ts';
import {denseFolder, hfFolder, transformerTensors} from '../fixtures/tiny-families.ts';
import {type Files, json, safetensors, tensor} from '../fixtures/tiny-folder.ts';
import {tinyModel} from '../fixtures/tiny-model.ts';

const LFS = Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n');
const PAGE = Buffer.from('<!DOCTYPE html><title>403 Forbidden</title>');
const GZIP = Buffer.from([0x1f, 0x8b, 8, 0]);
const dense = denseFolder();
const shape = {dim: 64, n_layers: 2, hidden_dim: 96, n_heads: 4, n_kv_heads: 2, head_dim: 16};
const weights = transformerTensors(shape);
const without = (files: Files, name: string): Files =>
  Object.fromEntries(Object.entries(files).filter(([key]) => key !== name));
const withPth = (bytes: Uint8Array): Files => ({
  ...without(dense, 'consolidated.safetensors'),
  'consolidated.00.pth': bytes,
});
const evil = pickle(pickled.global('posix', 'system'), pickled.tuple([pickled.text('id')]), pickled.reduce);

/** Runs a command on a folder of these files; gives what it says and what is there afterwards beyond them. */
async function refused(program: string, files: Files, args: (folder: string) => string[]) {
  const folder = folderWith(files);
  const cache = folderWith();
  const io = fakeIo('hi\n', {XDG_CACHE_HOME: cache});
  const code = await run(program, args(folder), io);
  const [line = '', hint = ''] = io.err().replaceAll(folder, 'DIR').split('\n');
  const isNew = (name: string) => !(name in files);
  const left = [...readdirSync(folder).filter(isNew), ...readdirSync(cache, {recursive: true}).map(String)];
  return {code, line, hint, left: left.filter((name) => /\.|unpacked\/\w+\/m/.test(name)), out: io.out()};
}

const told = (line: RegExp) => ({
  code: 3,
  line: expect.stringMatching(line),
  hint: expect.stringMatching(/\S/),
  left: [],
  out: '',
});

test.each<[string, Files, string, RegExp]>([
  ['nothing', {}, 'm.gguf', /^error: there is no file, folder or fetched model DIR\/m\.gguf$/],
  ['an empty file', {'m.gguf': Buffer.alloc(0)}, 'm.gguf', /^error: DIR\/m\.gguf is an empty file, not a GGUF model$/],
  ['a web page', {'m.gguf': PAGE}, 'm.gguf', /^error: DIR\/m\.gguf is a web page, probably the error page/],
  ['a git-LFS pointer', {'m.gguf': LFS}, 'm.gguf', /^error: DIR\/m\.gguf is a git-LFS pointer/],
  ['safetensors', {'m.gguf': safetensors(weights)}, 'm.gguf', /^error: DIR\/m\.gguf is a safetensors file/],
  ['a checkpoint', {'m.gguf': checkpoint(weights)}, 'm.gguf', /^error: DIR\/m\.gguf is a PyTorch checkpoint/],
  ['gzip', {'m.gguf': GZIP}, 'm.gguf', /^error: DIR\/m\.gguf is a gzip archive/],
  [
    'some bytes',
    {'m.gguf': Buffer.from('abcdefgh')},
    'm.gguf',
    /^error: DIR\/m\.gguf is not a GGUF model: it begins with/,
  ],
  ['a cut file', {'m.gguf': tinyModel().subarray(0, -100)}, 'm.gguf', /is incomplete: 38\.0 kB of 38\.1 kB are there$/],
  ['a cut header', {'m.gguf': tinyModel().subarray(0, 200)}, 'm.gguf', /^error: DIR\/m\.gguf is damaged or incomplete/],
  ['a vision projector', {'m.gguf': tinyModel({'general.architecture': 'clip'})}, 'm.gguf', /is a vision projector/],
  ['an adapter', {'m.gguf': tinyModel({'general.type': 'adapter'})}, 'm.gguf', /is a LoRA adapter, not a model$/],
  ['a new architecture', {'m.gguf': tinyModel({'general.architecture': 'novel'})}, 'm.gguf', /architecture "novel"/],
  ['another vocabulary', {'m.gguf': tinyModel({'tokenizer.ggml.tokens': {strings: ['a']}})}, 'm.gguf', /has 1 tokens/],
  [
    'a split model without its second part',
    {'m-00001-of-00002.gguf': tinyModel({'split.count': {u32: 2}})},
    'm-00001-of-00002.gguf',
    /^error: part 2 of 2 is missing: DIR\/m-00002-of-00002\.gguf$/,
  ],
  [
    'a part without the first',
    {'m-00002-of-00003.gguf': tinyModel()},
    'm-00002-of-00003.gguf',
    /is part 2 of 3, and part 1/,
  ],
  [
    'a folder without a model',
    {'readme.txt': Buffer.from('x')},
    '.',
    /^error: there is no model in DIR: it has readme/,
  ],
  ['a folder with only an adapter', {'lora.safetensors': Buffer.from('x')}, '.', /^error: DIR is a LoRA adapter/],
])('a chat with %s', async (_, files, name, line) => {
  const args = (folder: string) => [name === '.' ? folder : join(folder, name), '--instruct', '-p', 'hi'];
  expect(await refused('mistral-chat', files, args)).toEqual(told(line));
});

test.each<[string, Files, RegExp]>([
  [
    'without params.json',
    without(dense, 'params.json'),
    /there is no params\.json or config\.json: it has consolidated/,
  ],
  [
    'without weights',
    without(dense, 'consolidated.safetensors'),
    /there is no params\.json or config\.json|no consolidated/,
  ],
  ['without a part', without(hfFolder(), 'model-00002-of-00002.safetensors'), /part 2 of 2 of the weights is missing/],
  ['without a tokenizer', without(dense, 'tokenizer.model.v3'), /DIR has no tokenizer: it has consolidated/],
  ['with weights that are a git-LFS pointer', {...dense, 'consolidated.safetensors': LFS}, /is a git-LFS pointer/],
  ['with weights that are a web page', {...dense, 'consolidated.safetensors': PAGE}, /is a web page/],
  ['with params that are a web page', {...dense, 'params.json': PAGE}, /params\.json is a web page/],
  ['with a tokenizer that is a git-LFS pointer', {...dense, 'tokenizer.model.v3': LFS}, /tokenizer\.model\.v3/],
  [
    'with weights that are cut off',
    {...dense, 'consolidated.safetensors': (dense['consolidated.safetensors'] as Uint8Array).subarray(0, 50_000)},
    /consolidated\.safetensors/,
  ],
  [
    'with the tokenizer of other weights',
    {
      ...dense,
      'consolidated.safetensors': safetensors(
        weights.map((item) => (/tok_emb|output/.test(item.name) ? tensor(item.name, [300, 64]) : item)),
      ),
    },
    /tokenizer\.model\.v3 has 320 tokens, the weights have 300$/,
  ],
  ['with a pickle of a foreign class', withPth(checkpoint([], evil)), /asks for posix\.system/],
  ['with a pickle that unfolds', withPth(zip([['data.pkl', Buffer.of(1)]], {method: 8})), /has a compressed data\.pkl/],
  [
    'with a pickle of impossible size',
    withPth(zip([['data.pkl', Buffer.of(1)]], {size: 3e9})),
    /data\.pkl of impossible size/,
  ],
  [
    'of Mistral Large 4',
    {...dense, 'params.json': json({...shape, kv_lora_rank: 8, q_lora_rank: 8, index_topk: 2048})},
    /Mistral Large 4 needs an engine with mistral-large4, which this one is not$/,
  ],
  [
    'of several shards',
    {...withPth(checkpoint(weights)), 'consolidated.01.pth': checkpoint(weights)},
    /holds 2 shards \(consolidated\.00\.pth \.\.\.\)$/,
  ],
])('the conversion of a folder %s', async (_, files, line) => {
  const result = await refused('mistral', files, (folder) => ['convert', folder, '--workers', '0']);
  expect(result).toEqual({...told(line), code: 3});
});

test.each<[string, () => Promise<Uint8Array>, RegExp]>([
  [
    'cut off',
    async () => (await tarBytes([{name: 'w'}, Buffer.alloc(9000)])).subarray(0, 4000),
    /Unexpected end of data$/,
  ],
  ['that leads out', () => tarBytes([{name: '../m'}, Buffer.from('x')]), /entry "\.\.\/m" leads out of the folder$/],
  ['with a link', () => tarBytes([{name: 'm', type: 'symlink', linkname: '/etc/passwd'}]), /entry "m" is a symlink/],
])('a chat with a tar %s', async (_, bytes, line) => {
  const files = {'m.tar': await bytes()};
  const {
    line: consent,
    hint: error,
    ...rest
  } = await refused('mistral-chat', files, (folder) => [join(folder, 'm.tar'), '--instruct', '--yes']);
  expect(consent).toContain('has to be unpacked once');
  expect(error).toMatch(/^error: DIR\/m\.tar cannot be unpacked: /);
  expect(error).toMatch(line);
  expect(rest).toEqual({code: 3, left: [], out: ''});
});
