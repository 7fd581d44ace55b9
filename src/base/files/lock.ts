// Lock files: one process at a time. Made with `wx`, so that no look before it decides; taken over from the dead under a
// second file; kept fresh, so that a lock of another machine is known to be left behind.
import {randomBytes} from 'node:crypto';
import {closeSync, fstatSync, openSync, rmdirSync, rmSync, type Stats, statSync, writeSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {EngineError} from '../errors.ts';
import {parsePlainJson} from '../plain-json.ts';
import {complete, count, text as textShape} from '../shape.ts';
import {within} from '../signals.ts';
import {fileError, isMissing} from './file-error.ts';
import {type LockOwner, type ProcessMark, thisProcess} from './lock-owner.ts';
import {readRegularText} from './regular-file.ts';

/** Milliseconds between two touches of a lock that is held. */
const TOUCH_MS = 2000;
/** A lock of another machine that was not touched for this long was left behind. Milliseconds. */
const DEAD_MS = 20_000;
/** A lock file without a holder (made and not written yet), or a takeover, older than this was left behind. Milliseconds. */
const UNFINISHED_MS = 10_000;
/** More than a lock file ever has: a file that happens to have its name is no lock and is left alone. */
const MOST_BYTES = 1000;
const POLL_MS = 250;

export interface Lock {
  /** Aborts when another process took the lock over: this machine slept, or could not reach the shared disk. */
  readonly lost: AbortSignal;
  /** Removes the lock file, unless it belongs to another process by now. */
  release(): void;
}

/**
 * Takes the lock file `path`, whose folder is there; undefined while a living process has it, this one included.
 * @throws the file system's error when it cannot be made.
 */
export function tryLock(path: string, owner: LockOwner = thisProcess): Lock | undefined {
  const text = JSON.stringify({...owner.mark, id: randomBytes(6).toString('hex')});
  const fd = create(path, text) ?? takeOver(path, text, owner);
  return fd === undefined ? undefined : hold(path, text, fd);
}

/** Whether a living process has the lock file `path`, as far as one look tells. */
export function isLocked(path: string, owner: LockOwner = thisProcess): boolean {
  return isTaken(path, owner, Date.now());
}

export interface LockOptions {
  readonly signal: AbortSignal;
  /**
   * Milliseconds to wait for another process that has the lock. Default 8000. One that may be dead, as its lock is not
   * touched any more, is waited for until it counts as that.
   */
  readonly patienceMs?: number | undefined;
  /** What the other one does, after `what`: `is being downloaded by another process`. */
  readonly busy: string;
  /** What the lock stands for, in messages. Default: the path. */
  readonly what?: string;
}

/**
 * Runs `work` while no other process has the lock `path`.lock. When the lock is lost on the way the work's signal
 * aborts, and it is begun again.
 * @throws EngineError `model_busy` when another process keeps the lock, `io` or `disk_full` when there can be none.
 */
export async function withLock<T>(
  path: string,
  options: LockOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const {signal} = options;
  for (;;) {
    const lock = await acquire(path, options);
    try {
      return await within({of: [signal, lock.lost]}, work);
    } catch (error) {
      if (!lock.lost.aborted || signal.aborted) throw error;
    } finally {
      lock.release();
    }
  }
}

async function acquire(path: string, {signal, patienceMs = 8000, busy, what = path}: LockOptions): Promise<Lock> {
  let first: number | undefined;
  for (let waited = 0; ; waited += POLL_MS) {
    let lock: Lock | undefined;
    try {
      lock = tryLock(`${path}.lock`);
    } catch (error) {
      throw fileError(error, `${path}.lock`, 'write');
    }
    if (lock !== undefined) return lock;
    const touched = doubtful(`${path}.lock`);
    if (waited === 0) first = touched;
    const mayBeLeft = touched !== undefined && touched === first && waited < DEAD_MS + POLL_MS;
    if (waited >= patienceMs && !mayBeLeft) {
      throw new EngineError('model_busy', `${what} ${busy}`, {hint: 'Wait until it has finished.'});
    }
    await sleep(POLL_MS, undefined, {signal});
  }
}

/**
 * When a lock file was last touched whose holder is not known to live: it is on another machine, or did not come to say who
 * it is. Undefined for one of a process of this machine. As long as this time stays, the holder may be dead.
 */
function doubtful(path: string): number | undefined {
  const stat = look(path);
  if (stat === undefined || (stat.isFile() && stat.size > MOST_BYTES)) return undefined;
  return readMark(read(path) ?? '')?.host === thisProcess.mark.host ? undefined : stat.mtimeMs;
}

/** The descriptor of a lock file that was made just now; undefined when there is one already. */
function create(path: string, text: string): number | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  }
  try {
    writeSync(fd, text, 0);
    return fd;
  } catch (error) {
    closeSync(fd);
    rmSync(path, {force: true});
    throw error;
  }
}

function takeOver(path: string, text: string, owner: LockOwner): number | undefined {
  // Of one on another host only the file server's clock tells the age, which the takeover file then has.
  if (isTaken(path, owner, Number.POSITIVE_INFINITY)) return undefined;
  const guard = `${path}.takeover`;
  const guardFd = create(guard, text);
  if (guardFd === undefined) {
    const stat = look(guard);
    if (stat !== undefined && Math.abs(Date.now() - stat.mtimeMs) > UNFINISHED_MS) rmSync(guard, {force: true});
    return undefined;
  }
  try {
    if (isTaken(path, owner, fstatSync(guardFd).mtimeMs)) return undefined;
    // Whoever was stopped here for longer than a takeover lasts must not remove what came after it.
    if (read(guard) === text) remove(path);
    return create(path, text);
  } finally {
    closeSync(guardFd);
    if (read(guard) === text) rmSync(guard, {force: true});
  }
}

/** Whether the lock file is there and its holder lives; `now`, in milliseconds, is what its age is counted from. */
function isTaken(path: string, owner: LockOwner, now: number): boolean {
  const stat = look(path);
  if (stat === undefined) return false;
  if (stat.size > MOST_BYTES && stat.isFile()) return true;
  // A time to come is as far off as a past one: the clock went back since.
  const age = Math.abs(now - stat.mtimeMs);
  const text = read(path) ?? '';
  const mark = readMark(text);
  if (mark === undefined) return mayBeUnfinished(text) && age < UNFINISHED_MS;
  return mark.host === owner.mark.host ? owner.isAlive(mark) : age < DEAD_MS;
}

/** Whether it is the beginning of a lock: what else stands there, such as a number alone, nobody will finish. */
function mayBeUnfinished(text: string): boolean {
  if (!text.startsWith('{')) return text === '';
  try {
    parsePlainJson(text);
    return false;
  } catch {
    return true;
  }
}

const markShape = complete({host: textShape, pid: count, start: textShape});

function readMark(text: string): ProcessMark | undefined {
  try {
    const {host, pid, start} = markShape(parsePlainJson(text));
    return pid > 0 ? {host, pid, start} : undefined;
  } catch {
    return undefined;
  }
}

function look(path: string): Stats | undefined {
  return statSync(path, {throwIfNoEntry: false});
}

/** The text of a lock file; undefined when there is none, or a folder, as earlier versions made. */
function read(path: string): string | undefined {
  try {
    return readRegularText(path);
  } catch (error) {
    if (isMissing(error) || (error as NodeJS.ErrnoException).code === 'EISDIR') return undefined;
    throw error;
  }
}

/** A folder with something in it stays, and with it the error: it is no lock. */
function remove(path: string): void {
  if (look(path)?.isDirectory()) rmdirSync(path);
  else rmSync(path, {force: true});
}

function hold(path: string, text: string, fd: number): Lock {
  const lost = new AbortController();
  const {ino, dev} = fstatSync(fd);
  const isOurs = () => {
    const stat = look(path);
    return stat !== undefined && stat.ino === ino && stat.dev === dev;
  };
  const touch = () => {
    try {
      // Written again rather than given a time: on a shared disk it then gets the file server's.
      if (isOurs()) writeSync(fd, text, 0);
      else lost.abort(new Error(`the lock ${path} was taken over`));
    } catch {
      // A shared disk that is away for a moment; the next touch finds out whose the lock is.
    }
  };
  const timer = setInterval(touch, TOUCH_MS).unref();
  let isHeld = true;
  return {
    lost: lost.signal,
    release() {
      if (!isHeld) return;
      isHeld = false;
      clearInterval(timer);
      try {
        const remove = isOurs();
        closeSync(fd);
        if (remove) rmSync(path, {force: true});
      } catch {
        // A lock that stays is one of a dead process soon, and taken over.
      }
    },
  };
}
