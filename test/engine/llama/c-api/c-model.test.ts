// What reaches the library of the user's wish for GPUs: the processor, which it counts among its devices, stands for one.
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {type CModelOptions, loadCEngine} from '../../../../src/engine/llama/c-api/c-model.ts';
import {shippedLibrary} from '../../../../src/engine/llama/c-api/library-files.ts';
import {folderWith} from '../../../fixtures/folder.ts';
import {randomModel, TINY_SHAPE} from '../../../fixtures/random-model.ts';

const isShipped = ['linux-x64', 'linux-arm64'].includes(`${process.platform}-${process.arch}`);

/** The library's log of opening a tiny model, and how it failed. */
function open(gpus: CModelOptions['gpus']): {log: string; failure?: string} {
  const path = join(folderWith(), 'tiny.gguf');
  writeFileSync(path, randomModel(TINY_SHAPE));
  const engine = loadCEngine(shippedLibrary());
  let log = '';
  const stopListening = engine.library.listen((_, text) => {
    log += text;
  });
  try {
    engine.library.loadBackends();
    const model = engine.open({
      path,
      mapped: true,
      gpuLayers: 99,
      gpus,
      missing: undefined,
      slots: 1,
      contextSize: 256,
      batchSize: 64,
      threads: 1,
      kvType: 'F16',
      flashAttention: true,
      loras: [],
      stop: new Uint8Array(256),
      onProgress: () => true,
    });
    model.free();
    return {log};
  } catch (error) {
    return {log, failure: (error as Error).message};
  } finally {
    stopListening();
  }
}

describe.runIf(isShipped)('GPUs that were asked for', () => {
  test('are given by name', () => {
    const {log, failure} = open({names: ['CPU'], mode: 'layer', split: [1], main: 0});
    expect(failure).toBeUndefined();
    expect(log).toMatch(/using device CPU/);
  });

  test('of one that has everything, its place', () => {
    const {log, failure} = open({names: ['CPU', 'CPU'], mode: 'none', split: undefined, main: 3});
    expect(failure).toBe('Failed to load model');
    expect(log).toContain('invalid value for main_gpu: 3 (available devices: 2)');
  });

  test('that the library does not have are an error, not a pointer to nothing', () => {
    expect(open({names: ['CUDA7'], mode: 'layer', split: undefined, main: 0}).failure).toBe(
      'the library has no device CUDA7',
    );
  });

  test('none: the processor computes everything', () => {
    const {log, failure} = open({names: [], mode: 'layer', split: undefined, main: 0});
    expect(failure).toBeUndefined();
    expect(log).not.toMatch(/using device/);
  });
});
