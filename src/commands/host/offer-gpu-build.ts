// Tells once that this machine has a GPU which the engine cannot use yet.
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {makeFolder} from '../../base/files/make-folder.ts';
import {writeWholeSync} from '../../base/files/whole-file.ts';
import {formatBytes} from '../../base/units.ts';
import {engineBuild} from '../../engine/engine-packages.ts';
import {gpuBuild} from '../../engine/gpu-builds/build-table.ts';
import {filesOf, type MachineFiles, seenGpu} from '../../engine/gpu-builds/seen-gpu.ts';
import type {Io} from './io.ts';
import {stateFolder} from './state-folder.ts';

/** Says it on stderr, and never again to this user; nothing where no GPU is seen or its build is here. */
export function offerGpuBuild(io: Io, machine: MachineFiles = filesOf(process.platform, io.env.SystemRoot)): void {
  const kind = seenGpu(machine);
  const build = kind && gpuBuild(kind);
  if (!build || engineBuild(build.folder).folder !== undefined) return;
  try {
    const folder = stateFolder(io.env);
    const told = join(folder, `told-of-${kind}-build`);
    if (existsSync(told)) return;
    makeFolder(folder);
    writeWholeSync(told, '');
  } catch {
    // Where nothing can be remembered, nothing is said each time.
    return;
  }
  io.say(
    `note: this machine has a GPU; mistral setup gpu fetches its build of the engine (${formatBytes(build.main.bytes)}). This is told once`,
  );
}
