import fc from 'fast-check';
import {expect, test} from 'vitest';
import {EngineError} from '../../../../src/base/errors.ts';
import {readHfVocabulary} from '../../../../src/engine/convert/vocabulary/hf-vocabulary.ts';
import {spmScores} from '../../../../src/engine/convert/vocabulary/spm-scores.ts';
import {toPrintable} from '../../../../src/engine/convert/vocabulary/tekken-merges.ts';
import {readVocabulary, templateOf, type Vocabulary} from '../../../../src/engine/convert/vocabulary/vocabulary.ts';
import {SPM_TYPE} from '../../../../src/engine/tokenizer/spm/spm.ts';
import {CONTROLS, wordsOf} from '../../../fixtures/mistral-words.ts';
import {tokenizerJson} from '../../../fixtures/tokenizer-json.ts';
import {spmFile, spmPieces, tekkenJson} from '../../../fixtures/vocabularies.ts';

const read = (value: unknown, clues = {}) => readHfVocabulary('t.json', Buffer.from(JSON.stringify(value)), clues);
const tekken = readVocabulary('tekken.json', 'tekken.json', Buffer.from(tekkenJson('v13')));
const MISTAKEN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** The pieces of the fixture with the scores of Mistral's files: by id, runs of spaces below all. */
function spm(dummyPrefix = true): Vocabulary {
  const pieces = spmPieces();
  const first = pieces.findIndex(({type}) => type === SPM_TYPE.normal);
  const scored = pieces.map((piece, id) => {
    if (piece.type !== SPM_TYPE.normal) return piece;
    return {...piece, score: /^▁+$/.test(piece.text) ? -1e9 : first - id};
  });
  return readVocabulary('tokenizer.model', 'm', spmFile(scored, {dummyPrefix: Number(dummyPrefix)}));
}

function failure(value: unknown): EngineError {
  try {
    readHfVocabulary('t.json', Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value)));
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
  throw new Error('it was read');
}

/** What goes into a file: bytes compared as bytes, whatever holds them. */
const content = ({tokens, template: _, chatTemplate: __, ...rest}: Vocabulary) => ({
  ...rest,
  tokens: tokens.map((token) => Buffer.from(token).toString('latin1')),
});

test.each([4, 5] as const)('tekken comes back from tokenizer.json as it was (transformers %i)', (transformers) => {
  const {vocabulary, notes} = read(tokenizerJson(tekken, {transformers}));
  expect(content(vocabulary)).toEqual(content(tekken));
  expect(notes).toEqual([]);
});

test.each([true, false])('SentencePiece comes back with pieces, types and scores, word mark in front: %s', (prefix) => {
  const vocabulary = spm(prefix);
  expect(content(read(tokenizerJson(vocabulary, {transformers: 4})).vocabulary)).toEqual(content(vocabulary));
});

test('runs of spaces that come first in the merges have the scores of their ids', () => {
  const {vocabulary} = read(tokenizerJson(spm(), {transformers: 5}));
  const id = vocabulary.tokens.findIndex((token) => Buffer.from(token).toString() === '▁▁');
  expect([vocabulary.scores[id], vocabulary.scores[id + 1]]).toEqual([0, -1]);
});

test("Mistral's own pieces have Mistral's scores whatever the order of the merges", () => {
  const tokens = ['a', '▁▁', '▁', 'ab', 'b'];
  const merges = [['▁', '▁'] as const, ['a', 'b'] as const];
  // sha256 of the texts, a newline between two.
  const digest = 'e40d4de914551c2446b42437c6afea2f3dcb6854d379f578116594aed190e2c8';
  const found = (known?: string) => spmScores({tokens, isText: () => true, merges, merged: [1, 3]}, known);
  expect(found(digest)).toMatchObject({areMistrals: true, scores: Float32Array.of(0, -1e9, -1e9, -3, -4)});
  expect(found()).toMatchObject({areMistrals: false, scores: Float32Array.of(0, -1, -2, -3, -4)});
});

test('merges in an order of their own keep it', () => {
  const tokens = ['ab', 'bc', 'a', 'b', 'c'];
  const found = spmScores({
    tokens,
    isText: () => true,
    merges: [
      ['b', 'c'],
      ['a', 'b'],
    ],
    merged: [1, 0],
  });
  expect(found).toEqual({scores: Float32Array.of(-1, 0, -2, -2, -2), areMistrals: false, fromMerges: true});
});

test('any pieces in the order of their ids come back with it', () => {
  const text = fc.stringMatching(/^[abc▁]{1,4}$/);
  fc.assert(
    fc.property(fc.uniqueArray(text, {minLength: 1, maxLength: 30}), (texts) => {
      const base = spm();
      const fixed = base.tokens.flatMap((token, id) =>
        base.types[id] === SPM_TYPE.normal ? [] : [{token, type: base.types[id] ?? 0}],
      );
      const isSpaces = (piece: string) => /^▁+$/.test(piece);
      const scores = [...fixed.map(() => 0), ...texts.map((piece, i) => (isSpaces(piece) ? -1e9 : 0 - i))];
      const made: Vocabulary = {
        ...base,
        size: fixed.length + texts.length,
        tokens: [...fixed.map(({token}) => token), ...texts.map((piece) => Buffer.from(piece))],
        types: Uint8Array.from([...fixed.map(({type}) => type), ...texts.map(() => SPM_TYPE.normal)]),
        scores: Float32Array.from(scores, (score) => score + 0),
      };
      expect(content(read(tokenizerJson(made, {transformers: 4})).vocabulary)).toEqual(content(made));
    }),
    {numRuns: 30},
  );
});

test('added tokens are control tokens, or user-defined where they stand for text', () => {
  const json = tokenizerJson(spm(), {transformers: 4});
  const {size} = spm();
  json.added_tokens.push(
    {id: size, content: '<|im_end|>', special: true},
    {id: size + 1, content: '<think>', special: false},
  );
  const {vocabulary} = read(json);
  expect([vocabulary.size, vocabulary.types[size], vocabulary.types[size + 1]]).toEqual([size + 2, 3, 4]);
});

test("Llama 3's pattern over Mistral's vocabulary is the known mistake", () => {
  expect(read(tokenizerJson(tekken, {pattern: MISTAKEN})).notes).toEqual([
    "tokenizer.json splits texts by Llama 3's pattern, a known mistake; Mistral's, as in training, is taken.",
  ]);
});

test('the template comes from the chat template, else from the vocabulary', () => {
  const words = wordsOf('tekken', CONTROLS['tekken-v15'] ?? []);
  const tokens = Array.from({length: words.size}, (_, id) =>
    Buffer.from(id < 1000 ? words.text(id) : toPrintable(Buffer.from(words.text(id)))),
  );
  const types = Uint8Array.from(tokens, (_, id) => (id < 1000 ? SPM_TYPE.control : SPM_TYPE.normal));
  const found = (chatTemplate?: string) => templateOf({family: 'tekken', tokens, types}, {chatTemplate});
  expect(found()).toMatchObject({template: {version: 'v15', confidence: 'guess'}});
  const chatml = '{% for m in messages %}<|im_start|>{{ m.role }} {{ m.content }}<|im_end|>{% endfor %}';
  expect(found(chatml)).toMatchObject({template: {form: 'foreign'}, chatTemplate: chatml});
  const settings = '[MODEL_SETTINGS]{"reasoning_effort": "high"}[/MODEL_SETTINGS]';
  const v15 = `{{ '${settings}' }}{% for m in messages %}{% if m.role == 'user' %}{{ '[INST]' + m.content + '[/INST]' }}{% else %}{{ m.content + eos_token }}{% endif %}{% endfor %}`;
  expect(found(v15)).toEqual({
    template: expect.objectContaining({version: 'v15', confidence: 'sure'}),
    modelSettings:
      '{"reasoning_effort": {"type": "enum", "values": ["high"], "accepts_none": true, "default": "high"}}',
  });
});

const spmJson = () => tokenizerJson(spm(), {transformers: 4});
const model = (changes: Record<string, unknown>) => ({...spmJson(), model: {...spmJson().model, ...changes}});

test.each<[string, unknown, RegExp]>([
  ['Unigram', model({type: 'Unigram', vocab: []}), /^t\.json is a Unigram tokenizer$/],
  ['WordPiece', model({type: 'WordPiece'}), /is a WordPiece tokenizer/],
  [
    'a normaliser',
    {...tokenizerJson(tekken), normalizer: {type: 'NFC'}},
    /changes texts in a way Mistral's do not \(NFC\)/,
  ],
  ['a normaliser of pieces', {...spmJson(), normalizer: {type: 'NFKC'}}, /Mistral's do not \(NFKC\)/],
  ["another's pattern", tokenizerJson(tekken, {pattern: '\\p{L}+'}), /splits texts by another pattern/],
  ['GPT-2', {...tokenizerJson(tekken), pre_tokenizer: {type: 'ByteLevel'}}, /splits texts by ByteLevel, not as tekken/],
  ['no step', {...tokenizerJson(tekken), pre_tokenizer: null}, /splits texts by nothing/],
  ['merges left out', model({merges: spmJson().model.merges.slice(1)}), /an order that no SentencePiece file has/],
])('another vocabulary is named: %s', (_, value, message) => {
  const error = failure(value);
  expect(error).toMatchObject({code: 'model_unsupported', exitCode: 3, message: expect.stringMatching(message)});
  expect(error.hint).toMatch(/Only Mistral's vocabularies/);
});

const vocab = () => spmJson().model.vocab;

test.each<[string, unknown, RegExp]>([
  ['a git-LFS pointer', Buffer.from('version https://git-lfs.github.com/spec/v1\noid'), /is a git-LFS pointer/],
  ['a web page', Buffer.from('<!doctype html><p>'), /is a web page/],
  ['an empty file', Buffer.alloc(0), /is an empty file/],
  ['cut off', Buffer.from('{"model": {"type"'), /is not valid JSON/],
  ['deep lists', Buffer.from('['.repeat(1e6)), /is not valid JSON/],
  ['deep steps', {...spmJson(), normalizer: {type: 'Sequence', normalizers: [{type: 'Sequence'}]}}, /\(Sequence\)/],
  ['no model', {}, /has no "model"/],
  ['no vocabulary', {model: {type: 'BPE', merges: []}}, /lacks "vocab" or "merges"/],
  ['a hole', model({vocab: {...vocab(), e: 5000}}), /tokens and none with the id \d+/],
  ['an id twice', model({vocab: {...vocab(), zzz: 400}}), /has two tokens with the id 400/],
  ['an id that is none', model({vocab: {...vocab(), e: -1}}), /id is no number/],
  ['an added token that is another', {...spmJson(), added_tokens: [{id: 400, content: 'x'}]}, /with the id/],
  ['an added token without text', {...spmJson(), added_tokens: [{id: 5}]}, /an added token without id or text/],
  ['an unknown merge', model({merges: ['q zzz']}), /merges tokens that it does not have, in merge 0/],
  ['a merge that is none', model({merges: [['a']]}), /a merge that is no pair, number 0/],
])('a damaged file is refused in one line: %s', (_, value, message) => {
  const error = failure(value);
  expect(error.message).toMatch(message);
  expect(error.message).not.toContain('\n');
  expect([error.exitCode, Boolean(error.hint)]).toEqual([3, true]);
});
