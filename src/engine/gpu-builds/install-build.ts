// Puts a build of the engine for a GPU where node-llama-cpp looks for it, and takes it away.
import {createHash} from 'node:crypto';
import {
  accessSync,
  constants,
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import {dirname, join} from 'node:path';
import {pipeline} from 'node:stream/promises';
import {createGunzip} from 'node:zlib';
import {EngineError} from '../../base/errors.ts';
import {checkRoom, fileError} from '../../base/files/file-error.ts';
import {unpack} from '../models/pull/untar-stream.ts';
import {GPU_BUILDS, type GpuBuild, type GpuPackage} from './build-table.ts';

/** What is needed beside the files themselves while they are unpacked. */
const ROOM_HINT = 'Free some space where mistral-chat is installed.';

/**
 * Says beforehand that nothing could be written: a program that the system's administrator installed is theirs.
 * @throws EngineError `io`; `disk_full` when the package does not fit
 */
export async function checkBuildsFolder(folder: string, {bytes}: GpuPackage): Promise<void> {
  const there = existsSync(folder) ? folder : dirname(folder);
  try {
    accessSync(there, constants.W_OK);
  } catch (cause) {
    throw new EngineError('io', `builds of the engine go to ${folder}, which this user cannot write`, {
      hint: 'Run it as the user who installed mistral-chat.',
      cause,
    });
  }
  // The archive and its files, at the same time.
  await checkRoom(there, 2 * bytes, ROOM_HINT);
}

export interface InstallOptions {
  /** node-llama-cpp's own folder of builds. */
  readonly folder: string;
  readonly build: GpuBuild;
  /** Which of the build's packages it is. */
  readonly part: 'main' | 'fallback';
  /** The package as the registry gives it, a compressed tar. */
  readonly archive: string;
  /** As subresource integrity; undefined: there is nothing to check it against. */
  readonly integrity: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * Checks the archive and unpacks the build; it is there whole or not at all.
 * @throws EngineError `model_invalid` when the archive is not what `integrity` says or no archive; `io`; `disk_full`; the
 * signal's reason
 */
export async function installBuild({folder, build, part, archive, integrity, signal}: InstallOptions): Promise<void> {
  if (integrity !== undefined) await checkIntegrity(archive, integrity, signal);
  const place = join(folder, build.folder, part === 'fallback' ? 'fallback' : '');
  const staged = join(folder, `.${build.folder}-${part}.new`);
  try {
    rmSync(staged, {recursive: true, force: true});
    mkdirSync(staged, {recursive: true});
    const unpacked = (plain: AsyncIterable<Uint8Array>) => unpack(plain, staged);
    await pipeline(createReadStream(archive), createGunzip(), unpacked, {signal});
    if (part === 'main' && !existsSync(join(staged, 'llama-addon.node'))) {
      throw new EngineError('model_invalid', `${archive} holds no build of the engine`, {
        hint: `It has to be the package ${build[part]?.name}.`,
      });
    }
    rmSync(place, {recursive: true, force: true});
    renameSync(staged, place);
  } catch (error) {
    rmSync(staged, {recursive: true, force: true});
    signal.throwIfAborted();
    if (error instanceof EngineError) throw error;
    throw fileError(error, place, 'write', {full: ROOM_HINT});
  }
}

/** @throws EngineError `model_invalid`. */
async function checkIntegrity(archive: string, integrity: string, signal: AbortSignal): Promise<void> {
  const [, algorithm = '', expected] = /^(sha512|sha384|sha256)-([\w+/]+=*)$/.exec(integrity) ?? [];
  if (expected === undefined) {
    throw new EngineError('model_invalid', `the sum "${integrity}" is of no kind that can be checked`, {
      hint: 'The registry should give a sha512.',
    });
  }
  const hash = createHash(algorithm);
  try {
    for await (const bytes of createReadStream(archive, {signal})) hash.update(bytes as Uint8Array);
  } catch (error) {
    signal.throwIfAborted();
    throw fileError(error, archive, 'read');
  }
  const found = hash.digest('base64');
  if (found === expected) return;
  throw new EngineError(
    'model_invalid',
    `${archive} is not the package that was promised: its ${algorithm} is ${found}`,
    {
      hint: `It should be ${expected}. Fetch it again.`,
    },
  );
}

/** Takes every fetched build away. Returns their names and bytes. @throws EngineError `io`. */
export function removeBuilds(folder: string): {readonly name: string; readonly bytes: number}[] {
  return GPU_BUILDS.map(({folder: name}) => ({name, place: join(folder, name)}))
    .filter(({place}) => existsSync(place))
    .map(({name, place}) => {
      const bytes = sizeOf(place);
      try {
        rmSync(place, {recursive: true});
      } catch (error) {
        throw fileError(error, place, 'remove');
      }
      return {name, bytes};
    });
}

function sizeOf(folder: string): number {
  return readdirSync(folder, {recursive: true, withFileTypes: true})
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
