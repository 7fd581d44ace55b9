// Unpacks a model's tar into a folder that is there whole or not at all.
import {createReadStream, existsSync, mkdirSync, renameSync, rmSync, statSync} from 'node:fs';
import {statfs} from 'node:fs/promises';
import {dirname} from 'node:path';
import {EngineError} from '../../../base/errors.ts';
import {lockFile} from '../../../base/files/whole-file.ts';
import {formatBytes} from '../../../base/units.ts';
import {unpack} from './untar-stream.ts';

export interface UnpackOptions {
  readonly signal: AbortSignal;
  /** Bytes of the archive read so far, of all. */
  readonly progress?: (done: number, total: number) => void;
}

/**
 * Unpacks `tar` into `folder`; files lie flat in it. Nothing is written when it is there already.
 * Throws EngineError disk_full, model_busy (another process unpacks it) or model_invalid (no tar, cut off, an entry that leads out of the folder, a link), or the
 * signal's reason; nothing half is left then.
 */
export async function unpackTar(tar: string, folder: string, options: UnpackOptions): Promise<void> {
  if (existsSync(folder)) return;
  const partial = `${folder}.incomplete`;
  const {size} = statSync(tar);
  mkdirSync(dirname(folder), {recursive: true, mode: 0o700});
  const release = await lockFile(folder);
  try {
    rmSync(partial, {recursive: true, force: true});
    mkdirSync(partial, {mode: 0o700});
    await checkRoom(partial, size);
    await unpack(contentOf(tar, size, options), partial);
    renameSync(partial, folder);
  } catch (error) {
    rmSync(partial, {recursive: true, force: true});
    options.signal.throwIfAborted();
    throw explain(error, tar, size);
  } finally {
    await release();
  }
}

async function* contentOf(tar: string, total: number, {signal, progress}: UnpackOptions): AsyncGenerator<Buffer> {
  let done = 0;
  for await (const chunk of createReadStream(tar, {signal})) {
    done += (chunk as Buffer).length;
    progress?.(done, total);
    yield chunk as Buffer;
  }
}

async function checkRoom(folder: string, bytes: number): Promise<void> {
  const {bavail, bsize} = await statfs(folder);
  if (bavail * bsize < bytes) throw Object.assign(new Error('no room'), {code: 'ENOSPC'});
}

function explain(error: unknown, tar: string, bytes: number): EngineError {
  if ((error as NodeJS.ErrnoException).code === 'ENOSPC') {
    return new EngineError('disk_full', `the disk is too full to unpack ${tar}: it needs ${formatBytes(bytes)}`, {
      hint: 'Free some space, or set XDG_CACHE_HOME to a folder on another disk.',
      cause: error,
    });
  }
  const {message} = error as Error;
  return new EngineError('model_invalid', `${tar} cannot be unpacked: ${message}`, {
    hint: (error instanceof EngineError && error.hint) || 'The download or copy broke off: fetch the archive again.',
    cause: error,
  });
}
