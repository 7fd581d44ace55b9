// Fetches the build of the engine for this machine's GPU, tries it, and takes it away again.
import {existsSync, rmSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {reasonOf} from '../../base/files/file-error.ts';
import {makeFolder} from '../../base/files/make-folder.ts';
import {formatBytes} from '../../base/units.ts';
import {engineBuild, type GpuKind, ownBuildsFolder, systemName} from '../../engine/engine-packages.ts';
import {type GpuBuild, type GpuPackage, gpuBuild} from '../../engine/gpu-builds/build-table.ts';
import {checkBuildsFolder, installBuild, removeBuilds} from '../../engine/gpu-builds/install-build.ts';
import {filesOf, seenGpu} from '../../engine/gpu-builds/seen-gpu.ts';
import {localMachine} from '../../engine/local/engines.ts';
import {download} from '../../engine/models/pull/download.ts';
import {downloadClient, waitLine} from '../../engine/models/pull/download-client.ts';
import type {Io} from '../host/io.ts';
import {PullProgress} from '../model-files/pull-progress.ts';
import {engineVersions} from '../version.ts';
import {askRegistry, fetchedElsewhere} from './ask-registry.ts';

export interface SetupFlags {
  readonly build?: GpuKind;
  readonly fallback?: true;
  readonly from?: string;
  readonly remove?: true;
}

/** @throws EngineError `unsupported` where there is no such build, `usage`, and what `askRegistry`, `download` and `installBuild` throw */
export async function runSetup(io: Io, flags: SetupFlags): Promise<void> {
  if (flags.remove) return remove(io);
  if (process.platform === 'darwin') {
    io.say('nothing to fetch: on a Mac the engine computes by Metal as it is installed');
    return;
  }
  const build = wanted(io, flags);
  const part = flags.fallback && engineBuild(build.folder).folder !== undefined ? 'fallback' : 'main';
  if (part === 'main' && engineBuild(build.folder).folder !== undefined) {
    io.say(`the ${nameOf(build)} build is there already`);
  } else {
    await fetchPart(io, build, part, flags.from);
    if (part === 'main' && flags.fallback && flags.from === undefined)
      await fetchPart(io, build, 'fallback', undefined);
  }
  await tryIt(io, build);
}

/** @throws EngineError `unsupported`; `usage` for a fallback that does not exist. */
function wanted(io: Io, {build: asked, fallback}: SetupFlags): GpuBuild {
  const kind = asked ?? seenGpu(filesOf(process.platform, io.env.SystemRoot));
  if (kind === undefined) {
    throw new EngineError('unsupported', 'no GPU is seen on this machine', {
      hint: 'Its driver may be missing. With one all the same: mistral setup gpu --build cuda, or --build vulkan.',
    });
  }
  const build = gpuBuild(kind);
  if (build === undefined) {
    throw new EngineError('unsupported', `there is no prepared ${kind} build of the engine for ${systemName()}`, {
      hint: 'A llama.cpp library of your own is used with --library.',
    });
  }
  if (fallback && build.fallback === undefined) {
    throw new EngineError('usage', `the ${kind} build has no fallback`, {hint: 'Leave out --fallback.'});
  }
  return build;
}

const nameOf = ({kind}: GpuBuild) => (kind === 'cuda' ? 'CUDA' : 'Vulkan');

async function fetchPart(io: Io, build: GpuBuild, part: 'main' | 'fallback', from: string | undefined): Promise<void> {
  const folder = ownBuildsFolder();
  const of = build[part] as GpuPackage;
  await checkBuildsFolder(folder, of);
  makeFolder(folder);
  const place = {folder, build, part, signal: io.stop};
  if (from !== undefined) {
    if (of.integrity === undefined) io.say(`note: nothing is known that ${from} could be checked against`);
    await installBuild({...place, archive: resolve(io.cwd, from), integrity: of.integrity});
  } else {
    const archive = join(folder, `.${build.folder}-${part}.tgz`);
    const integrity = await fetchArchive(io, of, archive);
    try {
      await installBuild({...place, archive, integrity});
    } finally {
      rmSync(archive, {force: true});
    }
  }
  io.say(`installed: ${of.name} (${formatBytes(of.bytes)}) in ${join(folder, build.folder)}`);
}

/** Returns the sum it has to have. */
async function fetchArchive(io: Io, {name, bytes, integrity}: GpuPackage, path: string): Promise<string> {
  const spec = `${name}@${engineVersions()['node-llama-cpp']}`;
  const found = await askRegistry(io, spec);
  if (integrity !== undefined && found.integrity !== integrity) {
    throw new EngineError('backend_failed', `the registry has another ${spec} than the one this program knows`, {
      hint: `Its sum should be ${integrity}, and the registry says ${found.integrity}.`,
    });
  }
  io.say(`fetching ${spec}, ${formatBytes(bytes)} when it is unpacked`);
  const progress = new PullProgress(io);
  const http = downloadClient({env: io.env, waiting: (wait) => progress.say(waitLine(wait))});
  try {
    const options = {url: found.tarball, path, shown: spec, signal: io.stop, note: progress.say};
    await progress.during(name, (moved) => download(http, {...options, progress: moved}));
  } catch (error) {
    io.stop.throwIfAborted();
    if (!(error instanceof EngineError) || error.remote === undefined) throw error;
    const why = `${spec} cannot be fetched: ${reasonOf(error)}`;
    throw new EngineError('backend_failed', why, {hint: fetchedElsewhere(spec), cause: error});
  } finally {
    await http.close();
  }
  return found.integrity;
}

/** Says whether it computes here: a driver may be missing, or too old. */
async function tryIt(io: Io, build: GpuBuild): Promise<void> {
  try {
    const {vramBytes} = await localMachine(build.kind);
    io.say(`the ${nameOf(build)} build works here: ${formatBytes(vramBytes)} are free on the GPU`);
  } catch (error) {
    const isLeftOut = build.fallback !== undefined && !existsSync(join(ownBuildsFolder(), build.folder, 'fallback'));
    io.say(`warning: the ${nameOf(build)} build does not work here: ${reasonOf(error)}`);
    io.say(`Update the GPU's driver${isLeftOut ? ', or try: mistral setup gpu --fallback' : ''}`);
  }
}

function remove(io: Io): void {
  const removed = removeBuilds(ownBuildsFolder());
  for (const {name, bytes} of removed) io.say(`removed: ${name} (${formatBytes(bytes)})`);
  if (removed.length === 0) io.say('no build was fetched');
}
