// What the machine offers a model: memory and cores, within the limits a container sets.
import {readFileSync} from 'node:fs';
import {availableParallelism, freemem, platform, totalmem} from 'node:os';
import type {Machine} from '../../contract/local-engine.ts';
import {limitedCores, limitedMemory} from './cgroup.ts';

/** macOS counts what it only caches as used: about this share of the memory can be had. */
const MAC_SHARE = 0.7;

/** Looks at this machine. GPU memory is known to the engine only, and only when it is loaded. */
export function thisMachine(vramBytes = 0, vramIsRam = false): Machine {
  const total = totalmem();
  const free = platform() === 'darwin' ? Math.max(freemem(), MAC_SHARE * total) : Math.min(freemem(), total);
  const {total: ramBytes, free: freeRamBytes} = limitedMemory({total, free}, readText);
  return {ramBytes, freeRamBytes, vramBytes, vramIsRam, cores: limitedCores(availableParallelism(), readText)};
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
