import {expect, test} from 'vitest';
import {libraryChoice} from '../../src/commands/library-choice.ts';

const io = (env: Readonly<Record<string, string>> = {}) => ({env, cwd: '/place'});

test('flags go before the environment, and an empty variable is none', () => {
  expect(libraryChoice(io(), {})).toEqual({});
  expect(libraryChoice(io({MISTRAL_ENGINE: '', MISTRAL_LLAMA_LIBRARY: ''}), {})).toEqual({});
  const env = {MISTRAL_ENGINE: 'native', MISTRAL_LLAMA_LIBRARY: '/lib/libllama.so'};
  expect(libraryChoice(io(env), {})).toEqual({calls: 'native', library: '/lib/libllama.so'});
  expect(libraryChoice(io(env), {engine: 'addon', library: 'x'})).toEqual({calls: 'addon', library: '/place/x'});
});

test('an engine that is not one of the two is refused', () => {
  expect(() => libraryChoice(io({MISTRAL_ENGINE: 'natve'}), {})).toThrow(
    expect.objectContaining({code: 'usage', message: 'MISTRAL_ENGINE is "natve"', hint: 'Say addon or native.'}),
  );
});
