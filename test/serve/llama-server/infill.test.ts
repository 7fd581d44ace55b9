import {expect, test} from 'vitest';
import {fitInfill} from '../../../src/serve/llama-server/infill.ts';
import {ScriptedBackend} from '../../fakes/scripted-backend.ts';

type Texts = Parameters<typeof fitInfill>[0];

/** A context of `room` tokens beside the four that are kept free; one letter is one token. */
const fitted = (texts: Partial<Texts>, room: number) =>
  fitInfill(
    {prefix: '', suffix: '', extras: [], answerLength: 0, ...texts},
    new ScriptedBackend([], {contextSize: room + 4}),
  );

test('what fits exactly is left as it is, and one token less cuts one', async () => {
  const texts = {prefix: 'abcdef', suffix: 'uv'};
  expect(await fitted(texts, 8)).toEqual({prompt: 'abcdef', suffix: 'uv'});
  expect(await fitted(texts, 7)).toEqual({prompt: 'abcdef', suffix: 'u'});
});

test('the answer needs room too', async () => {
  expect(await fitted({prefix: 'abcdef', answerLength: 4}, 8)).toEqual({prompt: 'cdef', suffix: ''});
  expect(await fitted({prefix: 'abcdef', answerLength: 2}, 8)).toEqual({prompt: 'abcdef', suffix: ''});
});

test('a suffix gets a quarter, or what the prefix leaves it', async () => {
  expect(await fitted({prefix: 'abcdefghij', suffix: 'uvwxyz'}, 8)).toEqual({prompt: 'efghij', suffix: 'uv'});
  expect(await fitted({prefix: 'ab', suffix: 'uvwxyz'}, 7)).toEqual({prompt: 'ab', suffix: 'uvwxy'});
});

test('without any room nothing is left', async () => {
  expect(await fitted({prefix: 'abc', suffix: 'uv'}, 0)).toEqual({prompt: '', suffix: ''});
  expect(await fitted({prefix: 'abc', suffix: 'uv'}, -2)).toEqual({prompt: '', suffix: ''});
});

test('an extra file stays whole where it fits exactly, and goes where it does not', async () => {
  const extra = '# File: a\nx\n\n';
  const texts = {prefix: 'pq', extras: [{text: 'x', filename: 'a'}]};
  expect((await fitted(texts, extra.length + 2)).prompt).toBe(`${extra}pq`);
  expect((await fitted(texts, extra.length + 1)).prompt).toBe('pq');
});
