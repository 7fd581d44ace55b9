// Downloads a tar and unpacks it while it comes: hashed in the same pass, nothing outside the folder, one copy on disk.
import {createHash} from 'node:crypto';
import {closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync} from 'node:fs';
import {statfs} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {Readable} from 'node:stream';
import {setTimeout as sleep} from 'node:timers/promises';
import {extract} from 'tar-stream';
import {EngineError} from '../../errors.ts';
import {makeFolder} from '../../make-folder.ts';
import {formatBytes} from '../units.ts';
import {type Http, statusError} from './http.ts';
import {withLock} from './lock-target.ts';
import {explainStorage, isStorageError} from './storage-error.ts';

export interface TarOptions {
  readonly url: string;
  /** The folder that is made; until the sum is right it is `folder`.incomplete. */
  readonly folder: string;
  /** Any of these is right; empty = the sum is not known. */
  readonly md5: readonly string[];
  readonly signal: AbortSignal;
  readonly progress?: (done: number, total: number) => void;
  readonly retryDelay?: number;
  /** Milliseconds to wait for another process that fetches the same archive. */
  readonly patience?: number;
}

const ATTEMPTS = 6;

/** Throws EngineError (see download) or the signal's reason; a folder that is not whole is removed. */
export async function downloadTar(http: Http, options: TarOptions): Promise<string> {
  const {folder, patience} = options;
  try {
    makeFolder(dirname(folder));
    if (existsSync(folder)) return folder;
    return await withLock(folder, {signal: options.signal, patience}, async (signal) =>
      existsSync(folder) ? folder : fetchFolder(http, {...options, signal}),
    );
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof EngineError) throw error;
    if (isStorageError(error)) throw explainStorage(error, folder);
    throw new EngineError('model_invalid', `${options.url} cannot be unpacked: ${(error as Error).message}`, {
      hint: 'Check the address: it must be a tar archive.',
      cause: error,
    });
  }
}

async function fetchFolder(http: Http, options: TarOptions): Promise<string> {
  const {folder, md5, url} = options;
  const partial = `${folder}.incomplete`;
  rmSync(partial, {recursive: true, force: true});
  mkdirSync(partial);
  const hash = createHash('md5');
  try {
    await unpack(Readable.from(hashed(bytesOf(http, options), hash)), partial);
    const sum = hash.digest('hex');
    if (md5.length > 0 && !md5.includes(sum)) {
      throw new EngineError('model_invalid', `${url} arrived damaged: its md5 is ${sum}, not ${md5.join(' or ')}`, {
        hint: 'What was unpacked is removed; pull it again.',
      });
    }
    renameSync(partial, folder);
    return folder;
  } finally {
    rmSync(partial, {recursive: true, force: true});
  }
}

async function* hashed(bytes: AsyncIterable<Uint8Array>, hash: {update(data: Uint8Array): unknown}) {
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
}

/** The bytes of the archive; a cut connection is taken up where it ended. */
async function* bytesOf(http: Http, options: TarOptions): AsyncGenerator<Uint8Array> {
  const {url, signal} = options;
  let at = 0;
  let total = Number.NaN;
  for (let failed = 0; !(at >= total); ) {
    const before = at;
    try {
      const response = await http.get(url, at === 0 ? {} : {range: `bytes=${at}-`}, signal);
      if (!response.ok || (at > 0 && response.status !== 206)) throw statusError(url, response.status);
      if (at === 0) {
        total = Number(response.header('content-length') ?? Number.NaN);
        await checkRoom(dirname(options.folder), total);
      }
      for await (const chunk of response.body) {
        at += (chunk as Uint8Array).length;
        options.progress?.(at, total);
        yield chunk as Uint8Array;
      }
      if (Number.isNaN(total)) return;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof EngineError && /^(model_not_found|disk_full)$/.test(error.code)) throw error;
      if (at === before && failed + 1 >= ATTEMPTS) throw error;
    }
    failed = at > before ? 0 : failed + 1;
    if (failed >= ATTEMPTS) throw new EngineError('backend_failed', `${url}: the server sends no more data`);
    if (!(at >= total)) await sleep((options.retryDelay ?? 1000) * 2 ** failed, undefined, {signal});
  }
}

async function checkRoom(folder: string, bytes: number): Promise<void> {
  const {bavail, bsize} = await statfs(folder);
  if (Number.isNaN(bytes) || bavail * bsize >= bytes) return;
  throw new EngineError(
    'disk_full',
    `${folder} has room for ${formatBytes(bavail * bsize)}, ${formatBytes(bytes)} are needed`,
    {
      hint: 'Free some space.',
    },
  );
}

/** Writes the files of a tar flat into `folder`. Throws EngineError model_invalid for an entry that has no place there. */
export async function unpack(archive: Readable, folder: string): Promise<void> {
  const entries = extract();
  archive.on('error', (error) => entries.destroy(error));
  archive.pipe(entries);
  let count = 0;
  for await (const entry of entries) {
    const {name, type} = entry.header;
    if (type === 'file') {
      await writeEntry(join(folder, safeName(name)), entry as AsyncIterable<Uint8Array>);
      count++;
    } else {
      // Folders come with their files; links could lead out of the folder and model archives have none.
      if (type !== 'directory') refuse(name, `is a ${type ?? 'thing'}, not a file`);
      entry.resume();
    }
  }
  if (count === 0) throw new EngineError('model_invalid', 'the archive holds no files', {hint: 'Check the address.'});
}

/** Files of an archive lie flat in a model folder: a leading folder is dropped, anything that leads out is refused. */
function safeName(name: string): string {
  const parts = name.split(/[\\/]/);
  if (name.startsWith('/') || parts.includes('..') || name.includes('\0')) refuse(name, 'leads out of the folder');
  return basename(name);
}

function refuse(name: string, why: string): never {
  throw new EngineError('model_invalid', `the archive is refused: its entry "${name}" ${why}`, {
    hint: 'It is no model archive: nothing of it is kept.',
  });
}

async function writeEntry(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  const fd = openSync(path, 'wx');
  try {
    for await (const chunk of content) {
      for (let done = 0; done < chunk.length; ) done += writeSync(fd, chunk, done);
    }
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
