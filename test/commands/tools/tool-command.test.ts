import {expect, test} from 'vitest';
import {parseToolCommand, runToolCommand, splitWords} from '../../../src/commands/tools/tool-command.ts';

const call = {id: 'abcDEF123', name: 'add', arguments: '{"a": 1}'};

function exec(line: string, {shell = false, timeoutMs = 10_000, signal = new AbortController().signal} = {}) {
  return runToolCommand({name: 'add', line}, call, {shell, timeoutMs, signal, cwd: process.cwd()});
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

test('a stop ends the command and what it started', async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort('SIGINT'), 50);
  await expect(exec('sleep 5; true', {shell: true, signal: controller.signal})).rejects.toBe('SIGINT');
});
