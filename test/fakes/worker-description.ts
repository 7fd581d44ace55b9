// A worker as it describes itself, for tests that do not look at that.
import type {WorkerDescription} from '../../src/serve/worker/aime-api.ts';

export const DESCRIPTION: WorkerDescription = {
  model: 'm',
  maxBatchSize: 1,
  hardware: 'CPU, 1 thread',
  gpus: 0,
  framework: 'llama.cpp',
  frameworkVersion: 'b1',
  quantization: 'Q8_0',
  size: '7B',
};
