// A result file that is there whole or not at all: written as NAME.part, synced, renamed, one writer at a time.
import {closeSync, fsyncSync, openSync, renameSync, rmSync} from 'node:fs';
import {statfs} from 'node:fs/promises';
import {basename, dirname, resolve} from 'node:path';
import {lock} from 'proper-lockfile';
import {EngineError} from '../errors.ts';
import {formatBytes} from '../units.ts';
import {makeFolder} from './make-folder.ts';

/** A lock whose owner has not touched it for this long belongs to a process that died. */
const STALE_MS = 20_000;

/**
 * Runs `write` with an open `path`.part of room for `bytes`, then puts it in place of `path`.
 * Throws EngineError disk_full, model_busy (another process writes it) or io (no permission); no part file is left then.
 */
export async function writeWhole(
  path: string,
  bytes: number,
  write: (fd: number, part: string) => Promise<void>,
): Promise<void> {
  const part = `${path}.part`;
  const folder = dirname(resolve(path));
  try {
    makeFolder(folder);
    await checkRoom(folder, bytes);
  } catch (error) {
    throw explain(error, path, bytes);
  }
  const release = await lockFile(path);
  try {
    const fd = openSync(part, 'w+');
    try {
      await write(fd, part);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(part, path);
  } catch (error) {
    rmSync(part, {force: true});
    throw explain(error, path, bytes);
  } finally {
    await release();
  }
}

async function checkRoom(folder: string, bytes: number): Promise<void> {
  const {bavail, bsize} = await statfs(folder);
  const free = bavail * bsize;
  if (free >= bytes) return;
  throw new EngineError('disk_full', `${folder} has room for ${formatBytes(free)}, ${formatBytes(bytes)} are needed`, {
    hint: 'Free some space, or write to another disk.',
  });
}

/** Keeps other processes from writing `path` until the result is called. Throws EngineError model_busy or io. */
export async function lockFile(path: string): Promise<() => Promise<void>> {
  try {
    return await lock(path, {realpath: false, stale: STALE_MS, lockfilePath: `${path}.lock`});
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw explain(error, path, 0);
    throw new EngineError('model_busy', `${path} is being written by another process`, {
      hint: 'Wait until it has finished, then try again.',
    });
  }
}

function explain(error: unknown, path: string, bytes: number): unknown {
  const {code} = error as NodeJS.ErrnoException;
  const place = dirname(resolve(path));
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    return new EngineError('disk_full', `the disk of ${place} is full: ${basename(path)} needs ${formatBytes(bytes)}`, {
      hint: 'Free some space, or write to another disk. Nothing half-written was left.',
      cause: error,
    });
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new EngineError('io', `${place} cannot be written to`, {
      hint: 'Choose another place.',
      cause: error,
    });
  }
  return error;
}
