import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import fc from 'fast-check';
import {afterAll, expect, test} from 'vitest';
import {EngineError} from '../../../src/base/errors.ts';
import {readGguf} from '../../../src/engine/gguf/read-header.ts';
import {ggufBytes} from '../../fixtures/gguf.ts';

const folder = mkdtempSync(join(tmpdir(), 'gguf-'));
afterAll(() => rmSync(folder, {recursive: true}));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const small = ggufBytes(
  {
    'general.architecture': 'llama',
    'llama.context_length': {u32: 4096},
    'llama.big': {u64: 5_000_000_000n},
    'llama.rope.freq_base': {f32: 0.5},
    'tokenizer.ggml.add_bos_token': true,
    'tokenizer.ggml.tokens': {strings: ['<unk>', '', '▁é', Uint8Array.of(0xff)]},
    'tokenizer.ggml.scores': {f32s: [0, -1.5, 2, 3]},
    'tokenizer.ggml.token_type': {i32s: [2, 3, 1, -6]},
  },
  [
    {name: 'token_embd.weight', shape: [64, 2], type: 8, data: new Uint8Array(136)},
    {name: 'output_norm.weight', shape: [3], type: 0, data: new Uint8Array(12)},
  ],
);

test('metadata comes back by key and kind', () => {
  const {metadata} = readGguf(file('small.gguf', small));
  expect(metadata.keys).toHaveLength(8);
  expect(metadata.string('general.architecture')).toBe('llama');
  expect(metadata.number('llama.context_length')).toBe(4096);
  expect(metadata.number('llama.big')).toBe(5_000_000_000);
  expect(metadata.number('llama.rope.freq_base')).toBe(0.5);
  expect(metadata.boolean('tokenizer.ggml.add_bos_token')).toBe(true);
  expect(metadata.numbers('tokenizer.ggml.scores')).toEqual(Float64Array.of(0, -1.5, 2, 3));
  expect(metadata.numbers('tokenizer.ggml.token_type')).toEqual(Float64Array.of(2, 3, 1, -6));
  expect(metadata.string('llama.context_length')).toBeUndefined();
  expect(metadata.number('absent')).toBeUndefined();
});

test('a string array is a view that keeps every byte', () => {
  const tokens = readGguf(file('small.gguf', small)).metadata.strings('tokenizer.ggml.tokens');
  const read = (i: number) => {
    const start = tokens?.starts[i] ?? 0;
    return tokens?.bytes.subarray(start, start + (tokens.lengths[i] ?? 0)).toString('hex');
  };
  expect(tokens?.count).toBe(4);
  expect([0, 1, 2, 3].map(read)).toEqual(['3c756e6b3e', '', 'e29681c3a9', 'ff']);
});

test('the tensor table gives shape, place and size, and the size the whole file should have', () => {
  const gguf = readGguf(file('small.gguf', small));
  expect(gguf.version).toBe(3);
  expect(gguf.dataOffset % 32).toBe(0);
  expect(gguf.tensors).toEqual([
    {name: 'token_embd.weight', type: 'Q8_0', shape: [64, 2], offset: gguf.dataOffset, bytes: 136},
    {name: 'output_norm.weight', type: 'F32', shape: [3], offset: gguf.dataOffset + 160, bytes: 12},
  ]);
  expect(gguf.expectedSize).toBe(gguf.dataOffset + 172);
  expect(gguf.fileSize).toBe(small.length);
  const cut = readGguf(file('cut.gguf', small.subarray(0, small.length - 100)));
  expect(cut.expectedSize - cut.fileSize).toBe(100 - 20);
});

test('a vocabulary larger than one read is read whole', () => {
  const strings = Array.from({length: 100_000}, (_, i) => `token number ${i}`);
  const tokens = readGguf(file('large.gguf', ggufBytes({tokens: {strings}, after: 'x'}))).metadata.strings('tokens');
  const last = tokens?.starts[99_999] ?? 0;
  expect(tokens?.bytes.subarray(last, last + 18).toString()).toBe('token number 99999');
});

const tar = () => {
  file('inside', 'x');
  execFileSync('tar', ['cf', join(folder, 'a.tar'), '-C', folder, 'inside']);
  return join(folder, 'a.tar');
};
const safetensors = Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{}')]);

test.each([
  [() => file('empty', ''), 'an empty file'],
  [() => file('page', '<!DOCTYPE html><html>'), 'a web page'],
  [() => file('pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n'), 'a git-LFS pointer'],
  [() => file('st', safetensors), 'a safetensors file'],
  [() => file('gz', gzipSync('x')), 'a gzip archive'],
  [() => file('zip', 'PK\x03\x04 and more'), 'a zip archive'],
  [() => file('pth', 'PK\x03\x04 archive/data.pkl'), 'a PyTorch checkpoint'],
  [tar, 'a tar archive'],
  [() => file('json', '{"a":1}'), 'a JSON file'],
  [() => file('old', 'tjgg\x01\0\0\0'), 'before GGUF'],
  [() => file('other', 'MZ\x90\0'), 'begins with 4d5ac290'],
  [() => file('two', 'GG'), 'begins with 4747'],
])('a foreign file is named', (path, kind) => {
  const place = path();
  expect(() => readGguf(place)).toThrow(kind);
  expect(() => readGguf(place)).toThrow(expect.objectContaining({code: 'model_invalid', hint: expect.any(String)}));
});

test('what is no file at all', () => {
  expect(() => readGguf(join(folder, 'absent'))).toThrow(expect.objectContaining({code: 'model_not_found'}));
  expect(() => readGguf(folder)).toThrow('not a regular file');
});

test('versions that cannot be read are named', () => {
  const withVersion = (...bytes: number[]) =>
    Buffer.concat([Buffer.from('GGUF'), Buffer.from(bytes), small.subarray(8)]);
  expect(() => readGguf(file('v1', withVersion(1, 0, 0, 0)))).toThrow('version 1');
  expect(() => readGguf(file('be', withVersion(0, 0, 0, 3)))).toThrow('big-endian');
});

test('every cut of the header is reported, none read as a model', () => {
  const {dataOffset} = readGguf(file('small.gguf', small));
  for (let size = 4; size < dataOffset - 31; size++) {
    expect(() => readGguf(file('cut.gguf', small.subarray(0, size)))).toThrow('damaged or incomplete');
  }
});

test('a damaged header never does worse than an EngineError', () => {
  fc.assert(
    fc.property(fc.nat(small.length - 180), fc.uint8Array({minLength: 1, maxLength: 8}), (at, noise) => {
      const bytes = Buffer.from(small);
      bytes.set(noise, at + 4);
      try {
        readGguf(file('noise.gguf', bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(EngineError);
      }
    }),
  );
});
