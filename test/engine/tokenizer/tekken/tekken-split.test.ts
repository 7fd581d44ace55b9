import fc from 'fast-check';
import {expect, test} from 'vitest';
import {TEKKEN_PATTERN, TekkenSplitter} from '../../../../src/engine/tokenizer/tekken/tekken-split.ts';
import {asJavaScript} from '../../../fixtures/plain-encoders.ts';
import {anyText, wellFormed} from '../../../fixtures/texts.ts';

function split(text: string): string[] {
  const bytes = Buffer.from(text);
  const splitter = new TekkenSplitter(bytes);
  const pieces: string[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = splitter.end(start);
    pieces.push(bytes.toString('utf8', start, end));
    start = end;
  }
  return pieces;
}

test.each([
  ['Hello, world!', ['Hello', ',', ' world', '!']],
  ['camelCase XMLHttp ABC', ['camel', 'Case', ' XMLHttp', ' ABC']],
  ['a  b   \n  c', ['a', ' ', ' b', '   \n', ' ', ' c']],
  ['trailing   ', ['trailing', '   ']],
  ['(x) // y/\n/z', ['(x', ')', ' //', ' y', '/\n/', 'z']],
  ['12.5', ['1', '2', '.', '5']],
  ['नमस्ते दुनिया', ['नमस्ते', ' दुनिया']],
  ['日A日AB', ['日A日', 'AB']],
  ['\u0301ABC', ['\u0301', 'ABC']],
  ['-\u0301ABC', ['-\u0301', 'ABC']],
  ['x\u0085y\ufeffz', ['x', '\u0085y', '\ufeffz']],
])('%j', (text, pieces) => {
  expect(split(text)).toEqual(pieces);
});

test('the scanner cuts any text where the pattern does', () => {
  const pattern = new RegExp(asJavaScript(TEKKEN_PATTERN), 'gu');
  fc.assert(
    fc.property(anyText, (text) => {
      const whole = wellFormed(text);
      expect(split(text)).toEqual(whole.match(pattern) ?? []);
    }),
    {numRuns: 3000},
  );
});
