import {expect, test} from 'vitest';
import type {TokenLogprob} from '../../../../src/engine/contract/backend.ts';
import {
  certaintyRows,
  percent,
  shownPiece,
  textBefore,
  uncertain,
} from '../../../../src/ui/chat/certainty/certainty-colours.ts';
import {createTheme} from '../../../../src/ui/markdown/style.ts';
import {toyTokenizer} from '../../../fakes/toy-tokenizer.ts';

const tokenizer = toyTokenizer();
const plain = createTheme({color: false, unicode: true, hyperlinks: false});
const colored = createTheme({color: true, unicode: true, hyperlinks: false});

/** One token a byte of the text, as likely as the list says. */
function tokens(text: string, probabilities: readonly number[]): TokenLogprob[] {
  return tokenizer.encode(text).map((token, index) => ({token, logprob: Math.log(probabilities[index] ?? 1), top: []}));
}

const bare = (rows: readonly string[]) => rows.map((row) => row.replaceAll(/\x1b\[[\d;]*m/g, ''));

test('guesses carry their number, and the rows are those of the answer', () => {
  expect(bare(certaintyRows(tokens('ab\ncd', [1, 0.4, 1, 0.7, 0.1]), tokenizer, plain))).toEqual([
    'ab#2',
    'cd#5',
    '5 tokens, 2 below 50% (numbered; /alt N lists the alternatives)',
  ]);
});

test('a guess, a doubt and a certain token look different, and no style goes over a line end', () => {
  const [first, second] = certaintyRows(tokens('abc\nd', [1, 0.4, 0.7, 0.1, 1]), tokenizer, colored);
  expect(first).toBe('a\x1b[31mb\x1b[0m\x1b[2m#2\x1b[0m\x1b[33mc\x1b[0m');
  expect(second).toBe('\x1b[2m#4\x1b[0md');
});

test('what a token says cannot drive the terminal', () => {
  expect(bare(certaintyRows(tokens('a\x1b]0;x\x07b', []), tokenizer, plain))[0]).toBe('a]0;xb');
  expect(shownPiece(tokenizer, tokenizer.encode('"')[0] ?? 0)).toBe('"\\""');
});

test('the least certain tokens come first, ten at most', () => {
  expect(uncertain(tokens('abcd', [0.3, 0.9, 0.1, 0.49]))).toEqual([3, 1, 4]);
  expect(
    uncertain(
      tokens(
        'x'.repeat(20),
        Array.from({length: 20}, () => 0.2),
      ),
    ),
  ).toHaveLength(10);
});

test('the text up to a token, another one in its place', () => {
  const other = tokenizer.encode('X')[0] ?? 0;
  expect(textBefore(tokens('caf\u00e9!', []), 2, other, tokenizer)).toBe('caX');
  expect(textBefore(tokens('caf\u00e9!', []), 5, other, tokenizer)).toBe('caf\u00e9X');
});

test.each([
  [0.414, '41%'],
  [0.0004, '0.04%'],
  [1, '100%'],
])('%d is shown as %s', (probability, text) => {
  expect(percent(Math.log(probability))).toBe(text);
});
