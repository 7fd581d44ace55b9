import {expect, test} from 'vitest';
import {RECOGNISE_BYTES, recognise} from '../../../src/base/files/recognise-file.ts';

const bytes = (...values: number[]) => Buffer.from([...values, ...Array<number>(20).fill(0)]);
const tar = Buffer.alloc(RECOGNISE_BYTES);
tar.write('ustar', 257, 'latin1');
/** A length of 64 bits and the beginning of a JSON object. */
const safetensors = Buffer.concat([Buffer.from([2, 1, 0, 0, 0, 0, 0, 0]), Buffer.from('{"a')]);

test.each<[string, Buffer | string]>([
  ['an empty file', ''],
  ['a git-LFS pointer, not the file itself', 'version https://git-lfs.github.com/spec/v1\noid sha256:0'],
  ['a web page, probably the error page of a failed download', '<!DOCTYPE html><title>404'],
  ['a web page, probably the error page of a failed download', '\n  <html>'],
  ['a web page, probably the error page of a failed download', '<?xml version="1.0"?><Error>'],
  ['a safetensors file', safetensors],
  ['a PyTorch checkpoint', Buffer.concat([bytes(0x50, 0x4b, 3, 4), Buffer.from('consolidated/data.pkl')])],
  ['a zip archive', bytes(0x50, 0x4b, 3, 4)],
  ['a gzip archive', bytes(0x1f, 0x8b)],
  ['a zstd archive', bytes(0x28, 0xb5, 0x2f, 0xfd)],
  ['a tar archive', tar],
  ['a GGML file from before GGUF', 'tjgg\0\0\0\0'],
  ['a GGML file from before GGUF', 'lmgg\0\0\0\0'],
  ['a GGML file from before GGUF', 'fmgg\0\0\0\0'],
  ['a JSON file', ' {"a": 1}'],
  ['a JSON file', '[1]'],
])('%s is told by its start', (kind, head) => {
  const file = recognise(Buffer.from(head));
  expect(file?.kind).toBe(kind);
  expect(file?.hint).toMatch(/\.$|FOLDER$/);
});

test.each<[string, Buffer | string]>([
  ['a model', 'GGUF\x03\0\0\0'],
  ['a text that speaks of a web page', 'see <html>'],
  ['a text that speaks of LFS', 'a version https://git-lfs'],
  ['a text with an old mark inside', 'x tjgg'],
  ['a text with brackets inside', 'x {"a": 1}'],
  ['one byte of a mark', bytes(0x1f, 0)],
  ['three bytes of a mark', bytes(0x50, 0x4b, 3, 0)],
  ['a length without an object behind it', bytes(2, 1, 0, 0, 0, 0, 0, 0, 0x7c)],
  ['a length of more than 32 bits', Buffer.concat([Buffer.from([2, 1, 0, 0, 1, 0, 0, 0]), Buffer.from('{"a')])],
  ['a length and a bracket with nothing behind them', safetensors.subarray(0, 9)],
  ['a tar mark in another place', Buffer.from('ustar')],
])('%s is nothing known', (_what, head) => {
  expect(recognise(Buffer.from(head))).toBeUndefined();
});
