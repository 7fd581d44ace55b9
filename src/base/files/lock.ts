// One process at a time fetches a file: a lock beside it that outlives no process for long.
import {setTimeout as sleep} from 'node:timers/promises';
import {lock} from 'proper-lockfile';
import {EngineError} from '../errors.ts';

/** A lock whose owner has not touched it for this long (milliseconds) belongs to a process that died. */
const STALE = 6000;
const PATIENCE = STALE + 2000;
const POLL = 250;

export interface LockOptions {
  readonly signal: AbortSignal;
  /** Milliseconds to wait for another process; by default, as long as the lock of a dead one lasts. */
  readonly patience?: number | undefined;
}

/**
 * Runs `work` while no other process works on `path`. A lock that is lost on the way (the machine slept) aborts the
 * work's signal, and it is begun again. Throws EngineError model_busy when another process keeps the lock.
 */
export async function withLock<T>(
  path: string,
  {signal, patience = PATIENCE}: LockOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  for (;;) {
    const lost = new AbortController();
    const release = await acquire(path, signal, patience, () => lost.abort());
    try {
      return await work(AbortSignal.any([signal, lost.signal]));
    } catch (error) {
      if (!lost.signal.aborted || signal.aborted) throw error;
    } finally {
      if (!lost.signal.aborted) await release();
    }
  }
}

async function acquire(path: string, signal: AbortSignal, patience: number, onCompromised: () => void) {
  for (let waited = 0; ; waited += POLL) {
    try {
      return await lock(path, {realpath: false, stale: STALE, lockfilePath: `${path}.lock`, onCompromised});
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ELOCKED') throw cause;
      if (waited >= patience) {
        throw new EngineError('model_busy', `${path} is being downloaded by another process`, {
          hint: 'Wait until it has finished.',
          cause,
        });
      }
    }
    await sleep(POLL, undefined, {signal});
  }
}
