import {expect, test, vi} from 'vitest';
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

test('the error of another copy of the class is one too, a subclass knows its own', async () => {
  vi.resetModules();
  const copy = await import('../../src/base/errors.ts');
  expect(copy.EngineError).not.toBe(EngineError);
  expect(new copy.EngineError('io', 'x') instanceof EngineError).toBe(true);
  expect(new EngineError('io', 'x') instanceof copy.EngineError).toBe(true);
  expect(new EngineError('io', 'x') instanceof JsonError).toBe(false);
  expect(new JsonError('syntax', 'x', 0) instanceof EngineError).toBe(true);
});

test('an error that only bears the name is none', () => {
  class Foreign extends Error {
    override readonly name = 'EngineError';
  }
  for (const value of [
    new Foreign(),
    new Error('EngineError'),
    {name: 'EngineError'},
    null,
    undefined,
    'EngineError',
  ]) {
    expect(value instanceof EngineError).toBe(false);
  }
});

test('what a server said is kept beside our own words', () => {
  const remote = {status: 429, message: 'quota', code: 'rate_limited', retryAfterMs: 3000};
  expect(new EngineError('backend_failed', 'host answered 429: quota', {remote}).remote).toEqual(remote);
});
