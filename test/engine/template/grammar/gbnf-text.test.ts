import {expect, test} from 'vitest';
import {grammarFault, withPrefix} from '../../../../src/engine/template/grammar/gbnf-text.ts';

test('rules get other names; literals, sets, numbers, tokens and comments stay', () => {
  const gbnf =
    'root ::= ("root" | other){2,3} <[12]> # root\nother ::= [a-b\\]c]+ "\\"other" other-two\nother-two ::= .';
  expect(withPrefix(gbnf, 'x-')).toBe(
    'x-root ::= ("root" | x-other){2,3} <[12]> # root\nx-other ::= [a-b\\]c]+ "\\"other" x-other-two\nx-other-two ::= .',
  );
});

test.each([
  'root ::= "yes" | "no"',
  'root ::= (("a"?)*)*',
  'root ::= "a"{2000}',
  'root ::= ("a"{2000}){2000}',
  'root ::= ("a"?){200}',
  'root ::= item ("," item)*\nitem ::= [a-z]+ | "[" root "]"\n',
  'root ::= x x x x x x x x\nx ::= y y y y y y y y\ny ::= z z z z z z z z\nz ::= "a" [b-c] <[3]>',
])('the engine may be given %s', (gbnf) => {
  expect(grammarFault(gbnf)).toBeUndefined();
});

const TOO_MANY = 'behind one character it may go on in more than 20000 ways, most of them the same';
const TOO_WIDE = 'at one place it may go on in more than 2000 ways';

test.each([
  ['repetitions of what may be nothing, in each other', 'root ::= (("a"?){200}){200}', TOO_MANY],
  ['behind something', 'root ::= "b" (("a"?){200}){200}', TOO_MANY],
  ['many of them', 'root ::= ("a"?){2001}', TOO_MANY],
  ['ways to pass', 'root ::= ("" | ""){30} "a"', TOO_WIDE],
  ['rules of rules', `root ::= ${'x '.repeat(30)}\nx ::= ${'y '.repeat(30)}\ny ::= ${'"a"? '.repeat(30)}`, TOO_MANY],
  ['many alternatives', `root ::= ${Array.from({length: 2001}, (_, at) => `"${at}"`).join(' | ')}`, TOO_WIDE],
  ['brackets', `root ::= ${'('.repeat(65)}"a"${')'.repeat(65)}`, 'its brackets nest deeper than 64 levels'],
  ['60,000 brackets', `root ::= ${'('.repeat(60_000)}`, 'its brackets nest deeper than 64 levels'],
  ['a length', `root ::= "${'a'.repeat(65_536)}"`, 'it has 65547 characters, more than 65536'],
  ['what may be nothing, a thousand times', 'root ::= ("a"?){1000}', TOO_MANY],
  [
    'repetitions of rules in each other',
    `root ::= ${'x '.repeat(10)}\nx ::= ${'y '.repeat(10)}\ny ::= ${'z '.repeat(10)}\nz ::= ("a" | "a" "a")*`,
    TOO_MANY,
  ],
  ['the same behind something', `root ::= "b" ${'x '.repeat(10)}\nx ::= ${'y '.repeat(20)}\ny ::= [a-z]*`, TOO_MANY],
  [
    'a chain of rules',
    `root ::= r0\n${Array.from({length: 3000}, (_, at) => `r${at} ::= r${at + 1}\n`).join('')}r3000 ::= "a"`,
    'its rules refer to each other deeper than 256 levels',
  ],
  ['no root', 'start ::= "root"', "it has no rule 'root'"],
  ['no grammar', 'yes or no', "it has no rule 'root'"],
])('refused for %s', (_what, gbnf, fault) => {
  expect(grammarFault(gbnf)).toBe(fault);
});

test('a grammar of the largest size is judged at once', () => {
  const gbnf = `root ::= ${'(("a"?){2000}) '.repeat(4000)}`;
  const from = process.cpuUsage().user;
  expect(grammarFault(gbnf)).toBe(TOO_MANY);
  expect(process.cpuUsage().user - from).toBeLessThan(300_000);
});
