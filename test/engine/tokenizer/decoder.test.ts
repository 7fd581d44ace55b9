import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import type {Tokenizer} from '../../../src/engine/contract/tokenizer.ts';
import {SpmTokenizer} from '../../../src/engine/tokenizer/spm/spm.ts';
import {parseSpm} from '../../../src/engine/tokenizer/spm/spm-file.ts';
import {TekkenTokenizer} from '../../../src/engine/tokenizer/tekken/tekken.ts';
import {parseTekken} from '../../../src/engine/tokenizer/tekken/tekken-file.ts';
import {Utf8Stream} from '../../../src/engine/tokenizer/utf8-stream.ts';
import {wellFormed} from '../../fixtures/texts.ts';
import {spmFile, spmPieces, tekkenJson} from '../../fixtures/vocabularies.ts';

const spm = new SpmTokenizer(parseSpm('toy.model', spmFile(spmPieces())));
const tekken = new TekkenTokenizer(parseTekken('tekken.json', Buffer.from(tekkenJson())).vocabulary);

function steps(tokenizer: Tokenizer, tokens: readonly number[]): string[] {
  const decoder = tokenizer.decoder();
  return [...tokens.map((token) => decoder.push(token)), decoder.end()];
}

describe.each([
  ['spm', spm, 15],
  ['tekken', tekken, 40],
] as const)('%s', (_, tokenizer, byteZero) => {
  const bytes = (...values: number[]) => values.map((value) => byteZero + value);

  test('a character comes when its last byte does', () => {
    expect(steps(tokenizer, bytes(0xf0, 0x9f, 0xa6, 0x99, 0x41))).toEqual(['', '', '', '🦙', 'A', '']);
  });

  test('a byte order mark is text', () => {
    expect(steps(tokenizer, bytes(0xef, 0xbb, 0xbf)).join('')).toBe('\ufeff');
  });

  test('a control token gives nothing and ends an unfinished character', () => {
    const inst = tokenizer.controlId('[INST]') ?? -1;
    expect(steps(tokenizer, [...bytes(0x41, 0xc3), inst, ...bytes(0xa9)])).toEqual(['A', '', '�', ...['�', '']]);
  });

  test('what is decoded does not depend on what was decoded before', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(255)), (values) => {
        const text = steps(tokenizer, bytes(...values)).join('');
        expect(text).toBe(wellFormed(text));
        if (!text.includes('�')) expect(Buffer.from(text)).toEqual(Buffer.from(values));
      }),
    );
  });
});

test('SPM drops one word mark, of the first token that gives text', () => {
  const the = spm.encode('the')[0] ?? -1;
  expect(steps(spm, [the, the]).join('')).toBe('the the');
  expect(steps(spm, [1, 3, the]).join('')).toBe('the');
  expect(steps(spm, spm.encode('  the')).join('')).toBe('  the');
  expect(steps(spm, [15 + 0x41, the]).join('')).toBe('A the');
  expect(steps(spm, [15 + 0x20, the]).join('')).toBe('  the');
  expect(steps(spm, [the, 3, the]).join('')).toBe('the the');
  expect(steps(spm, [0, the]).join('')).toBe(' ⁇  the');
});

// Left: what tiktoken and Python make of a broken sequence; right: what SentencePiece does.
test.each([
  [[0xe2, 0x82], '�', '��'],
  [[0xe2, 0x82, 0x41], '�A', '��A'],
  [[0xff, 0xfe], '��', '��'],
  [[0xed, 0xa0, 0x80], '���', '���'],
  [[0xc0, 0x80], '��', '��'],
  [[0xf0, 0x9f, 0xa6], '�', '���'],
  [[0xf4, 0x90, 0x80, 0x80], '����', '����'],
  [[0xf0, 0x9f, 0xc3, 0xa9], '�é', '��é'],
])('broken bytes %j', (bytes, bySequence, byByte) => {
  for (const [replacement, text] of [
    ['sequence', bySequence],
    ['byte', byByte],
  ] as const) {
    const stream = new Utf8Stream(replacement);
    expect(stream.push(Uint8Array.from(bytes)) + stream.flush()).toBe(text);
  }
});

test('any portions of bytes give the same text', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({maxLength: 5})),
      fc.constantFrom('sequence', 'byte'),
      (portions, replacement) => {
        const all = new Utf8Stream(replacement);
        const whole = all.push(Buffer.concat(portions)) + all.flush();
        const stream = new Utf8Stream(replacement);
        expect(portions.map((portion) => stream.push(portion)).join('') + stream.flush()).toBe(whole);
      },
    ),
  );
});
