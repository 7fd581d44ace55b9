import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import fc from 'fast-check';
import {afterAll, expect, test} from 'vitest';
import {readGguf} from '../../../src/engine/gguf/read-header.ts';
import {ggufTokenizer} from '../../../src/engine/tokenizer/gguf-vocabulary.ts';
import {SpmTokenizer} from '../../../src/engine/tokenizer/spm/spm.ts';
import {parseSpm} from '../../../src/engine/tokenizer/spm/spm-file.ts';
import {TekkenTokenizer} from '../../../src/engine/tokenizer/tekken/tekken.ts';
import {parseTekken} from '../../../src/engine/tokenizer/tekken/tekken-file.ts';
import {type GgufValue, ggufBytes} from '../../fixtures/gguf.ts';
import {anyText} from '../../fixtures/texts.ts';
import {spmFile, spmMetadata, spmPieces, tekkenJson, tekkenMetadata} from '../../fixtures/vocabularies.ts';

const folder = mkdtempSync(join(tmpdir(), 'vocabulary-'));
afterAll(() => rmSync(folder, {recursive: true}));

function load(metadata: Record<string, GgufValue>) {
  const path = join(folder, 'model.gguf');
  writeFileSync(path, ggufBytes(metadata));
  return ggufTokenizer(readGguf(path));
}

test('a GGUF and the SentencePiece file it was made from encode alike', () => {
  const pieces = spmPieces();
  const fromFile = new SpmTokenizer(parseSpm('toy.model', spmFile(pieces)));
  const fromGguf = load(spmMetadata(pieces));
  expect([fromGguf.family, fromGguf.vocabSize, fromGguf.controlId('[SUFFIX]')]).toEqual(['spm', pieces.length, 13]);
  fc.assert(
    fc.property(anyText, (text) => {
      expect(fromGguf.encode(text)).toEqual(fromFile.encode(text));
    }),
  );
});

test('a GGUF and the tekken.json it was made from encode alike and have the same bytes', () => {
  const fromFile = new TekkenTokenizer(parseTekken('tekken.json', Buffer.from(tekkenJson())).vocabulary);
  const fromGguf = load(tekkenMetadata());
  expect([fromGguf.family, fromGguf.vocabSize, fromGguf.controlId('[ARGS]')]).toEqual([
    'tekken',
    fromFile.vocabSize,
    32,
  ]);
  for (let id = 0; id < fromFile.vocabSize; id++) expect(fromGguf.bytes(id)).toEqual(fromFile.bytes(id));
  fc.assert(
    fc.property(anyText, (text) => {
      expect(fromGguf.encode(text)).toEqual(fromFile.encode(text));
    }),
  );
});

test('tokens that only fill up the vocabulary are no text', () => {
  const metadata = tekkenMetadata();
  const {strings} = metadata['tokenizer.ggml.tokens'] as {strings: string[]};
  const {i32s} = metadata['tokenizer.ggml.token_type'] as {i32s: number[]};
  const padded = load({
    ...metadata,
    'tokenizer.ggml.tokens': {strings: [...strings, '[PAD160]']},
    'tokenizer.ggml.token_type': {i32s: [...i32s, 5]},
  });
  expect(padded.piece(strings.length)).toBe('[PAD160]');
  expect(padded.encode('[PAD160]')).not.toContain(strings.length);
});

const spm = spmMetadata(spmPieces());

test('a file without a dummy prefix is believed only when it is our own', () => {
  const silent = {...spm, 'tokenizer.ggml.add_space_prefix': false};
  const first = (metadata: Record<string, GgufValue>) => {
    const tokenizer = load(metadata);
    return tokenizer.piece(tokenizer.encode('the')[0] ?? -1);
  };
  expect(first(silent)).toBe('▁the');
  expect(first({...silent, 'mistral.tokenizer.version': 'v3'})).toBe('t');
});

test.each([
  [{}, 'model_invalid', 'has no vocabulary'],
  [{...tekkenMetadata(), 'tokenizer.ggml.pre': 'llama-bpe'}, 'model_unsupported', '"gpt2/llama-bpe" vocabulary'],
  [{...spm, 'tokenizer.ggml.model': 'bert'}, 'model_unsupported', '"bert/default" vocabulary'],
  [{...spm, 'tokenizer.ggml.scores': {f32s: [1]}}, 'model_invalid', 'but 1 scores'],
  [{...spm, 'tokenizer.ggml.token_type': {i32s: [1]}}, 'model_invalid', 'but 1 token types'],
] as const)('an unusable vocabulary is refused', (metadata, code, message) => {
  expect(() => load(metadata)).toThrow(message);
  expect(() => load(metadata)).toThrow(expect.objectContaining({code}));
});
