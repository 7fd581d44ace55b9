// Vocabularies that only the engine reads: what it is given, and what is made of its ids.
import {expect, test} from 'vitest';
import {BYTE_LETTERS} from '../../../../src/engine/gguf/check/byte-letters.ts';
import {parseGguf} from '../../../../src/engine/gguf/read-header.ts';
import {EngineTokenizer} from '../../../../src/engine/template/foreign/engine-tokenizer.ts';
import {type GgufValue, ggufBytes} from '../../../fixtures/gguf.ts';

const TOKENS = ['<|end|>', '<|im_start|>', '<tool>', ...BYTE_LETTERS];
const TYPES = TOKENS.map((_, id) => (id < 2 ? 3 : id === 2 ? 4 : 1));

/** A vocabulary of bytes, and what its engine was asked for. */
function open(more: Record<string, GgufValue> = {}) {
  const metadata = {
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.pre': 'other',
    'tokenizer.ggml.tokens': {strings: TOKENS},
    'tokenizer.ggml.token_type': {i32s: TYPES},
    'tokenizer.ggml.bos_token_id': {u32: 1},
    'tokenizer.ggml.eos_token_id': {u32: 0},
    ...more,
  };
  const bytes = ggufBytes(metadata);
  const asked: string[] = [];
  const tokenizer = new EngineTokenizer(parseGguf('m.gguf', bytes, bytes.length), (text) => {
    asked.push(text);
    return [...Buffer.from(text)].map((byte) => byte + 3);
  });
  return {tokenizer, asked};
}

test('ids are those of the engine, and go back to the text', () => {
  const {tokenizer} = open();
  const ids = tokenizer.encode('Zürich ☺');
  const decoder = tokenizer.decoder();
  expect(ids.map((id) => decoder.push(id)).join('') + decoder.end()).toBe('Zürich ☺');
  expect([tokenizer.bos, tokenizer.eos, tokenizer.controlId('<tool>')]).toEqual([1, 0, 2]);
  expect([...tokenizer.bytes(1)]).toEqual([]);
  expect(Buffer.from(tokenizer.bytes(2)).toString()).toBe('<tool>');
  expect(tokenizer.piece(3 + 0x20)).toBe(' ');
});

test('the engine never sees a special text whole: it would make the token of it', () => {
  const {tokenizer, asked} = open();
  tokenizer.encode('a <tool> b <|im_start|> c');
  expect(asked).toEqual(['a <', 'tool> b <', '|im_start|> c']);
});

test('a long text is cut between words, a run of letters where it gets too long, no character in two', () => {
  const {tokenizer, asked} = open();
  const words = 'word '.repeat(1000);
  tokenizer.encode(words);
  expect(asked.join('')).toBe(words);
  expect(asked.every((part) => part.length <= 2000)).toBe(true);
  expect(asked.slice(1).every((part) => part.startsWith(' word'))).toBe(true);
  asked.length = 0;
  tokenizer.encode(`a${'😀'.repeat(3000)}`);
  expect(asked.map((part) => part.length)).toEqual([1999, 2000, 2000, 2]);
  expect(asked.join('')).toBe(`a${'😀'.repeat(3000)}`);
});

test('an id past the vocabulary is refused here', () => {
  const {tokenizer} = open();
  for (const id of [TOKENS.length, -1, 1.5]) {
    expect(() => tokenizer.piece(id)).toThrow(`token ${id} is not in the vocabulary`);
    expect(() => tokenizer.bytes(id)).toThrow('not in the vocabulary');
  }
});

test('pieces that are not bytes are refused', () => {
  expect(() => open({'tokenizer.ggml.model': 'bert'})).toThrow(
    'has a "bert" vocabulary, which this program cannot read',
  );
});
