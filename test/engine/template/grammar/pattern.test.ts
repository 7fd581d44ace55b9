import fc from 'fast-check';
import {describe, expect, it, test} from 'vitest';
import {patternString} from '../../../../src/engine/template/grammar/pattern.ts';
import {Gbnf} from '../../../fakes/gbnf.ts';

const CHAR = '[^"\\\\\\x7F\\x00-\\x1F] | "\\\\" (["\\\\/bfnrt] | "u" [0-9a-fA-F]{4})';

function grammar(pattern: string): Gbnf | undefined {
  const body = patternString(pattern, 'char');
  return body === undefined ? undefined : new Gbnf(`root ::= ${body}\nchar ::= ${CHAR}\n`);
}

const matched: readonly (readonly [pattern: string, yes: readonly string[], no: readonly string[]])[] = [
  ['^\\d{4}-\\d{2}-\\d{2}$', ['2026-11-21'], ['2026-1-21', 'x2026-11-21', '2026-11-213']],
  ['^(?:red|green|dark (?<tone>blue))$', ['red', 'dark blue'], ['dark', 'redgreen', 'blue']],
  ['ab+?c', ['abc', 'xxabbbcyy'], ['ac', 'abb']],
  ['^a|b$', ['axx', 'xxb'], ['xax', 'bx']],
  ['^[^"\\\\\\n]*$', ['', 'é日😀'], ['a"', 'a\\', 'a\n']],
  ['^["\\\\\\n\\x01\\u{1F600}-\\u{1F601}-]+$', ['"\\\n\u0001😀😁-'], ['a', '😂', '']],
  ['^.$', ['a', '😀'], ['', '\n', 'ab']],
  ['^\\w[\\s\\S]\\W$', ['a\n-'], ['aa', 'aaa']],
  ['^(a?b){0,2}$', ['', 'b', 'abab'], ['a', 'bbb']],
  ['', ['', 'anything'], []],
];

describe('a pattern accepts', () => {
  for (const [pattern, yes, no] of matched) {
    it(pattern, () => {
      const gbnf = grammar(pattern);
      for (const text of yes) expect(gbnf?.accepts(JSON.stringify(text)), text).toBe(true);
      for (const text of no) expect(gbnf?.accepts(JSON.stringify(text)), text).toBe(false);
    });
  }
});

test.each([
  'a(?=b)',
  '(?<!a)b',
  '(a)\\1',
  '\\bword',
  '\\p{L}',
  '(^a|b)',
  'a$b',
  '(a*)*',
  '(a|b?)+',
  'a{5000}',
  '(a{100}){100}',
  '[b-a]',
  '[\\d-z]',
  '(a',
  'a)',
  '[a',
  'a**',
  '+',
  'a{2,1}',
  '\\ud83d',
  '\\q',
])('%s is more than a grammar can say, or none', (pattern) => {
  expect(patternString(pattern, 'char')).toBeUndefined();
});

test('a pattern of any depth is read or refused', () => {
  const nested = (depth: number) => patternString(`${'('.repeat(depth)}a${')'.repeat(depth)}`, 'char');
  expect(nested(400)).toBeDefined();
  expect(nested(100_000)).toBeUndefined();
});

test('what can match no text that JSON writes has no rule', () => {
  expect(patternString('^[^\\s\\S]$', 'char')).toBeUndefined();
});

/** Sources of patterns over few characters, so that texts meet them. */
const set = fc.constantFrom('a', 'b', '[ab]', '[^a]', '[a-c]', '.', '\\d', '\\W', '"', '\\\\', '\\n', '1', '😀');
const {pattern} = fc.letrec<{atom: string; sequence: string; choice: string; pattern: string}>((tie) => ({
  atom: fc.oneof(
    {weight: 4, arbitrary: set},
    tie('choice').map((body) => `(?:${body})`),
  ),
  sequence: fc
    .array(fc.tuple(tie('atom'), fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{0,2}')), {maxLength: 4})
    .map((items) => items.map((item) => item.join('')).join('')),
  choice: fc.array(tie('sequence'), {minLength: 1, maxLength: 2}).map((options) => options.join('|')),
  pattern: fc
    .array(fc.tuple(fc.constantFrom('^', ''), tie('sequence'), fc.constantFrom('$', '')), {minLength: 1, maxLength: 2})
    .map((options) => options.map((option) => option.join('')).join('|')),
}));

test('everything a grammar admits matches the pattern, and everything that matches is admitted', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', '1', '"', '\\', '\n', '-', '😀'), {maxLength: 6});
  fc.assert(
    fc.property(pattern, fc.array(text, {minLength: 1, maxLength: 6}), (source, texts) => {
      const gbnf = grammar(source);
      const regExp = new RegExp(source, 'u');
      for (const one of texts.map((chars) => chars.join(''))) {
        const wanted = regExp.test(one);
        if (gbnf) expect(gbnf.accepts(JSON.stringify(one)), `${source} ${one}`).toBe(wanted);
      }
    }),
    {numRuns: 500},
  );
});
