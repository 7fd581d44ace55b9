// Where the engine's prepared builds lie: one package for each system, beside node-llama-cpp or further up, as package
// managers put them.
import {existsSync} from 'node:fs';
import {createRequire} from 'node:module';
import {arch, platform} from 'node:os';
import {join} from 'node:path';
import {readRegularText} from '../base/files/regular-file.ts';
import {parsePlainJson} from '../base/plain-json.ts';
import {complete, text} from '../base/shape.ts';

export interface EngineBuild {
  /** Of the build, such as `linux-x64`. */
  readonly name: string;
  /** Of its package. */
  readonly packageName: string;
  /** Its libraries lie here; undefined: its package is not installed, or is not of node-llama-cpp's version. */
  readonly folder: string | undefined;
}

/** Node's systems as the packages name them. */
const SYSTEMS: Readonly<Record<string, string>> = {darwin: 'mac', win32: 'win'};

/** Names as `linux-x64` or `mac-arm64`: of the system and its processor. */
export function systemName(system: string = platform(), processor: string = arch()): string {
  return `${SYSTEMS[system] ?? system}-${processor === 'arm' ? 'armv7l' : processor}`;
}

/** The build for this system's processor; on a Mac with Apple's chips it is the one for Metal too. */
export function processorBuild(from = import.meta.url, system = systemName()): EngineBuild {
  const name = system === 'mac-arm64' ? 'mac-arm64-metal' : system;
  return engineBuild(name, from);
}

/**
 * The build of this name, looked for from the file `from` as Node looks for packages.
 * @throws what the system says when it keeps the packages from being looked at
 */
export function engineBuild(name: string, from = import.meta.url): EngineBuild {
  const packageName = `@node-llama-cpp/${name}`;
  return {name, packageName, folder: libraryFolder(packageName, name, from)};
}

/** Where node-llama-cpp looks for builds before their packages: what `mistral setup gpu` fetches goes there. */
export function ownBuildsFolder(from = import.meta.url): string {
  return join(createRequire(from).resolve('node-llama-cpp'), '..', '..', 'bins');
}

/** The kinds of builds for GPUs that some system has a package of, the one to prefer first. */
export const GPU_KINDS = ['cuda', 'vulkan'] as const;
export type GpuKind = (typeof GPU_KINDS)[number];

/** The builds for GPUs that are here: fetched, or installed as packages. */
export function gpuBuildsHere(from = import.meta.url, system = systemName()): EngineBuild[] {
  return GPU_KINDS.map((kind) => engineBuild(`${system}-${kind}`, from)).filter(({folder}) => folder !== undefined);
}

function libraryFolder(packageName: string, name: string, from: string): string | undefined {
  const entry = createRequire(from).resolve('node-llama-cpp');
  const own = join(ownBuildsFolder(from), name);
  if (existsSync(own)) return own;
  let build: string;
  try {
    build = createRequire(entry).resolve(packageName);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
  // Its addon and its JavaScript belong together: another release's would be called wrongly.
  if (versionBeside(build) !== versionBeside(entry)) return undefined;
  const folder = join(build, '..', '..', 'bins', name);
  return existsSync(folder) ? folder : undefined;
}

const manifest = complete({version: text});

/** Of the package whose entry is dist/index.js. */
function versionBeside(entry: string): string {
  return manifest(parsePlainJson(readRegularText(join(entry, '..', '..', 'package.json')))).version;
}
