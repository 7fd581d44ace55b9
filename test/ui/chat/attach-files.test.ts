import {join} from 'node:path';
import {expect, test} from 'vitest';
import {attachFiles, fenced} from '../../../src/ui/chat/attach-files.ts';
import {folderWith} from '../../fixtures/folder.ts';

const attach = (text: string, files: Record<string, string>) => {
  const folder = folderWith(files);
  return attachFiles(text, (name) => join(folder, name));
};

test('a file that is named goes below the message, once', async () => {
  expect(await attach('see @a.ts and @a.ts', {'a.ts': 'let a = 1;\n'})).toEqual({
    content: 'see @a.ts and @a.ts\n\na.ts:\n```ts\nlet a = 1;\n```',
    notes: ['attached a.ts (2 lines)'],
  });
});

test('what is no file stays a word', async () => {
  const text = 'mail me@example.org or @nobody, @../ or @';
  expect(await attach(text, {})).toEqual({content: text, notes: []});
});

test('a binary file and one that is too large are named with the reason', async () => {
  const {content, notes} = await attach('@a.bin @b.txt', {'a.bin': 'a\u0000b', 'b.txt': 'x'.repeat(600_000)});
  expect(content).toBe('@a.bin @b.txt');
  expect(notes).toEqual([
    'a.bin is not attached: it is not a text file',
    'b.txt is not attached: it has 600000 bytes, at most 524288 fit',
  ]);
});

test('the fence is longer than any in the file', () => {
  expect(fenced('a.md', '````\ncode\n````')).toBe('a.md:\n`````md\n````\ncode\n````\n`````');
});
