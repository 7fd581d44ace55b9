// The engine of the built program, in this process.
import type {LlamaTokenModel} from '../../../src/engine/llama/llama-model.ts';
import type {LlamaOptions} from '../../../src/engine/llama/load-plan.ts';

const BUILT = '../../../dist/engine/llama/llama-model.js';

export async function openBuilt(options: LlamaOptions): Promise<LlamaTokenModel> {
  const {openLlama} = (await import(BUILT)) as typeof import('../../../src/engine/llama/llama-model.ts');
  return openLlama(options);
}
