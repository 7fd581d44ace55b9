// Which build a machine's GPU would use, by the files that its drivers bring: nothing is loaded.
import {existsSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import type {GpuKind} from '../engine-packages.ts';

export interface MachineFiles {
  /** As Node names it. */
  readonly system: string;
  /** Windows' own folder. */
  readonly windows: string;
  readonly exists: (path: string) => boolean;
  readonly list: (folder: string) => readonly string[];
}

/** Of this machine. */
export function filesOf(system: string, windows = 'C:\\Windows'): MachineFiles {
  return {system, windows, exists: existsSync, list};
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Undefined: no GPU is seen, or its build is in every installation (Metal). */
export function seenGpu({system, windows, exists, list}: MachineFiles): GpuKind | undefined {
  if (system === 'win32') {
    const has = (file: string) => exists(join(windows, 'System32', file));
    return has('nvcuda.dll') ? 'cuda' : has('vulkan-1.dll') ? 'vulkan' : undefined;
  }
  if (system !== 'linux') return undefined;
  // Under WSL the driver's library is Windows' own.
  if (exists('/dev/nvidiactl') || (exists('/dev/dxg') && exists('/usr/lib/wsl/lib/libcuda.so.1'))) return 'cuda';
  // A card without a render node only shows pictures, as virtual machines have one.
  return exists('/dev/kfd') || list('/dev/dri').some((name) => name.startsWith('renderD')) ? 'vulkan' : undefined;
}
