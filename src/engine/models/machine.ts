// What the machine offers a model: memory and cores.
import {availableParallelism, freemem, totalmem} from 'node:os';

export interface Machine {
  readonly ramBytes: number;
  /** RAM that can be had now (on Linux the kernel's MemAvailable). */
  readonly freeRamBytes: number;
  /** Free memory of all GPUs; 0 without one. */
  readonly vramBytes: number;
  readonly cores: number;
}

/** Looks at this machine. GPU memory is known to the engine only, and only when it is loaded. */
export function thisMachine(vramBytes = 0): Machine {
  const ramBytes = totalmem();
  return {ramBytes, freeRamBytes: Math.min(freemem(), ramBytes), vramBytes, cores: availableParallelism()};
}
