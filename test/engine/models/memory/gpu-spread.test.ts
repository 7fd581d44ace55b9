import {describe, expect, test} from 'vitest';
import type {GpuChoice} from '../../../../src/engine/contract/local-engine.ts';
import {spreadOver} from '../../../../src/engine/models/memory/gpu-spread.ts';

const [big, small, third] = [
  {name: 'CUDA0', freeBytes: 24e9, usesRam: false},
  {name: 'CUDA1', freeBytes: 8e9, usesRam: false},
  {name: 'CUDA2', freeBytes: 8e9, usesRam: false},
] as const;
const names = (choice: GpuChoice) => spreadOver(choice, [big, small, third]).gpus.map(({name}) => name);

describe('spreadOver', () => {
  test('all GPUs by layers and by their free memory, when nothing is asked for', () => {
    expect(spreadOver({}, [big, small])).toEqual({
      gpus: [big, small],
      mode: 'layer',
      split: undefined,
      main: 0,
      line: 'layers of the GPU shared between CUDA0 with 24.0 GB free, CUDA1 with 8.00 GB free by what is free; change it with --gpu-split',
      notes: [],
    });
  });

  test('those that are named, in that order, whatever the case of their names', () => {
    expect(names({devices: ['cuda2', 'CUDA0']})).toEqual(['CUDA2', 'CUDA0']);
    const {split, line} = spreadOver({devices: ['CUDA1', 'CUDA0'], split: [1, 3]}, [big, small, third]);
    expect([split, line]).toEqual([[1, 3], 'layers of the GPU shared 1 : 3 between CUDA1, CUDA0']);
  });

  test('rows of each layer, with the one that has the rest', () => {
    const spread = spreadOver({mode: 'row', split: [3, 1], main: 1}, [big, small]);
    expect([spread.mode, spread.main, spread.line]).toEqual([
      'row',
      1,
      'rows of each layer shared 3 : 1 between CUDA0, CUDA1',
    ]);
  });

  test('one of them all', () => {
    const {gpus, main, line} = spreadOver({mode: 'none', main: 1}, [big, small]);
    expect([gpus, main, line]).toEqual([[small], 0, 'all layers of the GPU on CUDA1']);
  });

  test('one GPU has nothing to be shared, and nothing is told', () => {
    expect(spreadOver({}, [big]).line).toBeUndefined();
    expect(spreadOver({split: [1], mode: 'none', main: 0, devices: ['CUDA0']}, [big, small]).line).toBeUndefined();
  });

  test('without a GPU each flag is told to have no effect', () => {
    const {gpus, notes} = spreadOver({split: [3, 1], mode: 'row', main: 1}, []);
    expect(gpus).toEqual([]);
    expect(notes).toEqual([
      '--gpu-split has no effect: there is no GPU to use, the CPU computes everything',
      '--split-mode has no effect: there is no GPU to use, the CPU computes everything',
      '--main-gpu has no effect: there is no GPU to use, the CPU computes everything',
    ]);
    expect(spreadOver({}, []).notes).toEqual([]);
  });

  const refusals: [string, GpuChoice, string][] = [
    ['a GPU that is not there', {devices: ['CUDA0', 'CUDA7']}, 'there is no GPU called CUDA7'],
    [
      'fewer shares than GPUs',
      {split: [1]},
      '--gpu-split has 1 share for 2 GPUs (CUDA0 with 24.0 GB free, CUDA1 with 8.00 GB free)',
    ],
    [
      'more shares than GPUs',
      {devices: ['CUDA0'], split: [3, 1]},
      '--gpu-split has 2 shares for one GPU (CUDA0 with 24.0 GB free)',
    ],
    [
      'shares of one that has all',
      {mode: 'none', split: [3, 1]},
      '--gpu-split and --split-mode none exclude each other',
    ],
    [
      'a main GPU behind the last',
      {main: 2},
      '--main-gpu 2 is not there: 2 GPUs (CUDA0 with 24.0 GB free, CUDA1 with 8.00 GB free), counted from 0',
    ],
  ];
  test.each(refusals)('%s is refused', (_, choice, message) => {
    expect(() => spreadOver(choice, [big, small])).toThrow(expect.objectContaining({code: 'usage', message}));
  });

  test('a named GPU where there is none is refused, and where there are some they are named', () => {
    expect(() => spreadOver({devices: ['CUDA0']}, [])).toThrow(
      expect.objectContaining({code: 'usage', hint: 'The engine sees none here.'}),
    );
    expect(() => spreadOver({devices: ['gpu']}, [big])).toThrow(
      expect.objectContaining({hint: 'Here: CUDA0 with 24.0 GB free.'}),
    );
  });
});
