// What the file system says when it refuses, in words: the one place that knows its codes.
import {statfs} from 'node:fs/promises';
import {basename} from 'node:path';
import {EngineError} from '../errors.ts';
import {formatBytes} from '../units.ts';

/** Our own code, for what the system would read without an end. */
export const NOT_REGULAR = 'ENOTREG';

/** The file system's codes in words. */
const REASONS: Readonly<Record<string, string>> = {
  [NOT_REGULAR]: 'it is no regular file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the disk is read-only',
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is not a folder',
  EISDIR: 'it is a folder',
  EEXIST: 'something else of that name is there',
  ENOTEMPTY: 'the folder is not empty',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'its links lead in a circle',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file is too large for this disk, or for ulimit -f',
  EIO: 'the disk reports an error',
  EBUSY: 'another program uses it',
  ETXTBSY: 'another program uses it',
  EMFILE: 'this program has too many files open',
  ENFILE: 'the machine has too many files open',
  ESTALE: 'the shared disk has lost it',
};

/** What to do about it, where that is always the same. */
const WAYS_OUT: Readonly<Record<string, string>> = {
  EFBIG: 'Write to another disk, or allow larger files: ulimit -f.',
  EMFILE: 'It may open too few files at a time: ulimit -n allows more.',
  ENFILE: 'Close other programs, or raise fs.file-max.',
};

const FULL: readonly string[] = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** Calls of the network and of processes have some of the same codes, which then mean something else. */
const OTHER_CALLS = /^(?:spawn|connect|listen|bind|accept|getaddrinfo|kill|uv_)/;

const DONE = {read: 'read', write: 'written', remove: 'removed'} as const;
const WHEN_CLOSED = {
  read: undefined,
  write: 'Choose another place, or make this one writable.',
  remove: 'Make its folder writable.',
} as const;

/** Says what to do next, in place of the general advice. */
export interface FileHints {
  /** When the disk is full. */
  readonly full?: string;
  /** When the place cannot be used. */
  readonly closed?: string;
}

/** The code of a file system's error; undefined for any other error. */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || error instanceof EngineError) return undefined;
  const {code, syscall} = error as NodeJS.ErrnoException;
  return code !== undefined && code in REASONS && !OTHER_CALLS.test(syscall ?? '') ? code : undefined;
}

/** What to do about an error of the file system, wherever it happened; undefined where that depends. */
export function wayOut(error: unknown): string | undefined {
  return WAYS_OUT[codeOf(error) ?? ''];
}

/** Whether an error comes from the file system rather than from the network. */
export function isFileError(error: unknown): boolean {
  return codeOf(error) !== undefined;
}

/** Whether the disk takes no more. */
export function isFull(error: unknown): boolean {
  return FULL.includes(codeOf(error) ?? '');
}

/** Whether there is no such file: the path leads nowhere. */
export function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '');
}

/** Why something failed, as the end of a sentence: the file system's codes in words, else the error's own message. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (code !== undefined) return REASONS[code] as string;
  // Where a name has several addresses, what happened at the last of them.
  const last = error instanceof AggregateError ? error.errors.at(-1) : undefined;
  if (last !== undefined) return reasonOf(last);
  return error instanceof Error ? error.message || error.name : String(error);
}

/**
 * The error to throw when `path` could not be read, written or removed: EngineError `disk_full`, else `io`. An EngineError is
 * returned as it is.
 */
export function fileError(
  error: unknown,
  path: string,
  doing: 'read' | 'write' | 'remove',
  {full = 'Free some space, or write to another disk.', closed}: FileHints = {},
): EngineError {
  if (error instanceof EngineError) return error;
  const code = codeOf(error);
  if (doing === 'write' && isFull(error)) {
    const hint = code === 'ENOSPC' ? full : `${full} The system says: ${reasonOf(error)}.`;
    return new EngineError('disk_full', `the disk is full: ${basename(path)} is not complete`, {hint, cause: error});
  }
  const general = code === undefined ? undefined : WHEN_CLOSED[doing];
  const hint = wayOut(error) ?? closed ?? general;
  return new EngineError('io', `${path} cannot be ${DONE[doing]}: ${reasonOf(error)}`, {
    ...(hint !== undefined && {hint}),
    cause: error,
  });
}

/** A file system takes some of its own: a fiftieth more is asked for. */
const withMargin = (bytes: number) => bytes * 1.02;

/** Whether so many free bytes hold a file of `bytes`. */
export const isEnough = (free: number, bytes: number) => free >= withMargin(bytes);

/**
 * Asks the disk of this folder, which is there, whether it has room for these bytes and a little more.
 * @throws EngineError `disk_full`, with the hint.
 */
export async function checkRoom(folder: string, bytes: number, hint: string): Promise<void> {
  const {bavail, bsize} = await statfs(folder);
  const [free, wanted] = [bavail * bsize, withMargin(bytes)];
  if (isEnough(free, bytes)) return;
  throw new EngineError(
    'disk_full',
    `the disk of ${folder} has room for ${formatBytes(free)}, ${formatBytes(wanted)} are needed`,
    {hint},
  );
}
