import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {atOnce, inTurns} from '../../../src/base/in-turns.ts';
import type {Tokenizer} from '../../../src/engine/contract/tokenizer.ts';
import {SpmTokenizer} from '../../../src/engine/tokenizer/spm/spm.ts';
import {parseSpm} from '../../../src/engine/tokenizer/spm/spm-file.ts';
import {TekkenTokenizer} from '../../../src/engine/tokenizer/tekken/tekken.ts';
import {parseTekken} from '../../../src/engine/tokenizer/tekken/tekken-file.ts';
import {writeInTurns} from '../../../src/engine/tokenizer/write-in-turns.ts';
import {longestTurn} from '../../fixtures/longest-turn.ts';
import {spmFile, spmPieces, tekkenJson} from '../../fixtures/vocabularies.ts';

const spm = new SpmTokenizer(parseSpm('toy.model', spmFile(spmPieces())));
const tekken = new TekkenTokenizer(parseTekken('tekken.json', Buffer.from(tekkenJson())).vocabulary);

/** Texts of one kind of piece each, longer than what is merged at once. */
const LONG = ['a', ' ', 'the cat ', '\n', '🙂', '\u00e9', 'aab', '1', '[', 'x '].map((piece) => piece.repeat(30_000));

describe.each([
  ['spm', spm],
  ['tekken', tekken],
] as const)('%s', (_name, tokenizer) => {
  test.each(LONG.map((text) => [text.slice(0, 8), text]))(
    'a long text has the same ids in turns: %j',
    (_start, text) => {
      expect(atOnce(tokenizer.encodeSteps(text))).toEqual(tokenizer.encode(text));
    },
  );

  test('so has any text', () => {
    fc.assert(
      fc.property(fc.string({unit: 'binary', maxLength: 40}), fc.nat(2000), (text, times) => {
        const repeated = text.repeat(times);
        expect(atOnce(tokenizer.encodeSteps(repeated))).toEqual(tokenizer.encode(repeated));
      }),
      {numRuns: 25},
    );
  });

  test('two texts that are encoded by turns do not mix', async () => {
    const [one, other] = ['abc'.repeat(40_000), ' the cat'.repeat(40_000)];
    const both = await Promise.all([one, other].map((text) => inTurns(tokenizer.encodeSteps(text))));
    expect(both).toEqual([tokenizer.encode(one), tokenizer.encode(other)]);
  });

  test.each([' ', 'a', 'ab', 'the cat ', '['])('much of %j keeps nobody waiting', async (piece) => {
    const text = piece.repeat(Math.ceil(400_000 / piece.length));
    await inTurns(tokenizer.encodeSteps(text.slice(0, 50_000)));
    expect(await longestTurn(() => inTurns(tokenizer.encodeSteps(text)))).toBeLessThan(100);
  });
});

test('a prompt of many texts is the same in turns, and each of its texts is encoded once', async () => {
  const texts = ['a'.repeat(20_000), 'cat', 'b'.repeat(9000), 'cat', 'dog'.repeat(5000)];
  const write = (tokenizer: Pick<Tokenizer, 'encode'>) => texts.flatMap((text) => tokenizer.encode(text));
  let checks = 0;
  const seen: string[][] = [];
  const tokens = await writeInTurns(tekken, write, {
    check: () => checks++,
    checkLength: (long) => seen.push([...long]),
  });
  expect(tokens).toEqual(write(tekken));
  expect(seen.map((long) => long.map(({length}) => length))).toEqual([[20_000, 3, 9000, 15_000]]);
});

test('a prompt that is too long is refused before its texts are encoded', async () => {
  const tooLong = () => {
    throw new Error('too long');
  };
  await expect(writeInTurns(tekken, (own) => own.encode('a'.repeat(20_000)), {checkLength: tooLong})).rejects.toThrow(
    'too long',
  );
  expect(await writeInTurns(tekken, (own) => own.encode('cat'), {checkLength: tooLong})).toEqual(tekken.encode('cat'));
});
