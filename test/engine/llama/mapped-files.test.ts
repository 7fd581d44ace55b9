import {appendFileSync, renameSync, truncateSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {MappedFiles} from '../../../src/engine/llama/mapped-files.ts';
import {folderWith} from '../../fixtures/folder.ts';

function two() {
  const folder = folderWith({a: 'x'.repeat(1000), b: 'y'.repeat(2000), new: 'z'});
  const [a, b] = [join(folder, 'a'), join(folder, 'b')];
  return {folder, a, b, files: new MappedFiles([a, b])};
}

test.each([0, 1, 1999])('a file cut to %i bytes in place is told, whichever part it is', (size) => {
  const {b, files} = two();
  files.check();
  truncateSync(b, size);
  expect(() => files.check()).toThrow(
    `${b} was written over while it was in use: it had 2.00 kB and now has ${size === 1999 ? '2.00 kB' : `${size} B`}`,
  );
  files.close();
});

test('one that grows, or that another takes the name of, is as it was', () => {
  const {folder, a, b, files} = two();
  appendFileSync(a, 'more');
  renameSync(join(folder, 'new'), b);
  writeFileSync(b, '');
  expect(() => files.check()).not.toThrow();
  files.close();
  files.close();
});

test('a path that is not there closes what was opened', () => {
  const {folder, a} = two();
  expect(() => new MappedFiles([a, join(folder, 'gone')])).toThrow(/ENOENT/);
});
