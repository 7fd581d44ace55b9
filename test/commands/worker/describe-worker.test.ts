import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {describeWorker} from '../../../src/commands/worker/describe-worker.ts';
import type {ModelInfo} from '../../../src/engine/contract/backend.ts';
import {embeddedFile} from '../../../src/engine/models/embedded-file.ts';
import {folderWith} from '../../fixtures/folder.ts';
import {tinyModel} from '../../fixtures/tiny-model.ts';

const info = (path: string | undefined, device: string) => ({id: 'm', path, device}) as ModelInfo;

test('a model on this machine: its weights by its header, the engine by its package', () => {
  const told = describeWorker(info(embeddedFile(), 'CPU, 2 threads'), 4);
  expect(told).toMatchObject({model: 'm', maxBatchSize: 4, gpus: 0, framework: 'llama.cpp', quantization: 'Q8_0'});
  expect(told.hardware).toMatch(/^CPU, 2 threads(?: \(.+\))?$/);
  expect(told.frameworkVersion).toMatch(/^(?:b\d+|v?\d+\.\d+\.\d+.*)$/);
  expect(told.size).toMatch(/^\d+(?:\.\d+)?[KMB]/);
});

test('on a GPU', () => {
  const told = describeWorker(info(embeddedFile(), 'CUDA, 33/33 layers'), 1);
  expect(told).toMatchObject({hardware: 'CUDA, 33/33 layers', gpus: 1});
});

test('a header that names neither is no hindrance', () => {
  const path = join(folderWith(), 'm.gguf');
  writeFileSync(path, tinyModel());
  expect(describeWorker(info(path, 'CPU, 1 thread'), 1)).toMatchObject({quantization: expect.any(String)});
});

test('of a model elsewhere its address alone is known', () => {
  expect(describeWorker(info(undefined, 'remote, cluster:8000'), 2)).toEqual({
    model: 'm',
    maxBatchSize: 2,
    hardware: 'remote, cluster:8000',
    gpus: 0,
    framework: 'remote',
    frameworkVersion: '',
    quantization: '',
    size: '',
  });
});
