// Downloads a tar and unpacks it while it comes: hashed in the same pass, nothing outside the folder, one copy on disk,
// taken up where it ended.
import {existsSync, fdatasync, mkdirSync, renameSync, rmSync} from 'node:fs';
import {dirname} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {promisify} from 'node:util';
import {EngineError} from '../../../base/errors.ts';
import {checkRoom, fileError, isFileError, reasonOf} from '../../../base/files/file-error.ts';
import {withLock} from '../../../base/files/lock.ts';
import {makeFolder} from '../../../base/files/make-folder.ts';
import type {HttpClient} from '../../../base/http/http-client.ts';
import type {Reply} from '../../../base/http/http-reply.ts';
import {BUSY, STORE_HINTS} from './download.ts';
import {ATTEMPTS, isRefused, statusError} from './download-client.ts';
import {type Md5, md5From, readNote, removeNote, type TarNote, writeNote} from './tar-progress-file.ts';
import {type TarPlace, unpack} from './untar-stream.ts';

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
  /** Bytes of the archive between two places from which a later run can go on; whole blocks of 512. */
  readonly noteEvery?: number;
}

const NOTE_EVERY = 64 << 20;
const TAR_HINTS = {...STORE_HINTS, closed: 'Make the folder writable: archives go to ~/mistral_models.'};

/**
 * Throws EngineError (see download) or the signal's reason; what came is kept for a later run, unless it is refused or
 * damaged.
 */
export async function downloadTar(http: HttpClient, options: TarOptions): Promise<string> {
  const {folder, patience} = options;
  try {
    makeFolder(dirname(folder));
    if (existsSync(folder)) return folder;
    return await withLock(folder, {signal: options.signal, patienceMs: patience, busy: BUSY}, async (signal) =>
      existsSync(folder) ? folder : fetchFolder(http, {...options, signal}),
    );
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof EngineError) throw error;
    if (isFileError(error)) throw fileError(error, folder, 'write', TAR_HINTS);
    throw new EngineError('model_invalid', `${options.url} cannot be unpacked: ${reasonOf(error)}`, {
      hint: 'Check the address: it must be a tar archive.',
      cause: error,
    });
  }
}

async function fetchFolder(http: HttpClient, options: TarOptions): Promise<string> {
  const {folder, url} = options;
  const partial = `${folder}.incomplete`;
  const notePath = `${partial}.json`;
  const discard = () => {
    rmSync(partial, {recursive: true, force: true});
    removeNote(notePath);
  };
  const note = await readNote(notePath, partial, url);
  if (note === undefined) {
    discard();
    mkdirSync(partial);
  }
  try {
    await new TarDownload(http, options, partial, notePath, note).run();
    renameSync(partial, folder);
    removeNote(notePath);
    return folder;
  } catch (error) {
    const isWrong = error instanceof EngineError && error.code === 'model_invalid';
    if (isWrong || !existsSync(notePath)) discard();
    if (!isWrong || note === undefined) throw error;
  }
  // What an earlier run left was not of this content: from the start, once.
  return fetchFolder(http, options);
}

/** Bytes of the archive that are hashed, and the md5's state there. */
type Mark = Pick<TarNote, 'at' | 'md5'>;

class TarDownload {
  readonly #http: HttpClient;
  readonly #options: TarOptions;
  readonly #partial: string;
  readonly #notePath: string;
  readonly #from: TarNote | undefined;
  #hash!: Md5;
  #tag: string;
  #total = Number.NaN;
  /** Marks whose bytes are not all written yet. */
  readonly #marks: Mark[] = [];

  constructor(http: HttpClient, options: TarOptions, partial: string, notePath: string, from: TarNote | undefined) {
    this.#http = http;
    this.#options = options;
    this.#partial = partial;
    this.#notePath = notePath;
    this.#from = from;
    this.#tag = from?.tag ?? '';
  }

  async run(): Promise<void> {
    const {md5, url} = this.#options;
    this.#hash = await md5From(this.#from?.md5);
    await unpack(this.#hashed(), this.#partial, {
      from: this.#from,
      written: (place, fd) => this.#keepPlace(place, fd),
    });
    const sum = this.#hash.digest();
    if (md5.length === 0 || md5.includes(sum)) return;
    throw new EngineError('model_invalid', `${url} arrived damaged: its md5 is ${sum}, not ${md5.join(' or ')}`, {
      hint: 'What was unpacked is removed; pull it again.',
    });
  }

  async *#hashed(): AsyncGenerator<Uint8Array> {
    const step = this.#options.noteEvery ?? NOTE_EVERY;
    let at = this.#from?.at ?? 0;
    for await (const chunk of this.#bytes(at)) {
      for (let done = 0; done < chunk.length; ) {
        const part = chunk.subarray(done, done + step - (at % step));
        this.#hash.update(part);
        at += part.length;
        done += part.length;
        if (at % step === 0) this.#marks.push({at, md5: Buffer.from(this.#hash.save()).toString('base64')});
      }
      yield chunk;
    }
  }

  /** Notes the last mark before this place, when it lies in the same file. */
  async #keepPlace({file, at}: TarPlace, fd: number): Promise<void> {
    let mark: Mark | undefined;
    while (this.#marks[0] !== undefined && this.#marks[0].at <= at) mark = this.#marks.shift();
    if (mark === undefined || mark.at <= file.start) return;
    await promisify(fdatasync)(fd);
    writeNote(this.#notePath, {url: this.#options.url, tag: this.#tag, file, ...mark});
  }

  /** The bytes of the archive from `at`; a cut connection is taken up where it ended. */
  async *#bytes(from: number): AsyncGenerator<Uint8Array> {
    const {url, signal, progress} = this.#options;
    let at = from;
    for (let failed = 0; !(at >= this.#total); ) {
      const before = at;
      try {
        const headers: Record<string, string> = at === 0 ? {} : {range: `bytes=${at}-`};
        const response = await this.#http.send({method: 'GET', url, headers}, signal);
        await this.#check(response, at);
        for await (const chunk of response.body) {
          at += chunk.length;
          progress?.(at, this.#total);
          yield chunk;
        }
        if (Number.isNaN(this.#total)) return;
      } catch (error) {
        signal.throwIfAborted();
        if (isRefused(error)) throw error;
        if (at === before && failed + 1 >= ATTEMPTS) throw brokeOff(url, error);
      }
      failed = at > before ? 0 : failed + 1;
      if (failed >= ATTEMPTS) {
        throw new EngineError('backend_failed', `${url}: the server stopped sending data`, {
          hint: 'What was downloaded is kept; run the same command to resume.',
        });
      }
      if (!(at >= this.#total)) await sleep((this.#options.retryDelay ?? 1000) * 2 ** failed, undefined, {signal});
    }
  }

  /** Whether these are the bytes that were asked for; the first answer tells what archive it is, and how large. */
  async #check(response: Reply, at: number): Promise<void> {
    const {url, folder} = this.#options;
    const tag = response.header('etag') ?? response.header('last-modified') ?? '';
    const isRest = response.status === 206;
    if (!response.ok || (at > 0 && (!isRest || tag !== this.#tag))) response.cancel();
    if (!response.ok) throw statusError(url, response);
    if (at > 0 && tag !== this.#tag) {
      throw new EngineError('model_invalid', `${url} changed on the server while it was fetched`, {
        hint: 'Pull it again; it will start from the beginning.',
      });
    }
    if (at > 0 && !isRest) {
      throw new EngineError('model_invalid', `${url} comes from its start only, the connection ended in the middle`, {
        hint: 'This server cannot go on where it stopped: pull again from the start.',
      });
    }
    this.#tag = tag;
    const size = isRest ? /\/(\d+)$/.exec(response.header('content-range') ?? '')?.[1] : undefined;
    this.#total = Number(size ?? response.header('content-length') ?? Number.NaN);
    if (!Number.isNaN(this.#total)) await checkRoom(dirname(folder), this.#total - at, 'Free some space.');
  }
}

function brokeOff(url: string, cause: unknown): unknown {
  if (cause instanceof EngineError) return cause;
  return new EngineError('backend_unreachable', `the download of ${url} broke off: ${reasonOf(cause)}`, {
    hint: 'What was downloaded is kept; run the same command to resume.',
    cause,
  });
}
