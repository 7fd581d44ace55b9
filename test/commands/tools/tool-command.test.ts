import {execFileSync} from 'node:child_process';
import {expect, test, vi} from 'vitest';
import {parseToolCommand, runToolCommand, splitWords} from '../../../src/commands/tools/tool-command.ts';
import {aliveFifo} from '../../fixtures/alive-fifo.ts';
import {folderWith} from '../../fixtures/folder.ts';

const call = {id: 'abcDEF123', name: 'add', arguments: '{"a": 1}'};

function exec(
  line: string,
  {shell = false, timeoutMs = 10_000, signal = new AbortController().signal, cwd = process.cwd()} = {},
) {
  return runToolCommand({name: 'add', line}, call, {shell, timeoutMs, signal, cwd, env: process.env, note() {}});
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
  expect(() => splitWords(`a 'b`)).toThrow('unclosed quote');
  expect(() => parseToolCommand('./weather.sh')).toThrow('is not of the form NAME=COMMAND');
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

test('a failure is told by the last line of what was written, however much came before', async () => {
  await expect(exec('seq 100000 >&2; echo the reason >&2; exit 3', {shell: true})).rejects.toMatchObject({
    message: 'the command of the tool add ended with exit code 3: the reason',
  });
});

test('a script without a first line that names its shell is read by sh', async () => {
  const cwd = folderWith({script: 'echo from sh'});
  execFileSync('chmod', ['+x', 'script'], {cwd});
  expect(await exec('./script', {cwd})).toBe('from sh');
});

test.each([
  ['false', {}, 'the command of the tool add ended with exit code 1: it wrote nothing'],
  ['ls /no/such/place', {}, 'No such file'],
  ['/no/such/program', {}, 'cannot be run: there is no program /no/such/program'],
  ['', {}, 'cannot be run: the command is empty'],
  ['/etc/passwd/program', {}, 'cannot be run: a part of the path /etc/passwd/program is no folder'],
  ['/etc', {}, 'cannot be run: /etc may not be executed'],
  ['/etc/passwd', {}, 'cannot be run: /etc/passwd may not be executed'],
  ['ls', {cwd: '/no/such/folder'}, 'cannot be run: there is no program ls, or not the folder to run it in'],
  [`true ${'x'.repeat(300_000)}`, {}, 'cannot be run: the command or the environment is too long for this system'],
  ['true a\u0000b', {}, 'cannot be run: '],
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
