// Unpacks a model's tar into a folder that is there whole or not at all.
import {createReadStream, existsSync, mkdirSync, renameSync, rmSync, statSync} from 'node:fs';
import {dirname} from 'node:path';
import {EngineError} from '../../../base/errors.ts';
import {checkRoom, fileError, isFileError, reasonOf} from '../../../base/files/file-error.ts';
import {withLock} from '../../../base/files/lock.ts';
import {makeFolder} from '../../../base/files/make-folder.ts';
import {unpack} from './untar-stream.ts';

export interface UnpackOptions {
  readonly signal: AbortSignal;
  /** Bytes of the archive read so far, of all. */
  readonly progress?: (done: number, total: number) => void;
}

/** What to do where the cache takes nothing. */
const ROOM = {
  full: 'Free some space, or set XDG_CACHE_HOME to a folder on another disk.',
  closed: 'Set XDG_CACHE_HOME to a folder that can be written to.',
};

/**
 * Unpacks `tar` into `folder`; files lie flat in it. Nothing is written when it is there already.
 * Throws EngineError disk_full, io, model_busy (another process unpacks it) or model_invalid (no tar, cut off, an entry
 * that leads out of the folder, a link), or the signal's reason; nothing half is left then.
 */
export async function unpackTar(tar: string, folder: string, options: UnpackOptions): Promise<void> {
  if (existsSync(folder)) return;
  const partial = `${folder}.incomplete`;
  const busy = 'is being unpacked by another process';
  try {
    const {size} = statSync(tar);
    makeFolder(dirname(folder), 0o700);
    await withLock(folder, {signal: options.signal, patienceMs: 0, busy}, async (signal) => {
      if (existsSync(folder)) return;
      try {
        rmSync(partial, {recursive: true, force: true});
        mkdirSync(partial, {mode: 0o700});
        await checkRoom(partial, size, ROOM.full);
        await unpack(contentOf(tar, size, {...options, signal}), partial);
        renameSync(partial, folder);
      } catch (error) {
        rmSync(partial, {recursive: true, force: true});
        throw error;
      }
    });
  } catch (error) {
    options.signal.throwIfAborted();
    throw explain(error, tar, folder);
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

function explain(error: unknown, tar: string, folder: string): EngineError {
  const {path} = error as NodeJS.ErrnoException;
  if (isFileError(error)) return path === tar ? fileError(error, tar, 'read') : fileError(error, folder, 'write', ROOM);
  if (error instanceof EngineError && error.code !== 'model_invalid') return error;
  return new EngineError('model_invalid', `${tar} cannot be unpacked: ${reasonOf(error)}`, {
    hint: (error instanceof EngineError && error.hint) || 'The download or copy broke off: fetch the archive again.',
    cause: error,
  });
}
