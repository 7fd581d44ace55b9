import {execFileSync} from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {expect, test} from 'vitest';
import {tryLock} from '../../../src/base/files/lock.ts';
import {removeDeadParts, writeAlone, writeWhole, writeWholeSync} from '../../../src/base/files/whole-file.ts';
import {childProgram, startChild} from '../../fixtures/child-program.ts';
import {folderWith} from '../../fixtures/folder.ts';

test('the file appears whole, and nothing else', async () => {
  const folder = folderWith();
  const path = join(folder, 'new', 'a.gguf');
  await writeWhole(path, async (fd) => void writeSync(fd, 'abc'), {bytes: 3});
  expect(readFileSync(path, 'utf8')).toBe('abc');
  expect(readdirSync(join(folder, 'new'))).toEqual(['a.gguf']);
});

test('a failure keeps the old file and leaves no part', async () => {
  const folder = folderWith({'a.gguf': 'old'});
  const full = Object.assign(new Error('write'), {code: 'ENOSPC'});
  await expect(
    writeWhole(
      join(folder, 'a.gguf'),
      async () => {
        throw full;
      },
      {bytes: 2000},
    ),
  ).rejects.toMatchObject({
    exitCode: 3,
    code: 'disk_full',
    message: 'the disk is full: a.gguf is not complete',
    hint: `2.00 kB are needed in ${folder}: free some space, or write to another disk.`,
  });
  expect(readdirSync(folder)).toEqual(['a.gguf']);
  expect(readFileSync(join(folder, 'a.gguf'), 'utf8')).toBe('old');
});

test('too little room is seen before anything is written', async () => {
  const folder = folderWith();
  const write = async () => expect.unreachable();
  await expect(writeWhole(join(folder, 'a'), write, {bytes: 1e18})).rejects.toMatchObject({
    exitCode: 3,
    code: 'disk_full',
    message: expect.stringMatching(/has room for .*, 1020000 TB are needed/),
  });
  expect(readdirSync(folder)).toEqual([]);
});

test('a place that is no folder is told', async () => {
  const folder = folderWith();
  writeFileSync(join(folder, 'file'), '');
  await expect(writeWhole(join(folder, 'file', 'a'), 'x')).rejects.toMatchObject({
    code: 'io',
    message: `${join(folder, 'file', 'a')} cannot be written: a part of its path is not a folder`,
  });
});

test.each([0o600, 0o644])('a file that is replaced keeps its mode %o, unless one is asked for', async (mode) => {
  const folder = folderWith({a: 'old'});
  const path = join(folder, 'a');
  chmodSync(path, mode);
  await writeWhole(path, 'new');
  expect(statSync(path).mode & 0o777).toBe(mode);
  writeWholeSync(path, 'newer', {mode: 0o600});
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, 'utf8')).toBe('newer');
});

test('a link is followed, and stays', () => {
  const folder = folderWith({'dotfiles/settings.json': 'old'});
  symlinkSync('dotfiles/settings.json', join(folder, 'settings.json'));
  writeWholeSync(join(folder, 'settings.json'), 'new');
  expect(lstatSync(join(folder, 'settings.json')).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(folder, 'dotfiles/settings.json'), 'utf8')).toBe('new');
  expect(readdirSync(folder).sort()).toEqual(['dotfiles', 'settings.json']);
});

test('parts of the dead are removed from a folder of ours, and nothing else', () => {
  const names = ['a.gguf', 'a.gguf.part', 'a.gguf.999999999.part', 'a.gguf.999999999-2.part', 'a.part.txt'];
  const kept = [`a.gguf.${process.pid}.part`, 'young.gguf.999999999.part'];
  const folder = folderWith(Object.fromEntries([...names, ...kept].map((name) => [name, ''])));
  const old = new Date(Date.now() - 2 * 3_600_000);
  for (const name of [...names, kept[0] ?? '']) utimesSync(join(folder, name), old, old);
  mkdirSync(join(folder, 'folder.part'));
  utimesSync(join(folder, 'folder.part'), old, old);
  expect(removeDeadParts(folder).sort()).toEqual(
    ['a.gguf.999999999-2.part', 'a.gguf.999999999.part', 'a.gguf.part'].map((name) => join(folder, name)),
  );
  expect(readdirSync(folder).sort()).toEqual(['a.gguf', 'a.part.txt', 'folder.part', ...kept].sort());
});

test('what is no regular file is never replaced', async () => {
  const folder = folderWith();
  mkdirSync(join(folder, 'a'));
  await expect(writeWhole(join(folder, 'a'), 'x')).rejects.toMatchObject({
    code: 'io',
    message: `${join(folder, 'a')} cannot be written: it is a folder`,
  });
  // Not a device of the machine: without the guard, and as root, the test would replace it.
  const pipe = join(folder, 'pipe');
  execFileSync('sh', ['-c', 'mkfifo "$0"', pipe]);
  expect(() => writeWholeSync(pipe, 'x')).toThrow(`${pipe} cannot be written: it is no regular file`);
  expect(readdirSync(folder)).toEqual(['a', 'pipe']);
});

test("what the writer throws of its own is passed on, also another file's failure", async () => {
  const path = join(folderWith(), 'a');
  const reason = new Error('stopped');
  await expect(writeWhole(path, () => Promise.reject(reason))).rejects.toBe(reason);
  const elsewhere = async () => void readFileSync(`${path}.source`);
  await expect(writeWhole(path, elsewhere)).rejects.toMatchObject({code: 'ENOENT', path: `${path}.source`});
});

test('writers of one file at once do not mix, and the last one wins', async () => {
  const path = join(folderWith(), 'a');
  const slow = (letter: string) => async (fd: number) => {
    for (let n = 0; n < 20; n += 1) {
      writeSync(fd, letter.repeat(1000));
      await sleep(1);
    }
  };
  await Promise.all(['a', 'b', 'c'].map((letter) => writeWhole(path, slow(letter))));
  expect(readFileSync(path, 'utf8')).toMatch(/^(a{20000}|b{20000}|c{20000})$/);
  expect(readdirSync(join(path, '..'))).toEqual(['a']);
});

test('parts that were left are removed: at once by who is alone, else when they are old and their process is dead', async () => {
  const dead = '999999999';
  const left = {
    [`a.${dead}.part`]: 'x',
    [`a.${dead}-2.part`]: 'x',
    'a.b.part': 'x',
    'a.txt': 'x',
    [`ab.${dead}.part`]: 'x',
  };
  const folder = folderWith({...left, 'a.1.part': 'of a living process'});
  const path = join(folder, 'a');
  const hours = (name: string, count: number) => {
    const time = Date.now() / 1000 - count * 3600;
    utimesSync(join(folder, name), time, time);
  };
  writeWholeSync(path, 'x');
  expect(readdirSync(folder)).toHaveLength(7);
  for (const name of readdirSync(folder)) hours(name, 2);
  writeWholeSync(path, 'y');
  expect(readdirSync(folder).sort()).toEqual(['a', 'a.1.part', 'a.b.part', 'a.txt', `ab.${dead}.part`]);
  writeFileSync(join(folder, `a.${dead}.part`), 'new');
  await writeAlone(path, {signal: new AbortController().signal, bytes: 1}, async (fd) => void writeSync(fd, 'z'));
  expect(readdirSync(folder).sort()).toEqual(['a', 'a.b.part', 'a.txt', `ab.${dead}.part`]);
  expect(readFileSync(path, 'utf8')).toBe('z');
});

test('what takes long is written by one process at a time', async () => {
  const path = join(folderWith(), 'new', 'a');
  const alone = () => writeAlone(path, {signal: new AbortController().signal, bytes: 1}, async () => {});
  await alone();
  const lock = tryLock(`${path}.lock`);
  await expect(alone()).rejects.toMatchObject({
    code: 'model_busy',
    message: `${path} is being written by another process`,
  });
  lock?.release();
  expect(readdirSync(join(path, '..'))).toEqual(['a']);
});

const WRITER = `
  import {writeSync} from 'node:fs';
  import {writeWhole, writeWholeSync} from './base/files/whole-file.ts';
  const [path] = process.argv.slice(2);
  console.log('begun');
  for (let n = 0; ; n += 1) {
    writeWholeSync(path, 'a'.repeat(200_000), {sync: n % 4 === 0});
    await writeWhole(path, async (fd) => {
      for (let m = 0; m < 20; m += 1) writeSync(fd, 'b'.repeat(10_000));
    });
  }
`;

test('a writer that is killed at any moment leaves the old file or the new one', async () => {
  const folder = folderWith({file: 'a'.repeat(200_000)});
  const path = join(folder, 'file');
  const program = childProgram(WRITER);
  const seen = new Set<string>();
  // A busy machine needs longer until both kinds of file were left behind.
  for (let n = 0; n < 24 || (seen.size < 2 && n < 80); n += 1) {
    const child = startChild(program, path);
    expect(await child.line()).toBe('begun');
    await sleep(Math.random() * 40 * Math.max(1, n / 8));
    child.process.kill('SIGKILL');
    expect(await child.ended).toMatchObject({signal: 'SIGKILL'});
    const text = readFileSync(path, 'utf8');
    expect(text.length).toBe(200_000);
    expect(text).toMatch(/^(a+|b+)$/);
    seen.add(text.slice(0, 1));
  }
  expect([...seen].sort()).toEqual(['a', 'b']);
  await writeAlone(path, {signal: new AbortController().signal, bytes: 1}, async (fd) => void writeSync(fd, 'z'));
  expect(readdirSync(folder)).toEqual(['file']);
}, 120_000);
