import {execFileSync, spawnSync} from 'node:child_process';
import {chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {writeAsked} from '../../../src/base/files/asked-file.ts';
import {childProgram} from '../../fixtures/child-program.ts';
import {folderWith} from '../../fixtures/folder.ts';

test('a new file is for its owner alone, one that is replaced keeps its permissions, a link stays', () => {
  const folder = folderWith({old: 'old'});
  chmodSync(join(folder, 'old'), 0o644);
  symlinkSync(join(folder, 'old'), join(folder, 'link'));
  writeAsked(join(folder, 'new'), 'a');
  writeAsked(join(folder, 'link'), 'b');
  expect(readFileSync(join(folder, 'old'), 'utf8')).toBe('b');
  expect(['new', 'old'].map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual([0o600, 0o644]);
  expect(readdirSync(folder)).toEqual(['link', 'new', 'old']);
});

test('a disk that gets full leaves the file that was there, or none', () => {
  const folder = folderWith({'old.md': 'old'});
  const program = childProgram(`
    import {writeAsked} from './base/files/asked-file.ts';
    for (const path of process.argv.slice(2)) {
      try {
        writeAsked(path, 'a'.repeat(100_000));
      } catch (error) {
        console.log(error.code, error.message);
      }
    }
  `);
  // A limit on the size of files is what a full disk is to one file.
  const run = spawnSync('bash', [
    '-c',
    'ulimit -f 8; exec "$@"',
    'bash',
    process.execPath,
    program,
    join(folder, 'old.md'),
    join(folder, 'new.md'),
  ]);
  expect(run.stdout.toString()).toBe(
    'disk_full the disk is full: old.md is not complete\ndisk_full the disk is full: new.md is not complete\n',
  );
  expect(readdirSync(folder)).toEqual(['old.md']);
  expect(readFileSync(join(folder, 'old.md'), 'utf8')).toBe('old');
});

test('no folder is made, and a folder is no file', () => {
  const folder = folderWith();
  mkdirSync(join(folder, 'a'));
  expect(() => writeAsked(join(folder, 'no/such.md'), 'x')).toThrow(
    `${join(folder, 'no/such.md')} cannot be written: there is no folder ${join(folder, 'no')}`,
  );
  expect(() => writeAsked(join(folder, 'a'), 'x')).toThrow(`${join(folder, 'a')} cannot be written: it is a folder`);
  expect(readdirSync(folder)).toEqual(['a']);
});

test('a pipe is written to when somebody reads it, and stays a pipe', () => {
  const path = join(folderWith(), 'pipe');
  execFileSync('sh', ['-c', 'mkfifo "$0"', path]);
  expect(() => writeAsked(path, 'x')).toThrow(`${path} cannot be written: nobody reads it`);
  const program = childProgram(`
    import {writeAsked} from './base/files/asked-file.ts';
    writeAsked(process.argv[2], 'a'.repeat(300_000));
  `);
  // The reader is there before the writer: descriptor 3 holds the pipe open meanwhile.
  const line = 'exec 3<>"$0"; wc -c <"$0" 3>&- & "$1" "$2" "$0"; exec 3>&-; wait';
  expect(
    execFileSync('bash', ['-c', line, path, process.execPath, program], {encoding: 'utf8', timeout: 20_000}).trim(),
  ).toBe('300000');
  expect(statSync(path).isFIFO()).toBe(true);
});
