import fc from 'fast-check';
import {expect, test} from 'vitest';
import {Sentences} from '../../src/ui/sentences.ts';

/** What is written for each part of a text, and at its end. */
function written(parts: readonly string[]): string[] {
  const sentences = new Sentences();
  return [...parts.map((part) => sentences.push(part)), sentences.end()];
}

test('a sentence is written once it is whole, never a part of a word', () => {
  const parts = ['Pi is 3', '.14. Tha', 't is ', 'all', '! Bye'];
  expect(written(parts)).toEqual(['', 'Pi is 3.14.', '', '', ' That is all!', ' Bye']);
  expect(written(['He said "No."', ' And', ' left.'])).toEqual(['', 'He said "No."', '', ' And left.']);
  expect(written(['日本語。まだ', '続く'])).toEqual(['日本語。', '', 'まだ続く']);
  expect(written(['let x = 1', '\nlet y'])).toEqual(['', 'let x = 1\n', 'let y']);
});

test('a sentence without an end is cut between words', () => {
  const [first = '', rest] = written([`${'word '.repeat(100)}wo`, 'rd']).filter(Boolean);
  expect(first).toBe('word '.repeat(100));
  expect(rest).toBe('word');
});

test('nothing is lost, and what is written before the end stops where a sentence does', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[ab .!?\n"。]{0,8}$/)), (parts) => {
      const pieces = written(parts);
      expect(pieces.join('')).toBe(parts.join(''));
      for (const piece of pieces.slice(0, -1).filter(Boolean)) expect(piece).toMatch(/(\n|[.!?。])["]*$/);
    }),
  );
});
