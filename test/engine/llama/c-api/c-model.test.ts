// What reaches the library of the user's wish for GPUs: the processor, which it counts among its devices, stands for one.
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {type CModelOptions, loadCEngine} from '../../../../src/engine/llama/c-api/c-model.ts';
import {shippedLibrary} from '../../../../src/engine/llama/c-api/library-files.ts';
import {folderWith} from '../../../fixtures/folder.ts';
import {randomModel, TINY_SHAPE} from '../../../fixtures/random-model.ts';

const isShipped = ['linux-x64', 'linux-arm64'].includes(`${process.platform}-${process.arch}`);

const demo = join(import.meta.dirname, '../../../../models/demo/mistral-demo-q8_0.gguf');

const plain = {
  mapped: true,
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
} as const;

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
      ...plain,
      path,
      gpuLayers: 99,
      gpus,
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

test.runIf(isShipped)(
  'the threads of the next step are set: from 512 tokens on, the last bits of attention tell them',
  async () => {
    const engine = loadCEngine(shippedLibrary());
    const stopListening = engine.library.listen(() => undefined);
    engine.library.loadBackends();
    const logit = async (opened: number, set: number) => {
      const options = {path: demo, threads: opened, contextSize: 1024, batchSize: 700, gpuLayers: 0, gpus: undefined};
      const model = engine.open({...plain, ...options});
      const {context} = model.native;
      const tokens = Uint32Array.from({length: 700}, (_, n) => 270 + ((n * 37) % 3000));
      context.initBatch(700);
      context.addToBatch(0, 0, tokens, Uint32Array.of());
      await context.decodeBatch();
      context.setThreads(set);
      context.initBatch(1);
      context.addToBatch(0, 700, Uint32Array.of(300), Uint32Array.of(0));
      await context.decodeBatch();
      const {totalWeight} = await context.rawLogits(0, 5, 1);
      model.free();
      return totalWeight;
    };
    const [all, fewer, fewerOfMore] = [await logit(1, 2), await logit(1, 1), await logit(2, 1)];
    expect(fewerOfMore).toBe(fewer);
    expect(all).not.toBe(fewer);
    stopListening();
  },
);
