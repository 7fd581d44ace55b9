import {mkdtempSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {fimTexts, runFim} from '../../src/commands/fim.ts';
import {fakeIo} from '../fakes/io.ts';
import {answering, ScriptedBackend} from '../fakes/scripted-backend.ts';

const request = {prompt: 'def add(', suffix: '    return sum', sampling: {temperature: 0, maxTokens: 99}};

const folder = mkdtempSync(join(tmpdir(), 'fim-'));
const file = join(folder, 'a.py');
writeFileSync(file, 'def f(x):\r\n    return \nlast');

test('the middle and nothing else goes to stdout', async () => {
  const io = fakeIo();
  const backend = new ScriptedBackend(answering(() => 'a, b):\n    sum = a + b\n'));
  await runFim(io, backend, request, false);
  expect(io.out()).toBe('a, b):\n    sum = a + b\n');
  expect(backend.requests).toEqual([request]);
});

test('a cut middle is announced, --json carries the reason', async () => {
  const io = fakeIo();
  await runFim(
    io,
    new ScriptedBackend(answering(() => 'abc')),
    {...request, sampling: {temperature: 0, maxTokens: 1}},
    true,
  );
  expect(JSON.parse(io.out())).toMatchObject({content: 'a', finish_reason: 'length'});
  expect(io.err()).toContain('cut off after 1 token;');
});

test('texts come from flags, files and stdin', async () => {
  expect(await fimTexts(fakeIo(), {prefix: 'a', suffix: 'b'})).toEqual({prompt: 'a', suffix: 'b'});
  expect(await fimTexts(fakeIo(), {prefix: 'a'})).toEqual({prompt: 'a', suffix: ''});
  expect(await fimTexts(fakeIo('in\n'), {prefix: '-', suffixFile: file})).toEqual({
    prompt: 'in\n',
    suffix: 'def f(x):\r\n    return \nlast',
  });
});

test('a place in a file splits it there', async () => {
  expect(await fimTexts(fakeIo(), {file, line: 2})).toEqual({
    prompt: 'def f(x):\r\n    return ',
    suffix: '\nlast',
  });
  expect(await fimTexts(fakeIo(), {file, line: 1, col: 7})).toEqual({
    prompt: 'def f(',
    suffix: 'x):\r\n    return \nlast',
  });
  expect(await fimTexts(fakeIo(), {file, line: 1})).toMatchObject({prompt: 'def f(x):'});
});

test.each([
  [{}, 'nothing to fill in'],
  [{file}, '--file needs --line'],
  [{file, line: 4}, 'has only 3 lines'],
  [{file, line: 3, col: 6}, 'ends at column 5'],
  [{file, line: 1, prefix: 'x'}, 'cannot be combined'],
  [{prefix: 'a', prefixFile: 'b'}, 'use either --prefix or --prefix-file'],
  [{prefix: '-', suffix: '-'}, 'only one'],
])('%j is a usage error', async (flags, message) => {
  await expect(fimTexts(fakeIo(), flags)).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringContaining(message),
  });
});

test('a missing file is named', async () => {
  await expect(fimTexts(fakeIo(), {prefixFile: 'no/such'})).rejects.toMatchObject({
    code: 'io',
    message: 'cannot read no/such: there is no such file',
  });
});
