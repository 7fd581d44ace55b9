// This machine with the memory its GPU has free, which only the loaded engine knows.
import {type Machine, thisMachine} from '../../models/memory/machine.ts';
import {hasNoGpu} from './cpu-build.ts';
import {type Gpu, loadLibrary} from './library.ts';

/** Loads the engine only where there may be a GPU. @throws EngineError `unsupported` when that kind is not there. */
export async function machineWith(gpu: Gpu): Promise<Machine> {
  if (gpu === false || (gpu === 'auto' && hasNoGpu())) return thisMachine();
  const {llama} = await loadLibrary(gpu);
  if (llama.gpu === false) return thisMachine();
  const {free, unifiedSize} = await llama.getVramState();
  return thisMachine(free, unifiedSize > 0);
}
