import {expect, test} from 'vitest';
import {readAll, readLines, TEXT_LIMIT} from '../../src/base/read-lines.ts';
import {encodingOf} from '../../src/base/text-encoding.ts';

async function* pieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const texts = async (bytes: Uint8Array, size: number) => {
  const found: string[] = [];
  for await (const {text} of readLines(pieces(bytes, size), {name: 'stdin'})) found.push(text);
  return found;
};

const utf16le = (text: string) => Buffer.from(text, 'utf16le');
const utf16be = (text: string) => Buffer.from(utf16le(text)).swap16();
const utf32le = (text: string) =>
  Buffer.concat([...text].map((char) => Buffer.from(Uint32Array.of(char.codePointAt(0) ?? 0).buffer)));
const utf32be = (text: string) => Buffer.from(utf32le(text)).swap32();

test.each([1, 2, 3, 5, 1000])('UTF-16 with its mark is read, in pieces of %d bytes', async (size) => {
  const text = '\ufeffCapital of Österreich?\r\n🙂 日本\n';
  expect(await texts(utf16le(text), size)).toEqual(['Capital of Österreich?', '🙂 日本']);
  expect(await texts(utf16be(text), size)).toEqual(['Capital of Österreich?', '🙂 日本']);
});

test('a whole text in UTF-16 is read; half a pair and half a unit are no text', async () => {
  expect(await readAll(pieces(utf16be('\ufeffHé🙂'), 3), {name: 'a.txt'})).toEqual({text: 'Hé🙂', valid: true});
  const half = Buffer.concat([utf16le('\ufeffa\ud83d'), Buffer.from([0x41])]);
  expect(await readAll(pieces(half, 3), {name: 'a.txt'})).toEqual({text: 'a\ufffd', valid: false});
  for await (const line of readLines(pieces(utf16le('\ufeffa\ud83db\n'), 2), {name: 'stdin'})) {
    expect(line).toEqual({text: 'a\ufffdb', valid: false, number: 1});
  }
});

test.each([
  ['UTF-16 without a byte order mark', utf16le('Hi')],
  ['UTF-16 without a byte order mark', utf16le('What is the capital of France?\n')],
  ['UTF-16 without a byte order mark', utf16be('Grüße aus Österreich\n')],
  ['UTF-32', utf32le('\ufeffHi\n')],
  ['UTF-32', utf32be('\ufeffHi\n')],
  ['UTF-32', utf32le('Hi you\n')],
  ['UTF-32', utf32be('Hi you\n')],
])('%s is named: %#', async (encoding, bytes) => {
  await expect(texts(bytes, 1 << 16)).rejects.toMatchObject({
    code: 'usage',
    message: `stdin is written in ${encoding}`,
  });
  await expect(readAll(pieces(bytes, 7), {name: 'notes.txt'})).rejects.toMatchObject({
    message: `notes.txt is written in ${encoding}`,
  });
});

test.each([
  ['plain', Buffer.from('Hi\n')],
  ['with a mark', Buffer.from('\ufeffHi\n')],
  ['a zero here and there', Buffer.from('a\0bcd\0efghij\0k\n')],
  ['nothing but zeros', Buffer.alloc(4000)],
  ['one zero', Buffer.from('a\0b\n')],
  ['Latin-1 that begins with ÿ', Buffer.from([0xff, 0x61, 0x0a])],
])('UTF-8 it is: %s', (_name, bytes) => {
  expect(encodingOf(bytes, 'stdin')).toBe('utf-8');
});

test('a line is answered as soon as it is there, however few bytes came', async () => {
  const lines = readLines(
    (async function* () {
      yield Buffer.from('a\n');
      await new Promise(() => {});
    })(),
    {name: 'stdin'},
  );
  expect(await lines.next()).toEqual({done: false, value: {text: 'a', valid: true, number: 1}});
});

test.each([1, 2, 3, 100])('a CR ends a line as in Python, in pieces of %d bytes', async (size) => {
  expect(await texts(Buffer.from('one\rtwo\rthree'), size)).toEqual(['one', 'two', 'three']);
  expect(await texts(Buffer.from('a\r\nb\r\r\nc\n\rd\r'), size)).toEqual(['a', 'b', '', 'c', '', 'd']);
});

test('lines of nothing but CR cost no more than others', async () => {
  expect(await texts(Buffer.alloc(1 << 16, 0x0d), 1 << 16)).toHaveLength(1 << 16);
});

test('a line over the limit is passed over, its number and its reason in its place', async () => {
  const found = [];
  const input = pieces(Buffer.from('abc\n123456789012\nde'), 4);
  for await (const {number, text, problem} of readLines(input, {name: 'stdin', limit: 8})) {
    found.push([number, text, problem?.code]);
  }
  expect(found).toEqual([
    [1, 'abc', undefined],
    [2, '', 'context_length_exceeded'],
    [3, 'de', undefined],
  ]);
});

async function* endless(count: {bytes: number}) {
  const piece = Buffer.alloc(1 << 16, 'a');
  for (;;) {
    count.bytes += piece.length;
    yield piece;
  }
}

test('input without an end is given up, and no more of it is read than the limit', async () => {
  const count = {bytes: 0};
  await expect(readAll(endless(count), {name: 'stdin', limit: 1e6})).rejects.toMatchObject({
    code: 'context_length_exceeded',
    message: 'stdin has more than 1.00 MB of text: no model reads that much at once',
  });
  expect(count.bytes).toBeLessThan(1.1e6);
  count.bytes = 0;
  await expect(
    (async () => {
      for await (const line of readLines(endless(count), {name: 'stdin', limit: 1e5, endless: 1e6}))
        expect(line).toBe(1);
    })(),
  ).rejects.toMatchObject({code: 'context_length_exceeded', exitCode: 4});
  expect(count.bytes).toBeLessThan(1.1e6);
  expect(TEXT_LIMIT).toBe(64e6);
});
