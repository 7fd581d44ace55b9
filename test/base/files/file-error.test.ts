import {type ExecFileException, execFile} from 'node:child_process';
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {connect} from 'node:net';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {EngineError} from '../../../src/base/errors.ts';
import {
  checkRoom,
  fileError,
  isEnough,
  isFileError,
  isMissing,
  reasonOf,
  wayOut,
} from '../../../src/base/files/file-error.ts';
import {folderWith} from '../../fixtures/folder.ts';

/** What `work` throws. */
function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return expect.unreachable();
}

const ofCode = (code: string) => Object.assign(new Error(`${code}: words, write`), {code, syscall: 'write'});

test.each([
  ['ENOSPC', 'disk_full', 'the disk is full: c.gguf is not complete'],
  ['EDQUOT', 'disk_full', 'the disk is full: c.gguf is not complete'],
  ['EFBIG', 'disk_full', 'the disk is full: c.gguf is not complete'],
  ['EACCES', 'io', '/a/c.gguf cannot be written: permission denied'],
  ['EPERM', 'io', '/a/c.gguf cannot be written: permission denied'],
  ['EROFS', 'io', '/a/c.gguf cannot be written: the disk is read-only'],
  ['ENOTDIR', 'io', '/a/c.gguf cannot be written: a part of its path is not a folder'],
  ['EEXIST', 'io', '/a/c.gguf cannot be written: something else of that name is there'],
  ['EISDIR', 'io', '/a/c.gguf cannot be written: it is a folder'],
  ['ENOENT', 'io', '/a/c.gguf cannot be written: there is no such file'],
  ['EIO', 'io', '/a/c.gguf cannot be written: the disk reports an error'],
  ['EWHATEVER', 'io', '/a/c.gguf cannot be written: EWHATEVER: words, write'],
] as const)('%s while writing is %s', (code, kind, message) => {
  const cause = ofCode(code);
  expect(fileError(cause, '/a/c.gguf', 'write')).toMatchObject({code: kind, message, cause});
});

test('reading fails as io whatever the code, a hint is the one asked for, and an EngineError stays what it is', () => {
  expect(fileError(ofCode('ENOSPC'), 'a', 'read')).toMatchObject({
    code: 'io',
    message: 'a cannot be read: the disk is full',
  });
  const hints = {full: 'Use less.', closed: 'Go elsewhere.'};
  expect(fileError(ofCode('ENOSPC'), 'a', 'write', hints).hint).toBe('Use less.');
  expect(fileError(ofCode('EFBIG'), 'a', 'write', hints).hint).toBe(
    'Use less. The system says: the file is too large for this disk, or for ulimit -f.',
  );
  expect(fileError(ofCode('EACCES'), 'a', 'write', hints).hint).toBe('Go elsewhere.');
  expect(fileError(ofCode('EACCES'), 'a', 'write').hint).toBe('Choose another place, or make this one writable.');
  const own = new EngineError('model_busy', 'busy');
  expect(fileError(own, 'a', 'write')).toBe(own);
});

test('what helps everywhere is said before what the caller advises', () => {
  expect(fileError(ofCode('EMFILE'), 'a', 'read', {closed: 'Go elsewhere.'})).toMatchObject({
    message: 'a cannot be read: this program has too many files open',
    hint: 'It may open too few files at a time: ulimit -n allows more.',
  });
  expect(wayOut(ofCode('EFBIG'))).toBe('Write to another disk, or allow larger files: ulimit -f.');
  expect(wayOut(ofCode('ENOENT'))).toBeUndefined();
  // Of the network, where the same code means sockets.
  expect(wayOut(Object.assign(new Error('connect EMFILE'), {code: 'EMFILE', syscall: 'connect'}))).toBeUndefined();
});

test('real failures of the file system are told in words, those of programs and of the network in theirs', async () => {
  const folder = folderWith({file: ''});
  expect(reasonOf(thrown(() => readFileSync(join(folder, 'none'))))).toBe('there is no such file');
  expect(reasonOf(thrown(() => readdirSync(join(folder, 'file'))))).toBe('a part of its path is not a folder');
  expect(reasonOf(thrown(() => writeFileSync(folder, '')))).toBe('it is a folder');
  expect(reasonOf(thrown(() => readFileSync(join(folder, 'x'.repeat(300)))))).toBe('the name is too long');
  const program = await new Promise<ExecFileException | null>((resolve) => execFile('/no/such/program', resolve));
  expect([isFileError(program), reasonOf(program)]).toEqual([false, 'spawn /no/such/program ENOENT']);
  const socket = await new Promise<Error>((resolve) => connect(join(folder, 'none.sock')).on('error', resolve));
  expect([isFileError(socket), isMissing(socket)]).toEqual([false, false]);
  expect(reasonOf(socket)).toMatch(/^connect ENOENT/);
});

test('anything that was thrown has a reason', () => {
  expect(reasonOf(new Error('why'))).toBe('why');
  expect(reasonOf(new TypeError(''))).toBe('TypeError');
  expect(reasonOf('text')).toBe('text');
  expect(reasonOf(undefined)).toBe('undefined');
  expect(reasonOf(null)).toBe('null');
  expect(reasonOf(new AggregateError([new Error('first'), new Error('last')], ''))).toBe('last');
  expect(reasonOf(new EngineError('io', 'said already'))).toBe('said already');
});

test.each([
  [1020, true],
  [1019.99, false],
  [1021, true],
  [0, false],
])('%d free bytes for 1000: %s', (free, enough) => {
  expect(isEnough(free, 1000)).toBe(enough);
});

test('room on the disk is asked for with a little more, and the hint says what to do', async () => {
  const folder = folderWith();
  await checkRoom(folder, 1, 'hint');
  await expect(checkRoom(folder, 1e18, 'Buy one.')).rejects.toMatchObject({
    code: 'disk_full',
    message: expect.stringMatching(/^the disk of \/.* has room for \S+ \S?B, 1020000 TB are needed$/),
    hint: 'Buy one.',
  });
});
