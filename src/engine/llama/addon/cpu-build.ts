// A quicker way to the prebuilt CPU engine on Linux. node-llama-cpp tries every prebuilt build in a process of its own
// first, half of a cold start; that guards against GPU drivers, and the CPU build has none: it picks its kernels by what
// the processor says it can do, and a build for another libc fails as an ordinary error.
import {existsSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {platform} from 'node:os';
import {join} from 'node:path';
import type {Llama, LlamaOptions} from 'node-llama-cpp';
import {parsePlainJson} from '../../../base/plain-json.ts';
import {gpuBuildsHere, ownBuildsFolder, processorBuild} from '../../engine-packages.ts';

/** Where Linux shows a GPU: NVIDIA, Intel and AMD, AMD compute, Windows' own under WSL. */
const GPU_DEVICES = ['/dev/nvidiactl', '/dev/dri', '/dev/kfd', '/dev/dxg'];

/** True when there is certainly no GPU, so that looking for one would be in vain: where devices are files, there is none. */
export function hasNoGpu(system = platform(), isThere: (path: string) => boolean = existsSync): boolean {
  return system === 'linux' && !GPU_DEVICES.some((path) => isThere(path));
}

/**
 * True when models are computed by the processor for certain: no GPU is there, or no build that would use it. Elsewhere than
 * on Linux nobody can tell, as no files stand for devices, and a Mac's build has Metal in it.
 */
export function usesProcessorAlone(): boolean {
  return hasNoGpu() || (platform() === 'linux' && gpuBuildsHere().length === 0 && !isCompiled());
}

/** The user has compiled builds: they go before what we ship. */
function isCompiled(): boolean {
  return existsSync(join(ownBuildsFolder(), '..', 'llama', 'localBuilds'));
}

type Create = (parts: object) => Promise<Llama>;

/** The engine, or undefined when this way is not open here: then `getLlama` finds another. */
export async function loadCpuBuild(options: Pick<LlamaOptions, 'logLevel' | 'logger'>): Promise<Llama | undefined> {
  if (platform() !== 'linux') return undefined;
  try {
    const require = createRequire(import.meta.url);
    const {Llama} = await import('node-llama-cpp');
    const create = (Llama as unknown as {_create?: Create})._create;
    const {folder} = processorBuild();
    if (!create || folder === undefined || isCompiled()) return undefined;
    const buildMetadata = parsePlainJson(await readFile(join(folder, '_nlcBuildMetadata.json')));
    const bindingPath = join(folder, 'llama-addon.node');
    const bindings: unknown = require(bindingPath);
    const fixed = {
      buildType: 'prebuilt',
      vramPadding: 0,
      ramPadding: ramPadding,
      debug: false,
      numa: false,
      tempDir: false,
    };
    return await create.call(Llama, {...fixed, ...options, bindings, bindingPath, buildMetadata});
  } catch {
    return undefined;
  }
}

/** node-llama-cpp's own rule, in bytes: a quarter of the memory, at most 1 GiB, is left to the system. */
export function ramPadding(total: number): number {
  return Math.min(total * 0.25, 1024 ** 3);
}
