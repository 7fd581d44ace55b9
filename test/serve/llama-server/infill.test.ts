import {expect, test} from 'vitest';
import {fitInfill, type InfillTexts} from '../../../src/serve/llama-server/infill.ts';
import {ScriptedBackend} from '../../fakes/scripted-backend.ts';

/** A context of `room` tokens beside the four that are kept free; one letter is one token. */
const fitted = (texts: Partial<InfillTexts>, room: number, answer = 0) =>
  fitInfill({input_prefix: '', input_suffix: '', ...texts}, new ScriptedBackend([], {contextSize: room + 4}), answer);

test('what fits exactly is left as it is, and one token less cuts one', () => {
  const texts = {input_prefix: 'abcdef', input_suffix: 'uv'};
  expect(fitted(texts, 8)).toEqual({prompt: 'abcdef', suffix: 'uv'});
  expect(fitted(texts, 7)).toEqual({prompt: 'abcdef', suffix: 'u'});
});

test('the answer needs room too, where its length is known', () => {
  expect(fitted({input_prefix: 'abcdef'}, 8, 4)).toEqual({prompt: 'cdef', suffix: ''});
  expect(fitted({input_prefix: 'abcdef'}, 6, -1)).toEqual({prompt: 'abcdef', suffix: ''});
});

test('a suffix gets a quarter, or what the prefix leaves it', () => {
  expect(fitted({input_prefix: 'abcdefghij', input_suffix: 'uvwxyz'}, 8)).toEqual({prompt: 'efghij', suffix: 'uv'});
  expect(fitted({input_prefix: 'ab', input_suffix: 'uvwxyz'}, 7)).toEqual({prompt: 'ab', suffix: 'uvwxy'});
});

test('without any room nothing is left', () => {
  expect(fitted({input_prefix: 'abc', input_suffix: 'uv'}, 0)).toEqual({prompt: '', suffix: ''});
  expect(fitted({input_prefix: 'abc', input_suffix: 'uv'}, -2)).toEqual({prompt: '', suffix: ''});
});

test('an extra file stays whole where it fits exactly, and goes where it does not', () => {
  const extra = '# File: a\nx\n\n';
  const texts = {input_prefix: 'pq', input_extra: [{text: 'x', filename: 'a'}]};
  expect(fitted(texts, extra.length + 2).prompt).toBe(`${extra}pq`);
  expect(fitted(texts, extra.length + 1).prompt).toBe('pq');
});
