import {execFileSync} from 'node:child_process';
import {readFileSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {fileError} from '../../../src/base/files/file-error.ts';
import {appendLine, readRegular, readRegularText} from '../../../src/base/files/regular-file.ts';
import {folderWith} from '../../fixtures/folder.ts';

/** A pipe that a test makes, without a writer or a reader. */
function pipe(): string {
  const path = join(folderWith(), 'pipe');
  execFileSync('sh', ['-c', 'mkfifo "$0"', path]);
  return path;
}

test('a file is read whole, also by a link', () => {
  const folder = folderWith({a: 'ab\n', empty: ''});
  symlinkSync(join(folder, 'a'), join(folder, 'link'));
  expect(readRegular(join(folder, 'link'))).toEqual(Buffer.from('ab\n'));
  expect(readRegularText(join(folder, 'empty'))).toBe('');
});

test('a pipe is refused at once, a folder and a missing file as the system does', () => {
  expect(() => readRegular(pipe())).toThrow(expect.objectContaining({code: 'ENOTREG'}));
  expect(() => appendLine(pipe(), 'a')).toThrow(expect.objectContaining({code: 'ENOTREG'}));
  expect(() => readRegular(folderWith())).toThrow(expect.objectContaining({code: 'EISDIR'}));
  expect(() => appendLine(folderWith(), 'a')).toThrow(expect.objectContaining({code: 'EISDIR'}));
  expect(() => readRegular(join(folderWith(), 'a'))).toThrow(expect.objectContaining({code: 'ENOENT'}));
});

test('why is told as of any file', () => {
  const path = pipe();
  let error: unknown;
  try {
    readRegular(path);
  } catch (caught) {
    error = caught;
  }
  expect(fileError(error, path, 'read')).toMatchObject({
    code: 'io',
    message: `${path} cannot be read: it is no regular file`,
  });
});

test('a line is appended, for the owner alone, and ends one that was cut off', () => {
  const path = join(folderWith(), 'a');
  appendLine(path, 'one');
  appendLine(path, 'two');
  expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  writeFileSync(path, 'cu');
  appendLine(path, 'three');
  expect(readFileSync(path, 'utf8')).toBe('cu\nthree\n');
});
