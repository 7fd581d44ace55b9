// A file that is there whole or not at all, whenever the program ends: written beside it as NAME.<pid>.part, synced, renamed.
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import {basename, dirname, join, resolve} from 'node:path';
import {EngineError} from '../errors.ts';
import {formatBytes} from '../units.ts';
import {checkRoom, type FileHints, fileError, isFileError, isFull, isMissing} from './file-error.ts';
import {withLock} from './lock.ts';
import {isAlive, thisProcess} from './lock-owner.ts';
import {makeFolder} from './make-folder.ts';
import {writeAt} from './read-at.ts';

/** A dead process's part that was touched later than this ago (milliseconds) may be that of another machine. */
const LEFT_BEHIND_MS = 3_600_000;

export interface WholeOptions {
  /** Bytes that will be written: the disk is asked for room beforehand. */
  readonly bytes?: number;
  /** Permissions; without it those of the file that is replaced. */
  readonly mode?: number;
  /** The caller holds a lock on `path`: what other processes left of it is removed at once. */
  readonly alone?: boolean;
}

/** Fills the open part; it may also be written by its name. */
type Fill = (fd: number, part: string) => Promise<void>;

/**
 * Puts `data` in place of `path`, whose folder is made where it is missing. A link is followed.
 * @throws EngineError `disk_full` or `io`, or what `data` throws; no part is left then, and the old file is as it was.
 */
export async function writeWhole(
  path: string,
  data: string | Uint8Array | Fill,
  options: WholeOptions = {},
): Promise<void> {
  const part = await openPart(path, options);
  try {
    if (typeof data === 'function') await data(part.fd, part.path);
    else writeAt(part.fd, 0, Buffer.from(data));
    fsyncSync(part.fd);
    part.finish();
  } catch (error) {
    throw isOfWriting(error) ? fileError(error, path, 'write', needs(path, options.bytes)) : error;
  } finally {
    part.drop();
  }
}

/**
 * As `writeWhole`, under the lock of `path`: for what takes long. When the lock is lost, `data`'s signal aborts, and it
 * is begun again.
 * @throws EngineError as `writeWhole`, and `model_busy` when another process writes `path`; the signal's reason.
 */
export async function writeAlone(
  path: string,
  {signal, bytes}: {readonly signal: AbortSignal; readonly bytes: number},
  data: (fd: number, part: string, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  try {
    makeFolder(dirname(resolve(path)));
  } catch (error) {
    throw fileError(error, path, 'write');
  }
  await withLock(path, {signal, patienceMs: 0, busy: 'is being written by another process'}, (held) =>
    writeWhole(path, (fd, part) => data(fd, part, held), {bytes, alone: true}),
  );
}

/**
 * As `writeWhole`, for a small text, at once. `sync: false`: when the power fails, the old one or nothing is left; for
 * what is written often and can be had again.
 * @throws EngineError `disk_full` or `io`
 */
export function writeWholeSync(
  path: string,
  text: string,
  {sync = true, ...options}: Pick<WholeOptions, 'mode'> & {readonly sync?: boolean} = {},
): void {
  const part = openPartSync(path, options);
  try {
    writeAt(part.fd, 0, Buffer.from(text));
    if (sync) fsyncSync(part.fd);
    part.finish();
  } catch (error) {
    throw fileError(error, path, 'write');
  } finally {
    part.drop();
  }
}

interface Part {
  readonly path: string;
  readonly fd: number;
  /** Closes it and puts it in its place. */
  finish(): void;
  /** Closes and removes it, unless it is in its place. */
  drop(): void;
}

function needs(path: string, bytes: number | undefined): FileHints {
  if (bytes === undefined) return {};
  const place = dirname(resolve(path));
  return {full: `${formatBytes(bytes)} are needed in ${place}: free some space, or write to another disk.`};
}

async function openPart(path: string, options: WholeOptions): Promise<Part> {
  const part = openPartSync(path, options);
  try {
    const folder = dirname(part.path);
    if (options.bytes !== undefined)
      await checkRoom(folder, options.bytes, 'Free some space, or write to another disk.');
    return part;
  } catch (error) {
    part.drop();
    throw error;
  }
}

let parts = 0;

function openPartSync(path: string, {mode, alone = false}: WholeOptions): Part {
  try {
    const target = targetOf(path);
    makeFolder(dirname(target));
    const there = statSync(target, {throwIfNoEntry: false});
    if (there !== undefined && !there.isFile()) {
      throw new EngineError(
        'io',
        `${path} cannot be written: it is ${there.isDirectory() ? 'a folder' : 'no regular file'}`,
        {
          hint: 'Give the name of a file.',
        },
      );
    }
    removeLeftParts(target, alone);
    parts += 1;
    const part = `${target}.${thisProcess.mark.pid}${parts === 1 ? '' : `-${parts}`}.part`;
    const fd = openSync(part, 'w+', mode ?? 0o666);
    if (mode === undefined && there !== undefined) fchmodSync(fd, there.mode & 0o777);
    let isOpen = true;
    const close = () => {
      if (isOpen) closeSync(fd);
      isOpen = false;
    };
    let isThere = true;
    return {
      path: part,
      fd,
      finish() {
        close();
        renameSync(part, target);
        isThere = false;
      },
      drop() {
        close();
        if (isThere) rmSync(part, {force: true});
      },
    };
  } catch (error) {
    throw fileError(error, path, 'write');
  }
}

/** The file itself where `path` is a link to one: settings may lie elsewhere, and the link is to stay. */
function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (isMissing(error)) return resolve(path);
    throw error;
  }
}

/**
 * Removes from a folder of ours the parts of any file whose process has ended, and what earlier versions called NAME.part.
 * Those that were touched within an hour stay: they may be of another machine.
 * @returns the paths that were removed
 */
export function removeDeadParts(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const [, pid] = /(?:\.(\d+)(?:-\d+)?)?\.part$/.exec(name) ?? [];
    const path = join(folder, name);
    const stat = statSync(path, {throwIfNoEntry: false});
    const isOld = stat?.isFile() === true && Date.now() - stat.mtimeMs > LEFT_BEHIND_MS;
    if (!name.endsWith('.part') || !isOld || (pid !== undefined && isAlive({pid: Number(pid), start: ''}))) return [];
    rmSync(path, {force: true});
    return [path];
  });
}

/** Parts of processes that ended before theirs was whole. */
function removeLeftParts(target: string, alone: boolean): void {
  const name = basename(target);
  for (const entry of readdirSync(dirname(target))) {
    if (!entry.startsWith(`${name}.`)) continue;
    const pid = Number(/^\.(\d+)(?:-\d+)?\.part$/.exec(entry.slice(name.length))?.[1] ?? Number.NaN);
    if (Number.isNaN(pid) || pid === thisProcess.mark.pid) continue;
    const path = join(dirname(target), entry);
    const age = Date.now() - (statSync(path, {throwIfNoEntry: false})?.mtimeMs ?? Date.now());
    if (alone || (age > LEFT_BEHIND_MS && !isAlive({pid, start: ''}))) rmSync(path, {force: true});
  }
}

/** Of writing the part, and not of what is read meanwhile. */
function isOfWriting(error: unknown): boolean {
  const {syscall} = error as NodeJS.ErrnoException;
  return isFull(error) || (isFileError(error) && /^(?:write|fsync|ftruncate|rename|close)$/.test(syscall ?? ''));
}
