import {expect, test} from 'vitest';
import {defaultThreads} from '../../../src/engine/llama/load-plan.ts';

const large = {isAllOnGpu: false, fileBytes: 4e9, mathCores: 8, parallelism: 8};

test('a large model is computed by the cores there are, as far as this process may use them', () => {
  expect(defaultThreads(large)).toBe(8);
  expect(defaultThreads({...large, mathCores: 4})).toBe(4);
  expect(defaultThreads({...large, parallelism: 2})).toBe(2);
  expect(defaultThreads({...large, mathCores: 0})).toBe(1);
});

test('from 50 MB on more than one thread is worth its hand-over', () => {
  expect(defaultThreads({...large, fileBytes: 50e6})).toBe(8);
  expect(defaultThreads({...large, fileBytes: 50e6 - 1})).toBe(1);
});

test('one thread feeds a GPU that has the whole model', () => {
  expect(defaultThreads({...large, isAllOnGpu: true})).toBe(1);
});
