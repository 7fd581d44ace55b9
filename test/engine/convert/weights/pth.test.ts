import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {readPth} from '../../../../src/engine/convert/weights/pth.ts';
import {readSafetensors} from '../../../../src/engine/convert/weights/safetensors.ts';
import {sourceBytes} from '../../../../src/engine/convert/weights/weights.ts';
import {folderWith} from '../../../fixtures/folder.ts';
import {checkpoint, pickle, pickled, zip} from '../../../fixtures/pth.ts';
import {safetensors, tensor} from '../../../fixtures/tiny-folder.ts';

const tensors = [tensor('a.weight', [4, 8]), tensor('b.weight', [3], 'F32'), tensor('c', [2, 2, 2], 'F16')];

function read(content: Uint8Array) {
  return readPth(join(folderWith({'consolidated.00.pth': content}), 'consolidated.00.pth'));
}

test('a checkpoint has the tensors its safetensors form has, byte for byte', () => {
  const folder = folderWith({'a.pth': checkpoint(tensors), 'a.safetensors': safetensors(tensors)});
  const contents = (weights: ReturnType<typeof readPth>) =>
    [...weights.values()].map((found) => {
      const bytes = readFileSync(found.path).subarray(found.offset, found.offset + sourceBytes(found));
      return {name: found.name, dtype: found.dtype, shape: found.shape, bytes: bytes.toString('hex')};
    });
  const fromPth = contents(readPth(join(folder, 'a.pth')));
  expect(fromPth).toHaveLength(3);
  expect(fromPth).toEqual(contents(readSafetensors(join(folder, 'a.safetensors'))));
});

const call = (module: string, name: string) =>
  pickle(pickled.global(module, name), pickled.tuple([pickled.text('echo hacked')]), pickled.reduce);

test.each<[string, Uint8Array, RegExp]>([
  [
    'calls a program',
    checkpoint([], call('os', 'system')),
    /refused: its pickle asks for os\.system, which is not allowed/,
  ],
  ['evaluates code', checkpoint([], call('builtins', 'eval')), /asks for builtins\.eval/],
  ['names a torch function', checkpoint([], pickle(pickled.global('torch', 'load'))), /asks for torch\.load/],
  ['calls a storage', checkpoint([], call('torch', 'HalfStorage')), /calls what is no function/],
  ['builds an object', checkpoint([], pickle(Buffer.from('(icopy_reg\n_reconstructor\n'))), /uses the operation 0x69/],
  ['is cut off', checkpoint([], Buffer.from([0x80, 2, 0x7d])), /its pickle ends too early/],
  ['holds no dictionary', checkpoint([], pickle(pickled.text('hi'))), /does not hold a dictionary/],
  ['takes from an empty stack', checkpoint([], pickle(pickled.reduce)), /ends too early/],
])('a pickle that %s is refused and nothing is run', (_, content, message) => {
  expect(() => read(content)).toThrow(message);
});

test.each<[string, Uint8Array, RegExp]>([
  ['is no zip', Buffer.from('\x80\x02}q'), /is not a PyTorch checkpoint in the zip format/],
  ['is a web page', Buffer.from('<!DOCTYPE html>'), /is a web page/],
  ['is cut off', checkpoint(tensors).subarray(0, -60), /its zip directory cannot be read/],
  ['has no pickle', zip([['x', Buffer.of(1)]]), /is a zip archive without a data\.pkl/],
  ['is compressed', zip([['data.pkl', Buffer.of(1)]], {method: 8}), /has a compressed data\.pkl/],
  ['claims a pickle of 3 GB', zip([['data.pkl', Buffer.of(1)]], {size: 3e9}), /has a data\.pkl of impossible size/],
])('a file that %s is refused', (_, content, message) => {
  expect(() => read(content)).toThrow(message);
});

test('a storage that is too small or missing is told', () => {
  const [first] = tensors;
  const short = {...(first as (typeof tensors)[0]), bytes: Buffer.alloc(8)};
  expect(() => read(checkpoint([short]))).toThrow('holds too few values of "a.weight"');
});
