import {expect, test} from 'vitest';
import {EngineError} from '../../src/base/errors.ts';
import {JsonError} from '../../src/base/json.ts';

test('an error says what a shell and an HTTP client get to see', () => {
  const cause = new Error('disk');
  const error = new EngineError('context_length_exceeded', 'the prompt has 9 tokens, the context 8', {
    hint: 'use --ctx 16',
    cause,
  });
  expect(error).toMatchObject({exitCode: 4, httpStatus: 400, hint: 'use --ctx 16', cause, name: 'EngineError'});
});

test('the error of another copy of the class is one too, a subclass knows its own', () => {
  class Foreign extends Error {
    override readonly name = 'EngineError';
  }
  expect(new Foreign() instanceof EngineError).toBe(true);
  expect(new Error('EngineError') instanceof EngineError).toBe(false);
  expect({name: 'EngineError'} instanceof EngineError).toBe(false);
  expect(new EngineError('io', 'x') instanceof JsonError).toBe(false);
});
