import {expect, test} from 'vitest';
import {sanitise, sanitiseJson} from '../../src/base/terminal-text.ts';

test.each([
  ['plain text, tabs\tand\nnewlines stay', 'plain text, tabs\tand\nnewlines stay'],
  ['\u001b[31mred\u001b[0m', '[31mred[0m'],
  ['\u009b2J\u0007\u0008\r\u007f', '2J'],
  ['abc\u202Edcba\u202C', 'abcdcba'],
  ['👩‍👩‍👧 é ü 日本 🇫🇷', '👩‍👩‍👧 é ü 日本 🇫🇷'],
  ['a\u{E0041}b', 'ab'],
])('%j is shown as %j', (text, shown) => {
  expect(sanitise(text)).toBe(shown);
});

test('JSON keeps what it says, without a control character', () => {
  const object = {text: 'a\u009b2J\u001b\u202Eb\u{E0041}c\nd é'};
  const json = sanitiseJson(JSON.stringify(object));
  expect(json).toBe('{"text":"a\\u009b2J\\u001b\\u202eb\\udb40\\udc41c\\nd é"}');
  expect(JSON.parse(json)).toEqual(object);
});
