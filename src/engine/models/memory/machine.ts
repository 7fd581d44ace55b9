// What the machine offers a model: memory and cores, within the limits that a container or `ulimit` sets.
import {readFileSync} from 'node:fs';
import {availableParallelism, freemem, platform, totalmem} from 'node:os';
import type {Machine} from '../../contract/local-engine.ts';
import {limitedCores, limitedMemory} from './cgroup.ts';
import {memoryWithinLimits} from './process-limits.ts';

/** macOS counts what it only caches as used: about this share of the memory can be had. */
const MAC_SHARE = 0.7;

/** Looks at this machine. GPU memory is known to the engine only, and only when it is loaded. */
export function thisMachine(vramBytes = 0, vramIsRam = false): Machine {
  const total = totalmem();
  const free = platform() === 'darwin' ? Math.max(freemem(), MAC_SHARE * total) : Math.min(freemem(), total);
  const group = limitedMemory({total, free}, readText);
  const {total: ramBytes, free: freeRamBytes} = memoryWithinLimits(group, readText);
  const limit = ramBytes < group.total ? {limitedBy: 'ulimit -v or -d'} : {};
  return {
    ramBytes,
    freeRamBytes,
    ...limit,
    vramBytes,
    vramIsRam,
    cores: limitedCores(availableParallelism(), readText),
  };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
