import {statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {makeFolder} from '../../../src/base/files/make-folder.ts';
import {folderWith} from '../../fixtures/folder.ts';

test('a folder and those above it are made, once, with the mode asked for', () => {
  const path = join(folderWith(), 'a', 'b', 'c');
  makeFolder(path, 0o700);
  makeFolder(path, 0o700);
  for (const folder of [path, join(path, '..'), join(path, '../..')]) {
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  }
});

test('a place that takes no folders is an error and not a loop without end', () => {
  expect(() => makeFolder('/proc/nowhere/below')).toThrow(/ENOENT|EACCES|EPERM|EROFS/);
  const folder = folderWith();
  writeFileSync(join(folder, 'file'), '');
  expect(() => makeFolder(join(folder, 'file', 'below'))).toThrow(/ENOTDIR/);
});
