// A file of which parts are there and parts are still to come, and the note beside it from which a later run goes on.
import {renameSync, rmSync, statSync, writeSync} from 'node:fs';
import {type FileHandle, open} from 'node:fs/promises';
import {isMissing} from '../../../base/files/file-error.ts';
import {readRegularText} from '../../../base/files/regular-file.ts';
import {writeWholeSync} from '../../../base/files/whole-file.ts';
import {parsePlainJson} from '../../../base/plain-json.ts';
import {complete, count, every, text} from '../../../base/shape.ts';

/** Bytes [at, end) are still to come. */
export interface Span {
  at: number;
  readonly end: number;
}

/** What tells one content at an address from another one. */
export interface Identity {
  readonly url: string;
  readonly size: number;
  /** ETag or date; '' when the server gives neither. */
  readonly tag: string;
}

const noteShape = complete({size: count, tag: text, parts: every(complete({at: count, end: count}))});

/** Milliseconds of work that a process that is killed may lose. */
const SAVE_EVERY = 500;
/** Milliseconds between the starts of syncs, one at a time: the more often, the less is left to wait for at the end. */
const SYNC_EVERY = 250;

/** Whether these are stretches of a file of this size, one after the other. */
function areSound(parts: readonly Readonly<Span>[], size: number): boolean {
  let before = 0;
  return parts.every(({at, end}) => {
    const isSound = before <= at && at <= end && end <= size;
    before = end;
    return isSound;
  });
}

/** Bytes that the file has to have where all but these stretches is there. */
function neededBy(missing: readonly Span[], size: number): number {
  return missing.reduceRight((needed, {at, end}) => (end === needed ? at : needed), size);
}

/**
 * `stem`.part while it grows; the note is `stem`.json and never claims more than the file holds. The file is only as long
 * as what was written: one that is made at its full size looks whole to whoever judges by the size.
 */
export class PartialFile {
  readonly path: string;
  readonly #note: string;
  /** In the order of the file. */
  spans: readonly Span[] = [];
  #identity: Identity = {url: '', size: 0, tag: ''};
  #handle: FileHandle | undefined;
  #resumable = true;
  #saved = 0;
  #synced = performance.now();
  #syncing: Promise<void> | undefined;

  constructor(stem: string) {
    this.path = `${stem}.part`;
    this.#note = `${stem}.json`;
  }

  /**
   * What an earlier run left of a content of this size; `any`: whatever its tag was. Undefined when there is nothing of
   * this content, and `damaged` when what is there cannot be resumed.
   */
  earlier(size: number, tag: string, any: boolean): readonly Span[] | 'damaged' | undefined {
    const held = statSync(this.path, {throwIfNoEntry: false})?.size;
    if (held === undefined) return undefined;
    try {
      const note = noteShape(parsePlainJson(readRegularText(this.#note)));
      if (note.size !== size || (!any && note.tag !== tag)) return undefined;
      return areSound(note.parts, size) && held >= neededBy(note.parts, size) ? [...note.parts] : 'damaged';
    } catch (error) {
      return isMissing(error) ? undefined : 'damaged';
    }
  }

  /** Opens the file to take `spans`; one that is not `kept` starts empty. */
  async open(
    identity: Identity,
    spans: readonly Span[],
    {kept, resumable}: {kept: boolean; resumable: boolean},
  ): Promise<void> {
    this.#identity = identity;
    this.spans = spans;
    this.#resumable = resumable;
    this.#handle = await open(this.path, kept ? 'r+' : 'w+');
    this.save();
  }

  /** Everything before this byte is there. */
  get front(): number {
    return this.spans.find(({at, end}) => at < end)?.at ?? this.spans.at(-1)?.end ?? 0;
  }

  get missing(): number {
    return this.spans.reduce((sum, {at, end}) => sum + end - at, 0);
  }

  /**
   * Puts bytes where the span goes on, and moves it. At once, not in another thread: there the bytes would have to be
   * fetched from the memory that they have only just left for the processor's cache.
   */
  write(span: Span, bytes: Uint8Array): void {
    const {fd} = this.#handle as FileHandle;
    for (let done = 0; done < bytes.length; ) {
      const written = writeSync(fd, bytes, done, bytes.length - done, span.at);
      span.at += written;
      done += written;
    }
    const now = performance.now();
    if (now - this.#synced >= SYNC_EVERY) this.#startSync(now);
    if (now - this.#saved >= SAVE_EVERY) this.save();
  }

  /** Writes the note, whole or not at all. */
  save(): void {
    this.#saved = performance.now();
    if (!this.#resumable) {
      rmSync(this.#note, {force: true});
      return;
    }
    const parts = this.spans.filter(({at, end}) => at < end);
    // Not synced, as it is written twice a second: after a power failure the download starts again at worst.
    writeWholeSync(this.#note, JSON.stringify({...this.#identity, parts}), {sync: false});
  }

  /** What is written goes to the disk while more comes, so that the wait at the end is not long. */
  #startSync(now: number): void {
    if (this.#syncing !== undefined) return;
    this.#synced = now;
    // An error that lasts is met again by sync().
    const done = () => {
      this.#syncing = undefined;
    };
    this.#syncing = this.#handle?.datasync().then(done, done);
  }

  async sync(): Promise<void> {
    await this.#syncing;
    await this.#handle?.sync();
  }

  async close(): Promise<void> {
    await this.#syncing;
    await this.#handle?.close();
    this.#handle = undefined;
  }

  discard(): void {
    for (const path of [this.path, this.#note]) rmSync(path, {force: true});
  }

  /** The file is whole and has its own name from now on. */
  finish(path: string): void {
    renameSync(this.path, path);
    this.discard();
  }
}
