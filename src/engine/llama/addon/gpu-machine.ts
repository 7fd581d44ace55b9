// This machine with the memory its GPU has free, which only the loaded engine knows.
import type {Device, Machine} from '../../contract/local-engine.ts';
import {thisMachine} from '../../models/memory/machine.ts';
import {usesProcessorAlone} from './cpu-build.ts';
import {loadLibrary} from './library.ts';

/** Loads the engine only where there may be a GPU. @throws EngineError `unsupported` when that kind is not there. */
export async function machineWith(device: Device): Promise<Machine> {
  if (device === 'off' || (device === 'auto' && usesProcessorAlone())) return thisMachine();
  const {llama} = await loadLibrary(device);
  if (llama.gpu === false) return thisMachine();
  const {free, unifiedSize} = await llama.getVramState();
  return thisMachine(free, unifiedSize > 0);
}
