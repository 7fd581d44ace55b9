import {describe, expect, test} from 'vitest';
import {loadCLibrary} from '../../../src/engine/llama/c-api/c-library.ts';
import {shippedLibrary} from '../../../src/engine/llama/c-api/library-files.ts';
import {syntaxFault} from '../../../src/engine/llama/gbnf-syntax.ts';
import {randomNumbers} from '../../fixtures/random-numbers.ts';

const GOOD = [
  'root ::= "a"',
  'root ::= [a-z]+ | "x"* | . ',
  'root ::= a (b | "c")? # a comment\na ::= "1"\nb::=[^"\\\\\\n]{2,5}\n',
  '# first\n\nroot ::=\n  "a" |\n  "b"\r\nother ::= "c"',
  'root ::= <[5]> !<[7]> "\\x41\\u00e9\\U0001F600\\t"',
  'root ::= item*\nitem ::= "[" item* "]"',
  'root ::= "a"{3} "b"{0,} "c"{ 2 , 4 }',
  'root ::= ("a" | ("b" ("c")))',
  'root ::= "" | "a"',
  'root ::= [-a-z] [a-] [\\]\\[]',
  'root ::= "é😀" [à-ÿ]',
];

describe('what llama.cpp takes is taken', () => {
  test.each(GOOD)('%j', (gbnf) => expect(syntaxFault(gbnf)).toBeUndefined());
});

describe('what it does not is refused with the place', () => {
  test.each([
    ['', 'it has no rule "root"'],
    ['root', 'line 1 has "" where ::= must stand'],
    ['root ::= "a', 'it ends in the middle of a text'],
    ['root ::= [a', 'it ends in the middle of a text'],
    ['root ::= ("a"', 'line 1 has "" where ) must stand'],
    ['root ::= "a" )', 'line 1 has ")" where a new line or the end must stand'],
    ['root ::= *', 'line 1 has "*" where something to repeat must stand'],
    ['root ::= ""*', 'line 1 has "*" where something to repeat must stand'],
    ['root ::= "a"{0}*', 'line 1 has "*" where something to repeat must stand'],
    ['root ::= "a"\nb ::= c', 'it has no rule "c"'],
    ['root ::= "a" c{0}', 'it has no rule "c"'],
    ['other ::= "a"', 'it has no rule "root"'],
    ['root ::= "\\q"', 'line 1 has "\\q"" where a known escape must stand'],
    ['root ::= "\\u12"', 'line 1 has "12"" where 4 hexadecimal digits must stand'],
    ['root ::= <[x]>', 'line 1 has "<[x]>" where a token such as <[12]> must stand'],
    ['root ::= "a"{}', 'line 1 has "}" where a number must stand'],
    ['root ::= "a"{1', 'line 1 has "" where } must stand'],
    ['root ::= "a\0b"', 'it has a null character'],
    // llama.cpp never comes back from this one.
    ['root ::= "a"{5,3}', 'no number is at least 5 and at most 3'],
    ['root ::= "a"{2001}', 'more than 2000 repetitions'],
    ['root ::= ("a"{0,50}){50}', 'more than 2000 repetitions of one rule'],
    ['root ::= root "a" | "b"', 'the rule "root" begins with itself'],
    ['root ::= a\na ::= b? root\nb ::= "b"', 'begins with itself'],
    ['root ::= ("a"?)*', 'the rule "root" begins with itself'],
    ['root ::= (root) "a"', 'the rule "root" begins with itself'],
  ])('%j: %s', (gbnf, fault) => expect(syntaxFault(gbnf)).toContain(fault));

  test('groups that nest too deep, and rules that begin with too many others', () => {
    expect(syntaxFault(`root ::= ${'('.repeat(100_000)}"a"${')'.repeat(100_000)}`)).toBe('groups nest deeper than 500');
    const chain = Array.from({length: 3000}, (_, n) => `r${n} ::= r${n + 1}`).join('\n');
    expect(syntaxFault(`root ::= r0\n${chain}\nr3000 ::= "a"`)).toContain('more than 500 times');
  });
});

describe.runIf(`${process.platform}-${process.arch}` === 'linux-x64')('llama.cpp itself', () => {
  const {calls} = loadCLibrary(shippedLibrary());
  const takes = (gbnf: string) => {
    const sampler = calls.llama_sampler_init_grammar(0n, gbnf, 'root');
    if (sampler) calls.llama_sampler_free(sampler);
    return Boolean(sampler);
  };

  test('takes what is taken here', () => {
    expect(GOOD.filter((gbnf) => !takes(gbnf))).toEqual([]);
  });

  test('takes all of ten thousand random texts that are taken here', () => {
    const pieces = [
      'root',
      'a',
      'b',
      ' ::= ',
      ' ',
      '|',
      '(',
      ')',
      '"x"',
      '""',
      '[a-c]',
      '[^',
      ']',
      '"',
      '*',
      '+',
      '?',
      '{2}',
    ];
    const more = ['{1,3}', '{0}', '{,2}', '<[5]>', '!<[6]>', '.', '\n', '#c\n', '\\', '\\n', '-', 'é', '\r\n'];
    const random = randomNumbers(5);
    const pool = [...pieces, ...more];
    let taken = 0;
    for (let n = 0; n < 10_000; n++) {
      const body = Array.from({length: 1 + random(7)}, () => pool[random(pool.length)]).join('');
      const gbnf = `root ::= ${body}\na ::= "1"\nb ::= [0-9] a*\n`;
      if (syntaxFault(gbnf) !== undefined) continue;
      taken++;
      if (!takes(gbnf)) expect.fail(`llama.cpp refuses ${JSON.stringify(gbnf)}`);
    }
    expect(taken).toBeGreaterThan(500);
  });
});
