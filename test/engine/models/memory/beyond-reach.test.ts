import {expect, test} from 'vitest';
import type {ModelShape} from '../../../../src/engine/gguf/model-shape.ts';
import {beyondReach} from '../../../../src/engine/models/memory/beyond-reach.ts';

const machine = (cores: number) => ({ramBytes: 1e9, freeRamBytes: 1e9, vramBytes: 0, cores});
const told = (asked: Parameters<typeof beyondReach>[0], {cores = 2, gpu = false, shape = {context: 1024}} = {}) =>
  beyondReach(asked, shape as ModelShape, machine(cores), gpu);

test('what there is is taken without a word', () => {
  expect(told({})).toEqual([]);
  expect(told({gpuLayers: 0, threads: 2, contextSize: 1024})).toEqual([]);
  expect(told({gpuLayers: 99}, {gpu: true})).toEqual([]);
  expect(told({contextSize: 4096}, {shape: {} as {context: number}})).toEqual([]);
});

test('each thing that is not there is a line', () => {
  expect(told({gpuLayers: 'max'})).toEqual([
    '--gpu-layers max has no effect: there is no GPU to use, the CPU computes everything',
  ]);
  expect(told({gpuLayers: 1})).toEqual([
    '--gpu-layers 1 has no effect: there is no GPU to use, the CPU computes everything',
  ]);
  expect(told({threads: 3, contextSize: 1025})).toEqual([
    '--threads 3 is more than the 2 processors this program may use; 2 compute, as more would wait for each other',
    '--ctx 1025 is beyond the 1024 tokens this model was trained for: there it may write nonsense',
  ]);
  expect(told({threads: 2}, {cores: 1})).toEqual([
    '--threads 2 is more than the 1 processor this program may use; 1 computes, as more would wait for each other',
  ]);
});
