import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {attachFiles, fenced} from '../../../src/ui/chat/attach-files.ts';
import {folderWith} from '../../fixtures/folder.ts';

const attach = (text: string, files: Record<string, string | Buffer>) => {
  const folder = folderWith(files);
  mkdirSync(join(folder, 'docs'));
  return attachFiles(text, (name) => join(folder, name));
};

test('a file that is named goes below the message, once', async () => {
  expect(await attach('see @a.ts and @a.ts', {'a.ts': 'let a = 1;\n'})).toEqual({
    content: 'see @a.ts and @a.ts\n\na.ts:\n```ts\nlet a = 1;\n```',
    notes: ['attached a.ts (2 lines)'],
  });
});

test.each([
  ['Is @a.ts, as it is, right?'],
  ['What is in @a.ts?'],
  ['(@a.ts)'],
  ['Look: "see @a.ts"'],
  ['@a.ts… and @a.ts.'],
  ['See @"a.ts" please'],
])('the punctuation of a sentence is not part of a name: %s', async (text) => {
  const {content, notes} = await attach(text, {'a.ts': 'x'});
  expect(content).toBe(`${text}\n\na.ts:\n\`\`\`ts\nx\n\`\`\``);
  expect(notes).toEqual(['attached a.ts (1 lines)']);
});

test('a name with spaces stands in quotes, and one that ends with a dot is itself', async () => {
  const {notes} = await attach('@"my notes.txt" @v1.', {'my notes.txt': 'a', 'v1.': 'b', v1: 'c'});
  expect(notes).toEqual(['attached my notes.txt (1 lines)', 'attached v1. (1 lines)']);
});

test('what is no file stays a word', async () => {
  const text = 'mail me@example.org or @nobody, @../ or @ or @. or @types/node';
  expect(await attach(text, {})).toEqual({content: text, notes: []});
});

test.each([
  ['see @missing.txt, please', 'no file missing.txt: the name is sent as text'],
  ['see @src/missing.ts', 'no file src/missing.ts: the name is sent as text'],
  ['see @./missing', 'no file ./missing: the name is sent as text'],
])('a name that looks like a file and is none is told: %s', async (text, note) => {
  expect(await attach(text, {})).toEqual({content: text, notes: [note]});
});

test.each<[string, string]>([
  ['@a.bin', 'could not attach a.bin: it is not a text file'],
  ['@photo.png, what is it?', 'could not attach photo.png: it is not a text file'],
  ['@latin.txt', 'could not attach latin.txt: it is not a text file'],
  ['@wide.txt', 'could not attach wide.txt: wide.txt is written in UTF-16 without a byte order mark'],
  ['@b.txt', 'could not attach b.txt: it has 600000 bytes; the limit is 524288'],
  ['@docs', 'could not attach docs: it is a folder'],
  ['@docs, please', 'could not attach docs: it is a folder'],
  ['@good.txt and @a.bin', 'could not attach a.bin: it is not a text file'],
])('a message is refused whole when a file it names cannot be attached: %s', async (text, message) => {
  const files = {
    'a.bin': 'a\u0000b',
    'photo.png': Buffer.from('89504e470d0a1a0a0000000d', 'hex'),
    'latin.txt': Buffer.from('Stra\u00dfe', 'latin1'),
    'wide.txt': Buffer.from('a text of some length', 'utf16le'),
    'b.txt': 'x'.repeat(600_000),
    'good.txt': 'good',
  };
  await expect(attach(text, files)).rejects.toMatchObject({
    code: 'usage',
    message,
    hint: 'the message was not sent; change it, or leave out the @ to send the name as text',
  });
});

test('a text in UTF-16 with its mark is attached as what it says', async () => {
  const {content} = await attach('@w.txt', {'w.txt': Buffer.from('\ufeffStraße', 'utf16le')});
  expect(content).toBe('@w.txt\n\nw.txt:\n```txt\nStraße\n```');
});

test('the fence is longer than any in the file', () => {
  expect(fenced('a.md', '````\ncode\n````')).toBe('a.md:\n`````md\n````\ncode\n````\n`````');
});
