import {expect, test} from 'vitest';
import {escapeJson, oneLine, sanitise} from '../../src/base/terminal-text.ts';

test.each([
  ['plain text, tabs\tand\nnewlines stay', 'plain text, tabs\tand\nnewlines stay'],
  ['\u001b[31mred\u001b[0m', '[31mred[0m'],
  ['\u009b2J\u0007\u0008\r\u007f', '2J'],
  ['abc\u202Edcba\u202C', 'abcdcba'],
  ['👩‍👩‍👧 é ü 日本 🇫🇷', '👩‍👩‍👧 é ü 日本 🇫🇷'],
  ['a\u{E0041}b', 'ab'],
  ['one\u2028two\u2029three', 'one\ntwo\nthree'],
  ['\u2066isolated\u2069 \u206Adeprecated\u206F \uFFF9note\uFFFB', 'isolated deprecated note'],
  ['(שלום)\u200F ו\u200Eabc\u061C', '(שלום)\u200F ו\u200Eabc\u061C'],
])('%j is shown as %j', (text, shown) => {
  expect(sanitise(text)).toBe(shown);
});

test('every control character but tab and newline goes, the others stay', () => {
  const controls = Array.from({length: 0xa0}, (_, code) => String.fromCharCode(code)).join('');
  expect(sanitise(controls)).toBe(`\t\n${controls.slice(0x20, 0x7f)}`);
});

test('a name that goes into a line stays on it', () => {
  expect(oneLine('a\r\n  b\u2028c')).toBe('a b c');
});

test('JSON keeps what it says, without a control character', () => {
  const object = {text: 'a\u009b2J\u001b\u202Eb\u{E0041}c\nd é'};
  const json = escapeJson(JSON.stringify(object));
  expect(json).toBe('{"text":"a\\u009b2J\\u001b\\u202eb\\udb40\\udc41c\\nd é"}');
  expect(JSON.parse(json)).toEqual(object);
});
