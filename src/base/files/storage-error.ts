// What the file system says when it cannot take a download, put into words.
import {statfs} from 'node:fs/promises';
import {basename, dirname} from 'node:path';
import {EngineError} from '../errors.ts';
import {formatBytes} from '../units.ts';

const FULL = /^(ENOSPC|EDQUOT|EFBIG)$/;
const CLOSED = /^(EACCES|EPERM|EROFS|ENOTDIR|EEXIST|EISDIR)$/;

const codeOf = (error: unknown) => String((error as NodeJS.ErrnoException).code);

/** Whether an error comes from the file system rather than from the network. */
export function isStorageError(error: unknown): boolean {
  return FULL.test(codeOf(error)) || CLOSED.test(codeOf(error)) || codeOf(error) === 'EIO';
}

/** EngineError disk_full, or model_not_found for a place that is closed; `path` is what was to be written. */
export function explainStorage(error: unknown, path: string): EngineError {
  const code = codeOf(error);
  if (FULL.test(code)) {
    return new EngineError('disk_full', `the disk is full: ${basename(path)} is not complete`, {
      hint: 'Free some space; the same command goes on with what is kept.',
      cause: error,
    });
  }
  return new EngineError('model_not_found', `${dirname(path)} cannot be written to (${code})`, {
    hint: 'Choose another place: HF_HOME names the cache.',
    cause: error,
  });
}

/** Throws EngineError disk_full when the disk of this folder, which is there, has no room for these bytes and a little more. */
export async function checkRoom(folder: string, bytes: number, hint: string): Promise<void> {
  const {bavail, bsize} = await statfs(folder);
  const wanted = bytes * 1.02;
  if (bavail * bsize >= wanted) return;
  throw new EngineError(
    'disk_full',
    `the disk has room for ${formatBytes(bavail * bsize)}, ${formatBytes(wanted)} are needed`,
    {hint},
  );
}
