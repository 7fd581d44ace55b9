import {execFileSync} from 'node:child_process';
import {closeSync, constants, openSync, readSync} from 'node:fs';
import {join} from 'node:path';
import {expect, onTestFinished, test, vi} from 'vitest';
import {parseToolCommand, runToolCommand, splitWords} from '../../../src/commands/tools/tool-command.ts';
import {folderWith} from '../../fixtures/folder.ts';

const call = {id: 'abcDEF123', name: 'add', arguments: '{"a": 1}'};

function exec(
  line: string,
  {shell = false, timeoutMs = 10_000, signal = new AbortController().signal, cwd = process.cwd()} = {},
) {
  return runToolCommand({name: 'add', line}, call, {shell, timeoutMs, signal, cwd});
}

/** A folder with a FIFO named `alive` in it, and whether any process has it open for writing. */
function aliveFifo() {
  const cwd = folderWith();
  const path = join(cwd, 'alive');
  execFileSync('sh', ['-c', 'mkfifo alive'], {cwd});
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(fd));
  const isAlive = () => {
    try {
      return readSync(fd, Buffer.alloc(1)) > 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return true;
      throw error;
    }
  };
  return {cwd, isAlive};
}

test.each([
  ['a b  c', ['a', 'b', 'c']],
  [`a 'b c' "d e" f\\ g`, ['a', 'b c', 'd e', 'f g']],
  [`x"y z"'w' ""`, ['xy zw', '']],
  [`"a \\"b\\" \\n"`, ['a "b" \\n']],
  ['', []],
])('%j is split into %j', (line, words) => {
  expect(splitWords(line)).toEqual(words);
});

test('an open quote and a missing name are usage errors', () => {
  expect(() => splitWords(`a 'b`)).toThrow('open quote');
  expect(() => parseToolCommand('./weather.sh')).toThrow('does not name a tool');
  expect(parseToolCommand('get_weather=./weather.sh --unit=c')).toEqual({
    name: 'get_weather',
    line: './weather.sh --unit=c',
  });
});

test('arguments arrive on stdin, output comes back clean, no shell reads the line', async () => {
  expect(await exec('cat')).toBe('{"a": 1}');
  expect(await exec(`printf '\\033[31m5\\n\\n'`)).toBe('[31m5');
  expect(await exec('echo $HOME;')).toBe('$HOME;');
  expect(await exec('echo $((1+1)); true', {shell: true})).toBe('2');
});

test('output beyond 64 KiB is cut', async () => {
  expect(await exec('head -c 100000 /dev/zero | tr "\\0" x', {shell: true})).toBe('x'.repeat(65_536));
});

test.each([
  ['false', {}, 'the command of the tool add ended with exit code 1: it wrote nothing'],
  ['ls /no/such/place', {}, 'No such file'],
  ['/no/such/program', {}, 'cannot be run'],
  ['sleep 5; true', {shell: true, timeoutMs: 100}, 'took longer than 0.1 s'],
])('%s fails with the reason', async (line, options, reason) => {
  await expect(exec(line, options)).rejects.toMatchObject({
    code: 'tool_failed',
    message: expect.stringContaining(reason),
  });
});

// Longer than the test may take: it fails if anything of the command is left running.
const WITH_CHILDREN = 'sleep 60 > alive & (sleep 60 > alive) & sleep 60 > alive; true';

test('a timeout ends the command and everything it started', async () => {
  const {cwd, isAlive} = aliveFifo();
  const failure = exec(WITH_CHILDREN, {shell: true, timeoutMs: 500, cwd});
  await expect(failure).rejects.toMatchObject({message: 'the command of the tool add took longer than 0.5 s'});
  await vi.waitFor(() => expect(isAlive()).toBe(false), 10_000);
});

test('a stop ends the command and everything it started', async () => {
  const {cwd, isAlive} = aliveFifo();
  const controller = new AbortController();
  const stopped = expect(exec(WITH_CHILDREN, {shell: true, signal: controller.signal, cwd})).rejects.toBe('SIGINT');
  await vi.waitFor(() => expect(isAlive()).toBe(true), 10_000);
  controller.abort('SIGINT');
  await stopped;
  await vi.waitFor(() => expect(isAlive()).toBe(false), 10_000);
});
