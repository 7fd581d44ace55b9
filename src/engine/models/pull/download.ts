// Downloads one large file: several connections, resumable after anything, hashed while it comes.
import {existsSync} from 'node:fs';
import {basename, dirname} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {EngineError} from '../../../base/errors.ts';
import {checkRoom, fileError, isFileError, reasonOf} from '../../../base/files/file-error.ts';
import {withLock} from '../../../base/files/lock.ts';
import {makeFolder} from '../../../base/files/make-folder.ts';
import type {HttpHead} from '../../../base/http/exchange.ts';
import type {HttpClient} from '../../../base/http/http-client.ts';
import type {Sink} from '../../../base/http/undici-client.ts';
import {within} from '../../../base/signals.ts';
import {formatBytes} from '../../../base/units.ts';
import {contentSum} from '../hub-cache/content-sum.ts';
import {ATTEMPTS, isRefused, statusError, waitLine} from './download-client.ts';
import {FileHash} from './file-hash.ts';
import {PartialFile, type Span} from './partial-file.ts';

export interface DownloadOptions {
  readonly url: string;
  /** Where the file goes when it is whole. */
  readonly path: string;
  /** Until then it is `stem`.part, beside it `stem`.json and `stem`.lock. Default: the path itself. */
  readonly stem?: string;
  /** The path to name in messages, where the file's own name says nothing. Default: the path itself. */
  readonly shown?: string;
  /** Whether the whole file is there already. Default: a file is there. */
  readonly isThere?: () => boolean | Promise<boolean>;
  /** Called when it was fetched, found right and put in its place, while nobody else may be at it. */
  readonly done?: () => void;
  /** Known beforehand: an answer of another size is refused. */
  readonly bytes?: number | undefined;
  readonly sha256?: string | undefined;
  /** Git's name for the content, in place of `sha256`. */
  readonly gitBlob?: string | undefined;
  readonly signal: AbortSignal;
  readonly progress?: (done: number, total: number) => void;
  /** Receives a line for the person where what an earlier run left cannot be resumed. */
  readonly note?: (line: string) => void;
  /** Where terms of a gated model can be accepted. */
  readonly page?: string;
  readonly connections?: number;
  /** Milliseconds before a broken connection is taken up; doubled with each that brought nothing. */
  readonly retryDelay?: number;
  /** Milliseconds to wait for another process that fetches the same file. */
  readonly patience?: number;
}

const CONNECTIONS = 4;
const SMALLEST_PART = 8 << 20;
/** Parts of large files are taken in order, so that what is there is one piece from the start and can be hashed. */
const PART = 64 << 20;
/** What to do when the disk has no room. */
export const SMALLER =
  'Free some space, choose a smaller quantisation, or another disk: HF_HUB_CACHE names the folder.';
/** What to do where the store takes no more. */
export const STORE_HINTS = {
  full: 'Free some space; the same command goes on with what is kept.',
  closed: 'Choose another place: HF_HUB_CACHE names the folder.',
};
/** Of a file that another process fetches. */
export const BUSY = 'is being downloaded by another process';

/**
 * Throws EngineError: backend_unreachable or backend_failed (network; what came is kept), model_not_found (gated, not
 * there), io (not writable), disk_full, model_busy (another process fetches it), model_invalid (not the content that was
 * promised; it is deleted), or the signal's reason (what came is kept).
 */
export async function download(http: HttpClient, options: DownloadOptions): Promise<string> {
  const {path, stem = path, shown = path, patience, isThere = () => existsSync(path)} = options;
  try {
    if (await isThere()) return path;
    makeFolder(dirname(path));
    makeFolder(dirname(stem));
    const lock = {signal: options.signal, patienceMs: patience, busy: BUSY, what: shown};
    return await withLock(stem, lock, async (signal) => {
      // Another process may have finished it while this one waited.
      if (await isThere()) return path;
      // What an earlier run left may turn out to be of another content: then from the start, once.
      while (!(await new Download(http, {...options, signal}).run()));
      options.done?.();
      return path;
    });
  } catch (error) {
    options.signal.throwIfAborted();
    throw explain(error, shown);
  }
}

class Download {
  readonly #http: HttpClient;
  readonly #options: DownloadOptions;
  readonly #file: PartialFile;
  /** Its thread starts while the server is asked. */
  #hash: FileHash | undefined;
  #size = 0;
  #tag = '';
  #done = 0;
  #resumed = false;
  /** Whether the server gives parts; else it is one stream from the start, not resumable. */
  #hasRanges = true;

  constructor(http: HttpClient, options: DownloadOptions) {
    this.#http = http;
    this.#options = options;
    this.#file = new PartialFile(options.stem ?? options.path);
  }

  /** The file's name in messages. */
  get #name(): string {
    return basename(this.#options.shown ?? this.#options.path);
  }

  /** The sum that the whole content has to have, where one is known. */
  get #sum(): string | undefined {
    return this.#options.sha256 ?? this.#options.gitBlob;
  }

  /** False when what an earlier run left was of another content; it is gone then. */
  async run(): Promise<boolean> {
    const {path, sha256, bytes} = this.#options;
    this.#hash = sha256 === undefined ? undefined : new FileHash(this.#file.path, bytes);
    try {
      await this.#begin();
      this.#hash?.advance(this.#file.front);
      await (this.#hasRanges ? this.#fetchParts() : this.#fetchWhole());
      const [digest] = await Promise.all([this.#digest(), this.#file.sync()]);
      if (digest === this.#sum) this.#file.finish(path);
      else this.#refuse(digest);
      return digest === this.#sum;
    } finally {
      await Promise.all([this.#hash?.close(), this.#file.close()]);
    }
  }

  async #digest(): Promise<string | undefined> {
    if (this.#hash !== undefined) return this.#hash.digest(this.#file.front);
    return this.#options.gitBlob === undefined ? undefined : contentSum(this.#file.path, 'git', this.#options.signal);
  }

  #refuse(digest: string | undefined): void {
    this.#file.discard();
    if (this.#resumed) return;
    const what = this.#options.sha256 === undefined ? `git names it ${digest}` : `its sha256 is ${digest}`;
    throw new EngineError('model_invalid', `${this.#name} arrived damaged: ${what}, not ${this.#sum}`, {
      hint: 'It was deleted; pull it again. If it happens again, the server holds a damaged file.',
    });
  }

  /** Asks for the first byte: size, tag, whether ranges are served; takes up what an earlier run left. */
  async #begin(): Promise<void> {
    const {url, bytes, page} = this.#options;
    const response = await this.#ask({range: 'bytes=0-0'});
    const range = /^bytes 0-0\/(\d+)$/.exec(response.header('content-range') ?? '');
    const empty = response.status === 416 && bytes === 0;
    const size = empty ? 0 : Number(range?.[1] ?? response.header('content-length') ?? Number.NaN);
    if (!response.ok && !empty) throw statusError(url, response, page);
    if (bytes !== undefined && size !== bytes) {
      const said = Number.isNaN(size) ? 'no size' : formatBytes(size);
      throw new EngineError('model_invalid', `${url} has ${said}, ${formatBytes(bytes)} were announced`, {
        hint: 'The file has changed or the mirror is wrong: try again, or check HF_ENDPOINT.',
      });
    }
    this.#tag = response.header('etag') ?? response.header('last-modified') ?? '';
    this.#size = Number.isNaN(size) ? 0 : size;
    this.#hasRanges = response.status !== 200 || empty;
    const resumable = this.#hasRanges;
    // A known sum is a better witness than a tag, which another mirror gives differently.
    const found = resumable ? this.#file.earlier(this.#size, this.#tag, this.#sum !== undefined) : undefined;
    if (found === 'damaged') {
      this.#options.note?.(`what an earlier run left of ${this.#name} is damaged: it is fetched again`);
    }
    const kept = found === 'damaged' ? undefined : found;
    this.#resumed = kept !== undefined;
    const spans = kept ?? divide(this.#size, this.#options.connections ?? CONNECTIONS);
    const missing = spans.reduce((sum, {at, end}) => sum + end - at, 0);
    this.#done = this.#size - missing;
    await checkRoom(dirname(this.#file.path), missing, SMALLER);
    const identity = {url, size: this.#size, tag: this.#tag};
    await this.#file.open(identity, spans, {kept: kept !== undefined, resumable});
  }

  /** Each connection takes the next part; the first that fails for good ends the others. */
  async #fetchParts(): Promise<void> {
    const failures: unknown[] = [];
    const parts = this.#file.spans.values();
    await within({of: [this.#options.signal]}, (signal, abort) => {
      const connection = async () => {
        for (const part of parts) await this.#fetchPart(part, signal);
      };
      const one = () =>
        connection().catch((error: unknown) => {
          failures.push(error);
          abort();
        });
      return Promise.all(Array.from({length: this.#options.connections ?? CONNECTIONS}, one));
    });
    this.#file.save();
    this.#options.signal.throwIfAborted();
    if (failures.length > 0) throw failures[0];
  }

  async #fetchPart(part: Span, signal: AbortSignal): Promise<void> {
    for (let failed = 0; part.at < part.end; ) {
      const before = part.at;
      try {
        await this.#http.receive(this.#options.url, {range: `bytes=${part.at}-${part.end - 1}`}, signal, (head) => {
          this.#check(head, part);
          return this.#sink(part);
        });
      } catch (error) {
        signal.throwIfAborted();
        if (isFileError(error) || isRefused(error)) throw error;
        failed = part.at > before ? 1 : failed + 1;
        if (failed >= ATTEMPTS) throw error;
        await this.#wait(failed, signal, error);
        continue;
      }
      // A body that ends early without an error is a cut connection too.
      failed = part.at > before ? 0 : failed + 1;
      if (part.at < part.end && failed >= ATTEMPTS)
        throw new EngineError('backend_failed', 'the server stopped sending data', {
          hint: 'What was downloaded is kept; run the same command to resume.',
        });
      if (failed > 0) await this.#wait(failed, signal);
    }
  }

  /** Whether these are the bytes that were asked for, of the content that was begun with. */
  #check(head: HttpHead, part: Span): void {
    const {url, page} = this.#options;
    const from = /^bytes (\d+)-/.exec(head.header('content-range') ?? '')?.[1];
    const tag = head.header('etag') ?? head.header('last-modified') ?? '';
    const changed = this.#sum === undefined && tag !== this.#tag;
    if (head.status === 206 && Number(from) === part.at && !changed) return;
    if (changed && head.ok) {
      throw new EngineError('model_invalid', `${url} changed on the server while it was fetched`, {
        hint: 'Pull it again; it will start from the beginning.',
      });
    }
    if (head.status !== 206) throw statusError(url, head, page);
    throw new EngineError('backend_failed', 'the server sent another part than asked for', {hint: 'Try again later.'});
  }

  async #fetchWhole(): Promise<void> {
    const {url, page, signal} = this.#options;
    const known = this.#size > 0;
    const part: Span = {at: 0, end: known ? this.#size : Number.MAX_SAFE_INTEGER};
    this.#file.spans = [part];
    await this.#http.receive(url, {}, signal, (head) => {
      if (!head.ok) throw statusError(url, head, page);
      return this.#sink(part);
    });
    if (!known) this.#file.spans = [{at: part.at, end: part.at}];
    if (known && part.at < part.end) {
      throw new EngineError(
        'backend_failed',
        `the connection ended after ${formatBytes(part.at)} of ${formatBytes(part.end)}`,
        {hint: 'This server cannot go on where it stopped: pull again from the start.'},
      );
    }
  }

  /** Writes a part's bytes as they come, up to its end. */
  #sink(part: Span): Sink {
    return (received) => {
      const bytes = received.subarray(0, part.end - part.at);
      this.#file.write(part, bytes);
      this.#done += bytes.length;
      this.#hash?.advance(this.#file.front);
      this.#options.progress?.(this.#done, this.#size);
    };
  }

  /** The head of the reply. */
  async #ask(headers: Record<string, string>): Promise<HttpHead> {
    const {url, signal} = this.#options;
    const reply = await this.#http.send({method: 'GET', url, headers}, signal);
    // All of a large file could come.
    reply.cancel();
    return reply;
  }

  async #wait(attempt: number, signal: AbortSignal, error?: unknown): Promise<void> {
    const {retryDelay = 1000, note, url} = this.#options;
    const ms = Math.min(8000, retryDelay * 2 ** (attempt - 1));
    // Connections break all the time; one that does so again and again is worth a word.
    if (attempt > 1)
      note?.(waitLine({host: new URL(url).host, ms, isAsked: false, cause: error ?? new Error('it ended')}));
    await sleep(ms, undefined, {signal});
  }
}

/**
 * At most one part a connection for small files, parts of one size for large ones. There the first ones are shorter, each
 * by less, so that parts end one after the other: then what is there from the file's start grows steadily, and the hash
 * with it.
 */
function divide(size: number, connections: number): Span[] {
  const few = Math.max(1, Math.min(connections, Math.floor(size / SMALLEST_PART)));
  const step = Math.min(Math.ceil(size / few), Math.max(PART, Math.ceil(size / 1000)));
  const isLarge = step * few < size;
  const parts: Span[] = [];
  for (let at = 0, end: number; at < size; at = end) {
    const share = isLarge ? Math.min(1, (parts.length + 1) / few) : 1;
    end = Math.min(size, at + Math.ceil(step * share));
    parts.push({at, end});
  }
  return parts;
}

function explain(error: unknown, path: string): unknown {
  if (error instanceof EngineError) return error;
  if (isFileError(error)) return fileError(error, path, 'write', STORE_HINTS);
  return new EngineError('backend_unreachable', `the download of ${basename(path)} broke off: ${reasonOf(error)}`, {
    hint: 'What was downloaded is kept; run the same command to resume.',
    cause: error,
  });
}
