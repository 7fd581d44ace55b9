import fc from 'fast-check';
import {expect, test} from 'vitest';
import {EngineError} from '../../../../src/base/errors.ts';
import {SPM_TYPE, SpmTokenizer} from '../../../../src/engine/tokenizer/spm/spm.ts';
import {parseSpm} from '../../../../src/engine/tokenizer/spm/spm-file.ts';
import {plainSpm} from '../../../fixtures/plain-encoders.ts';
import {anyText, wellFormed} from '../../../fixtures/texts.ts';
import {type SpmPiece, spmFile, spmPieces} from '../../../fixtures/vocabularies.ts';

const pieces = spmPieces();
const load = (list: readonly SpmPiece[] = pieces, settings = {}) =>
  new SpmTokenizer(parseSpm('toy.model', spmFile(list, settings)));
const tokenizer = load();
const spell = (text: string, by = tokenizer) => by.encode(text).map((id) => by.piece(id));
const decode = (tokens: readonly number[], by = tokenizer) => {
  const decoder = by.decoder();
  return tokens.map((token) => decoder.push(token)).join('') + decoder.end();
};

test('a text is pieces with a word mark in front, spaces kept', () => {
  expect(spell('the cat')).toEqual(['▁the', '▁cat']);
  expect(spell(' the')).toEqual(['▁', '▁the']);
  expect(spell('a    b')).toEqual(['▁a', '▁▁▁', '▁b']);
  expect(spell('')).toEqual([]);
  expect(spell(' ')).toEqual(['▁▁']);
});

test('what is no piece falls back to its bytes', () => {
  expect(spell('日')).toEqual(['▁', '<0xE6>', '<0x97>', '<0xA5>']);
  expect(spell('\ud800')).toEqual(['▁', '<0xEF>', '<0xBF>', '<0xBD>']);
});

test('control tokens are known by name and never come from text', () => {
  expect([tokenizer.bos, tokenizer.eos, tokenizer.controlId('[INST]'), tokenizer.controlId('[SUFFIX]')]).toEqual([
    1, 2, 3, 13,
  ]);
  expect(tokenizer.controlId('[ARGS]')).toBeUndefined();
  expect(tokenizer.controlId('▁the')).toBeUndefined();
  fc.assert(
    fc.property(anyText, (text) => {
      expect(tokenizer.encode(text).filter((id) => tokenizer.isControl(id))).toEqual([]);
    }),
  );
});

test('a control name is a control token even when a converter called it normal or user-defined', () => {
  const types = [SPM_TYPE.normal, SPM_TYPE.userDefined];
  for (const type of types) {
    const damaged = load(pieces.map((piece) => (piece.text === '[INST]' ? {...piece, type} : piece)));
    expect(damaged.controlId('[INST]')).toBe(3);
    expect(damaged.encode('[INST]')).toEqual(tokenizer.encode('[INST]'));
  }
});

test('user-defined pieces are cut out first, also when a converter called them normal', () => {
  const normal = load(pieces.map((piece) => (piece.text === '[REFERENCE_DOC_1]' ? {...piece, type: 1} : piece)));
  for (const by of [tokenizer, normal]) {
    expect(spell('a[REFERENCE_DOC_1]the', by)).toEqual(['▁a', '[REFERENCE_DOC_1]', 't', 'he']);
  }
});

test('any text encodes as SentencePiece defines it', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(tokenizer.encode(text)).toEqual(plainSpm(pieces, text));
    }),
    {numRuns: 1000},
  );
});

test('a vocabulary with a space inside a piece is merged over word borders', () => {
  const inner = [...pieces, {text: 't▁the', score: 5, type: SPM_TYPE.normal}];
  const text = 'the cat the';
  expect(spell(text, load(inner))).toContain('t▁the');
  expect(load(inner).encode(text)).toEqual(plainSpm(inner, text));
});

test('decoding gives the text back', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      // SentencePiece has one character for a space, so a text's own ▁ comes back as one.
      expect(decode(tokenizer.encode(text))).toBe(wellFormed(text).replaceAll('▁', ' '));
    }),
  );
});

test('without a dummy prefix nothing is added and nothing dropped', () => {
  const bare = load(pieces, {dummyPrefix: 0});
  expect(spell('the', bare)).toEqual(['t', 'he']);
  expect(decode(bare.encode(' the'), bare)).toBe(' the');
});

test('tokens outside the vocabulary are refused', () => {
  expect(() => tokenizer.bytes(pieces.length)).toThrow(EngineError);
  expect(() => tokenizer.piece(-1)).toThrow(`token -1 is not in the vocabulary of ${pieces.length} tokens`);
});

test('a run as long as a pasted file is merged', () => {
  const tokens = tokenizer.encode('t'.repeat(300_000));
  expect(tokens).toHaveLength(300_000);
  expect(tokenizer.encode('the'.repeat(100_000))).toHaveLength(199_999);
});

test.each([
  ['<s>', 'has no <s> token'],
  ['<0x41>', 'no piece for byte 0x41'],
])('a vocabulary without %s is refused', (missing, message) => {
  expect(() => load(pieces.filter(({text}) => text !== missing))).toThrow(message);
});

test.each([
  [{modelType: 1}, 'not a BPE model'],
  [{removeExtraSpaces: 1}, 'normalises text'],
])('a SentencePiece model of another kind is refused', (settings, message) => {
  expect(() => load(pieces, settings)).toThrow(message);
});

test('a file that is no SentencePiece model is refused', () => {
  const file = spmFile(pieces);
  for (const bytes of [Buffer.alloc(0), Buffer.from('{"config": {}}'), file.subarray(0, 1000)]) {
    expect(() => parseSpm('toy.model', bytes)).toThrow('toy.model is not a SentencePiece model');
  }
});
