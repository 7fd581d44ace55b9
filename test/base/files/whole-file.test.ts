import {readdirSync, readFileSync, writeFileSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {writeWhole} from '../../../src/base/files/whole-file.ts';
import {folderWith} from '../../fixtures/folder.ts';

test('the file appears whole, and its lock goes', async () => {
  const folder = folderWith();
  const path = join(folder, 'new', 'a.gguf');
  await writeWhole(path, 3, async (fd) => void writeSync(fd, 'abc'));
  expect(readFileSync(path, 'utf8')).toBe('abc');
  expect(readdirSync(join(folder, 'new'))).toEqual(['a.gguf']);
});

test('a failure keeps the old file and leaves no part', async () => {
  const folder = folderWith({'a.gguf': 'old'});
  const full = Object.assign(new Error('write'), {code: 'ENOSPC'});
  await expect(
    writeWhole(join(folder, 'a.gguf'), 2_000_000, async () => {
      throw full;
    }),
  ).rejects.toMatchObject({
    exitCode: 3,
    code: 'disk_full',
    message: `the disk of ${folder} is full: a.gguf needs 2.00 MB`,
  });
  expect(readdirSync(folder)).toEqual(['a.gguf']);
  expect(readFileSync(join(folder, 'a.gguf'), 'utf8')).toBe('old');
});

test('too little room is seen before anything is written', async () => {
  const folder = folderWith();
  const write = async () => expect.unreachable();
  await expect(writeWhole(join(folder, 'a'), 1e18, write)).rejects.toMatchObject({
    exitCode: 3,
    code: 'disk_full',
    message: expect.stringMatching(/has room for .*, 1000000 TB are needed/),
  });
  expect(readdirSync(folder)).toEqual([]);
});

test('a place that is no folder is told', async () => {
  const folder = folderWith();
  writeFileSync(join(folder, 'file'), '');
  await expect(writeWhole(join(folder, 'file', 'a'), 1, async () => {})).rejects.toThrow(/ENOTDIR|EEXIST/);
});
