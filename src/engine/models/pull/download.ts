// Downloads one large file: in parallel parts, resumable after anything, hashed while it comes.
import {createHash} from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {statfs} from 'node:fs/promises';
import {basename, dirname} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {lock} from 'proper-lockfile';
import {EngineError} from '../../errors.ts';
import {formatBytes} from '../units.ts';
import {type Http, statusError} from './http.ts';

export interface DownloadOptions {
  readonly url: string;
  /** Where the file goes when it is whole; until then it is `path`.incomplete. */
  readonly path: string;
  /** Known beforehand: an answer of another size is refused. */
  readonly bytes?: number | undefined;
  readonly sha256?: string | undefined;
  readonly signal: AbortSignal;
  readonly progress?: (done: number, total: number) => void;
  /** Where terms of a gated model can be accepted. */
  readonly page?: string;
  readonly connections?: number;
  /** Milliseconds before the first retry; doubled with each. */
  readonly retryDelay?: number;
}

/** Bytes [at, end) are still to come. */
interface Part {
  at: number;
  readonly end: number;
}

interface State {
  readonly url: string;
  readonly size: number;
  readonly tag: string;
  readonly parts: Part[];
}

const ATTEMPTS = 6;
const SMALLEST_PART = 8 << 20;
const SAVE_EVERY = 16 << 20;

/**
 * Throws EngineError: backend_unreachable or backend_failed (network; what came is kept), model_not_found (gated, not
 * there, disk full, another process), model_invalid (not the content that was promised; it is deleted), or the signal's
 * reason (what came is kept).
 */
export async function download(http: Http, options: DownloadOptions): Promise<string> {
  mkdirSync(dirname(options.path), {recursive: true});
  if (existsSync(options.path)) return options.path;
  const release = await lockTarget(options.path);
  try {
    // Another process may have finished it while this one waited for the answer.
    return existsSync(options.path) ? options.path : await new Download(http, options).run();
  } finally {
    await release();
  }
}

async function lockTarget(path: string): Promise<() => Promise<void>> {
  try {
    return await lock(path, {realpath: false, stale: 20_000, lockfilePath: `${path}.lock`});
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ELOCKED') throw cause;
    throw new EngineError('model_not_found', `${path} is being downloaded by another process`, {
      hint: 'Wait until it has finished.',
      cause,
    });
  }
}

class Download {
  readonly #http: Http;
  readonly #options: DownloadOptions;
  readonly #partial: string;
  readonly #statePath: string;
  readonly #hash = createHash('sha256');
  #hashed = 0;
  #fd = -1;
  #state: State = {url: '', size: 0, tag: '', parts: []};
  #unsaved = 0;
  #done = 0;
  /** Set when the server ignores ranges: one stream from the start, not resumable. */
  #whole: AsyncIterable<Uint8Array> | undefined;

  constructor(http: Http, options: DownloadOptions) {
    this.#http = http;
    this.#options = options;
    this.#partial = `${options.path}.incomplete`;
    this.#statePath = `${this.#partial}.json`;
  }

  async run(): Promise<string> {
    const {path, sha256} = this.#options;
    await this.#begin();
    try {
      await (this.#whole === undefined ? this.#fetchParts() : this.#fetchWhole(this.#whole));
      this.#hashReady();
      fsyncSync(this.#fd);
    } catch (error) {
      this.#save();
      throw this.#explain(error);
    } finally {
      closeSync(this.#fd);
    }
    const digest = this.#hash.digest('hex');
    if (sha256 !== undefined && digest !== sha256) {
      this.#discard();
      throw new EngineError(
        'model_invalid',
        `${basename(path)} arrived damaged: its sha256 is ${digest}, not ${sha256}`,
        {
          hint: 'It was deleted; pull it again. If it happens again, the server holds a damaged file.',
        },
      );
    }
    rmSync(this.#statePath, {force: true});
    renameSync(this.#partial, path);
    return path;
  }

  /** Asks for the first byte: size, tag, whether ranges are served; takes up what an earlier run left. */
  async #begin(): Promise<void> {
    const {url, bytes, page} = this.#options;
    const response = await this.#request({range: 'bytes=0-0'});
    const range = /^bytes 0-0\/(\d+)$/.exec(response.header('content-range') ?? '');
    const length = Number(response.header('content-length') ?? Number.NaN);
    const size = range ? Number(range[1]) : length;
    if (response.status === 416 && bytes === 0) this.#state = {url, size: 0, tag: '', parts: []};
    else if (!response.ok) {
      await response.body.dump();
      throw statusError(url, response.status, page);
    }
    if (bytes !== undefined && size !== bytes && !(bytes === 0)) {
      await response.body.dump();
      const said = Number.isNaN(size) ? 'no size' : formatBytes(size);
      throw new EngineError('model_invalid', `${url} has ${said}, ${formatBytes(bytes)} were announced`, {
        hint: 'The file has changed or the mirror is wrong: try again, or check HF_ENDPOINT.',
      });
    }
    const tag = response.header('etag') ?? response.header('last-modified') ?? '';
    if (response.status === 206) await response.body.dump();
    else this.#whole = response.body;
    const known = this.#whole === undefined ? this.#earlier(size, tag) : undefined;
    this.#state = known ?? {url, size: Number.isNaN(size) ? 0 : size, tag, parts: this.#divide(size)};
    this.#done = this.#state.size - this.#state.parts.reduce((sum, {at, end}) => sum + end - at, 0);
    await this.#checkRoom();
    this.#fd = openSync(this.#partial, known ? 'r+' : 'w+');
    if (!known && this.#whole === undefined) ftruncateSync(this.#fd, this.#state.size);
    this.#save();
  }

  #divide(size: number): Part[] {
    const count = Math.max(1, Math.min(this.#options.connections ?? 4, Math.floor(size / SMALLEST_PART)));
    const step = Math.ceil(size / count);
    return Array.from({length: count}, (_, i) => ({at: i * step, end: Math.min(size, (i + 1) * step)}));
  }

  #earlier(size: number, tag: string): State | undefined {
    if (!existsSync(this.#statePath) || !existsSync(this.#partial)) return undefined;
    try {
      const state = JSON.parse(readFileSync(this.#statePath, 'utf8')) as State;
      const sound = state.parts.every(({at, end}) => at >= 0 && at <= end && end <= size);
      return state.size === size && state.tag === tag && sound ? state : undefined;
    } catch {
      return undefined;
    }
  }

  async #checkRoom(): Promise<void> {
    const {bavail, bsize} = await statfs(dirname(this.#partial));
    const wanted = this.#state.parts.reduce((sum, {at, end}) => sum + end - at, 0) * 1.02;
    if (bavail * bsize >= wanted) return;
    throw new EngineError(
      'model_not_found',
      `the disk has room for ${formatBytes(bavail * bsize)}, ${formatBytes(wanted)} are needed`,
      {
        hint: 'Free some space, choose a smaller quantisation, or another HF_HOME.',
      },
    );
  }

  /** All parts at once; the first that fails for good ends the others. */
  async #fetchParts(): Promise<void> {
    const controller = new AbortController();
    const signal = AbortSignal.any([this.#options.signal, controller.signal]);
    const failures: unknown[] = [];
    await Promise.all(
      this.#state.parts.map((part) =>
        this.#fetchPart(part, signal).catch((error: unknown) => {
          failures.push(error);
          controller.abort();
        }),
      ),
    );
    this.#options.signal.throwIfAborted();
    if (failures.length > 0) throw failures[0];
  }

  async #fetchPart(part: Part, signal: AbortSignal): Promise<void> {
    for (let failed = 0; part.at < part.end; ) {
      const before = part.at;
      try {
        const response = await this.#request({range: `bytes=${part.at}-${part.end - 1}`}, signal);
        if (response.status !== 206) {
          await response.body.dump();
          throw statusError(this.#options.url, response.status, this.#options.page);
        }
        const from = /^bytes (\d+)-/.exec(response.header('content-range') ?? '')?.[1];
        if (Number(from) !== part.at)
          throw new EngineError('backend_failed', 'the server sent another part than asked for');
        for await (const chunk of response.body) {
          this.#store(part, chunk as Uint8Array);
          if (part.at >= part.end) break;
        }
      } catch (error) {
        signal.throwIfAborted();
        if (isFinal(error)) throw error;
        failed = part.at > before ? 1 : failed + 1;
        if (failed >= ATTEMPTS) throw error;
        await this.#wait(failed, signal);
        continue;
      }
      // A body that ends early without an error is a cut connection too.
      failed = part.at > before ? 0 : failed + 1;
      if (part.at < part.end && failed >= ATTEMPTS)
        throw new EngineError('backend_failed', 'the server sends no more data');
      if (failed > 0) await this.#wait(failed, signal);
    }
  }

  async #fetchWhole(body: AsyncIterable<Uint8Array>): Promise<void> {
    const part = {at: 0, end: this.#state.size === 0 ? Number.MAX_SAFE_INTEGER : this.#state.size};
    this.#state.parts.splice(0, this.#state.parts.length, part);
    for await (const chunk of body) {
      this.#options.signal.throwIfAborted();
      this.#store(part, chunk);
    }
    if (part.at < part.end && this.#state.size > 0) {
      throw new EngineError(
        'backend_failed',
        `the connection ended after ${formatBytes(part.at)} of ${formatBytes(part.end)}`,
        {
          hint: 'This server cannot go on where it stopped: pull again from the start.',
        },
      );
    }
  }

  #store(part: Part, chunk: Uint8Array): void {
    const bytes = chunk.subarray(0, part.end - part.at);
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.#fd, bytes, done, bytes.length - done, part.at + done);
    part.at += bytes.length;
    // The front of the file is hashed from memory while it comes; what comes out of order is read back later.
    if (part.at - bytes.length === this.#hashed) {
      this.#hash.update(bytes);
      this.#hashed += bytes.length;
    }
    this.#unsaved += bytes.length;
    if (this.#unsaved >= SAVE_EVERY) this.#save();
    this.#done += bytes.length;
    this.#options.progress?.(this.#done, this.#state.size);
  }

  /** Hashes what is there in one piece from where hashing stands. */
  #hashReady(): void {
    const buffer = Buffer.allocUnsafe(1 << 20);
    for (;;) {
      const read = readSync(this.#fd, buffer, 0, buffer.length, this.#hashed);
      if (read === 0) return;
      this.#hash.update(buffer.subarray(0, read));
      this.#hashed += read;
    }
  }

  async #request(headers: Record<string, string>, signal = this.#options.signal) {
    for (let attempt = 1; ; attempt++) {
      const response = await this.#http.get(this.#options.url, headers, signal);
      if (response.status !== 429 && response.status !== 503) return response;
      await response.body.dump();
      if (attempt >= ATTEMPTS) throw statusError(this.#options.url, response.status, this.#options.page);
      const asked = Number(response.header('retry-after'));
      await (asked > 0 ? sleep(Math.min(asked, 120) * 1000, undefined, {signal}) : this.#wait(attempt, signal));
    }
  }

  async #wait(attempt: number, signal: AbortSignal): Promise<void> {
    await sleep((this.#options.retryDelay ?? 1000) * 2 ** (attempt - 1), undefined, {signal});
  }

  #save(): void {
    this.#unsaved = 0;
    if (this.#whole === undefined) writeFileSync(this.#statePath, JSON.stringify(this.#state));
    else rmSync(this.#statePath, {force: true});
  }

  #discard(): void {
    rmSync(this.#partial, {force: true});
    rmSync(this.#statePath, {force: true});
  }

  #explain(error: unknown): unknown {
    if (this.#options.signal.aborted) return this.#options.signal.reason;
    if (error instanceof EngineError) return error;
    const {code, message} = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      return new EngineError('model_not_found', `the disk is full: ${basename(this.#options.path)} is not complete`, {
        hint: 'Free some space; the same command goes on with what is there.',
        cause: error,
      });
    }
    return new EngineError(
      'backend_unreachable',
      `the download of ${basename(this.#options.path)} broke off: ${message}`,
      {
        hint: 'What came is kept; the same command goes on with it.',
        cause: error,
      },
    );
  }
}

/** Trying again cannot help. */
function isFinal(error: unknown): boolean {
  const {code} = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return true;
  return error instanceof EngineError && error.code === 'model_not_found';
}
