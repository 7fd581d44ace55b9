import fc from 'fast-check';
import {expect, test} from 'vitest';
import {TekkenTokenizer} from '../../../../src/engine/tokenizer/tekken/tekken.ts';
import {parseTekken} from '../../../../src/engine/tokenizer/tekken/tekken-file.ts';
import {TEKKEN_PATTERN} from '../../../../src/engine/tokenizer/tekken/tekken-split.ts';
import {asJavaScript, plainTekken} from '../../../fixtures/plain-encoders.ts';
import {anyText, wellFormed} from '../../../fixtures/texts.ts';
import {TEKKEN_SPECIAL_COUNT, tekkenJson, tekkenRanks} from '../../../fixtures/vocabularies.ts';

const parse = (json: string) => parseTekken('tekken.json', Buffer.from(json));
const tokenizer = new TekkenTokenizer(parse(tekkenJson()).vocabulary);
const ranks = tekkenRanks();
const spell = (text: string) => tokenizer.encode(text).map((id) => tokenizer.piece(id));

test('a text is tokens without a prefix, spaces in front of words', () => {
  expect(spell('the cat')).toEqual(['t', 'he', ' cat']);
  expect(spell(' the')).toEqual([' the']);
  expect(tokenizer.encode('')).toEqual([]);
  expect(tokenizer.encode('\0A')).toEqual([40, 40 + 0x41]);
});

test('any text encodes as tiktoken defines it', () => {
  const pattern = asJavaScript(TEKKEN_PATTERN);
  fc.assert(
    fc.property(anyText, (text) => {
      expect(tokenizer.encode(text)).toEqual(plainTekken(ranks, TEKKEN_SPECIAL_COUNT, pattern, text));
    }),
    {numRuns: 1000},
  );
});

test('a token no merges lead to is found as a whole piece', () => {
  const parsed = parse(tekkenJson());
  const json = JSON.parse(tekkenJson());
  json.vocab.push({rank: ranks.length, token_bytes: Buffer.from('QQZ').toString('base64'), token_str: 'QQZ'});
  json.config.default_vocab_size++;
  const larger = new TekkenTokenizer(parse(JSON.stringify(json)).vocabulary);
  expect(larger.encode('QQZ')).toEqual([parsed.vocabulary.pieces.count]);
  expect(larger.encode('QQZQ')).toHaveLength(4);
});

test('control tokens are known by name and never come from text', () => {
  expect([tokenizer.bos, tokenizer.eos, tokenizer.controlId('[ARGS]'), tokenizer.controlId('[THINK]')]).toEqual([
    1, 2, 32, 35,
  ]);
  expect(tokenizer.piece(20)).toBe('<SPECIAL_20>');
  expect(tokenizer.bytes(3)).toHaveLength(0);
  fc.assert(
    fc.property(anyText, (text) => {
      expect(tokenizer.encode(text).filter((id) => tokenizer.isControl(id))).toEqual([]);
    }),
  );
});

test('decoding gives the text back', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const decoder = tokenizer.decoder();
      const decoded = tokenizer.encode(text).map((token) => decoder.push(token));
      expect(decoded.join('') + decoder.end()).toBe(wellFormed(text));
    }),
  );
});

test('a run as long as a pasted file is merged', () => {
  expect(tokenizer.encode('A'.repeat(300_000))).toHaveLength(300_000);
  expect(tokenizer.encode('the'.repeat(100_000))).toHaveLength(200_000);
});

test('a file without a list of specials has the built-in ones', () => {
  const {vocabulary} = parse(tekkenJson('v3', {special_tokens: undefined}));
  const old = new TekkenTokenizer(vocabulary);
  expect([old.controlId('[SUFFIX]'), old.controlId('[TOOL_CONTENT]'), old.controlId('[ARGS]')]).toEqual([
    16,
    19,
    undefined,
  ]);
});

test('what a file says beside its vocabulary is kept', () => {
  const {header, modelSettings} = parse(tekkenJson('v15', {model_settings_builder: {2: 1, reasoning_effort: {}}}));
  expect(header.config.version).toBe('v15');
  expect(modelSettings).toBe('{"2":1,"reasoning_effort":{}}');
  expect(parse(tekkenJson('v15', {model_settings_builder: null})).modelSettings).toBeUndefined();
});

const json = tekkenJson();
test.each([
  ['', 'unexpected end'],
  ['{"vocab": 3}', 'no "["'],
  ['{"a": 1}', 'lacks the pattern or the sizes'],
  ['<html>', 'no "{"'],
  [json.slice(0, 900), 'tekken'],
  [json.replace('"rank":7,', '"rank":8,'), 'token 7 has the rank 8'],
  [json.replace('"default_vocab_size":', '"default_vocab_size":9'), 'do not fit'],
  [json.replace('{"rank":3,"token_str"', '{"rank":4,"token_str"'), 'special token 3 has the rank 4'],
  [json.replace('"token_str":"[INST]"', '"token_str":7'), 'special token 3'],
  [json.replace('"special_tokens":', '"special_tokens":"none","x":'), 'are no list'],
  [json.replace('"config":', '"config":null,"x":'), 'lacks the pattern or the sizes'],
  [json.replace('"default_num_special_tokens":40', '"default_num_special_tokens":1000000000000'), 'do not fit'],
  [json.replace('token_bytes":"QQ=="', 'token_bytes":"Qg=="'), 'no token for byte 0x41'],
])('a file that is no tekken.json is refused', (text, message) => {
  const load = () => new TekkenTokenizer(parse(text).vocabulary);
  expect(load).toThrow(message);
  expect(load).toThrow(expect.objectContaining({code: 'model_invalid'}));
});

test('another split pattern is refused', () => {
  const other = tekkenJson('v3').replace(JSON.stringify(TEKKEN_PATTERN), '".+"');
  expect(() => parse(other)).toThrow(expect.objectContaining({code: 'model_unsupported'}));
});
