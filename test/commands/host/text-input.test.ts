import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, expect, test} from 'vitest';
import {promptFrom, readStdin, readTextFile, stdinLines, textOrFile} from '../../../src/commands/host/text-input.ts';
import {fakeIo} from '../../fakes/io.ts';

const folder = mkdtempSync(join(tmpdir(), 'text-input-'));
afterAll(() => rmSync(folder, {recursive: true}));

test.each([
  [[''], 'the prompt is empty'],
  [[' \t\n'], 'the prompt is empty'],
  [['Sum up:', ''], 'a part of the prompt is empty'],
  [['-'], 'nothing came on stdin, for which - stands in the prompt'],
  [['Sum up:', '-'], 'nothing came on stdin, for which - stands in the prompt'],
])('a prompt of %j with blank stdin is refused', async (parts, message) => {
  for (const stdin of ['', '\n', ' \r\n\t\n']) {
    await expect(promptFrom(fakeIo(stdin), parts)).rejects.toMatchObject({code: 'usage', exitCode: 2, message});
  }
});

test('a prompt keeps its blanks, stdin loses its last line end', async () => {
  expect(await promptFrom(fakeIo(' text \n\n'), [' Sum up: ', '-'])).toBe(' Sum up: \n\n text \n');
});

test.each([
  ['two parts of a prompt', (io: ReturnType<typeof fakeIo>) => promptFrom(io, ['-', '-'])],
  [
    'a file and a prompt',
    async (io: ReturnType<typeof fakeIo>) => [await readTextFile(io, '-'), await promptFrom(io, ['-'])],
  ],
  [
    'the system prompt and lines',
    async (io: ReturnType<typeof fakeIo>) => [await textOrFile(io, '@-'), await stdinLines(io).next()],
  ],
])('stdin is one text: not %s', async (_name, read) => {
  await expect(read(fakeIo('text\n'))).rejects.toMatchObject({
    code: 'usage',
    message: 'stdin can be only one of the texts, and - stands for it twice',
  });
});

test('files that cannot be read or have no end are named', async () => {
  await expect(readTextFile(fakeIo(), folder)).rejects.toMatchObject({
    code: 'io',
    message: `cannot read ${folder}: it is a folder`,
  });
  await expect(readTextFile(fakeIo(), join(folder, 'none'))).rejects.toMatchObject({code: 'io', exitCode: 1});
  await expect(textOrFile(fakeIo(), '@/dev/zero')).rejects.toMatchObject({
    exitCode: 4,
    message: '/dev/zero has more than 64.0 MB of text: no model reads that much at once',
  });
});

test('a file in UTF-16 is read', async () => {
  const file = join(folder, 'powershell.txt');
  writeFileSync(file, Buffer.from('\ufeffGrüße\r\n', 'utf16le'));
  expect(await textOrFile(fakeIo(), `@${file}`)).toBe('Grüße');
});

test('a failing stdin is an error of reading, not its end', async () => {
  const io = fakeIo();
  const {stdin} = io;
  queueMicrotask(() =>
    (stdin as unknown as {destroy(error: Error): void}).destroy(
      Object.assign(new Error('EIO: i/o error, read'), {code: 'EIO', syscall: 'read'}),
    ),
  );
  await expect(readStdin(io)).rejects.toMatchObject({
    code: 'io',
    message: 'cannot read stdin: the disk reports an error',
  });
});
