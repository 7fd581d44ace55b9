// What `mistral pull` shows on stderr: a row of progress, and lines that come between.
import {ByteProgress} from '../host/byte-progress.ts';
import type {Io} from '../host/io.ts';

/** Four connections have the same to say when the server is busy: within this time (milliseconds), shorter than any wait, once is enough. */
const SAME_MS = 900;

export class PullProgress {
  readonly #io: Io;
  readonly #said = new Map<string, number>();
  #row: ByteProgress | undefined;

  constructor(io: Io) {
    this.#io = io;
  }

  /** A line for the person; the row is taken away first, and comes again with the next bytes. */
  readonly say = (line: string): void => {
    const now = performance.now();
    if (now - (this.#said.get(line) ?? Number.NEGATIVE_INFINITY) < SAME_MS) return;
    this.#said.set(line, now);
    this.#row?.end();
    this.#io.say(line);
  };

  /** Runs `fetch` with a row that shows how far it is. */
  async during<T>(label: string, fetch: (progress: (done: number, total: number) => void) => Promise<T>): Promise<T> {
    try {
      return await fetch((done, total) => {
        this.#row ??= new ByteProgress(`fetching ${label}`, this.#io, {before: done});
        this.#row.update(done, total);
      });
    } finally {
      this.#row?.end();
      this.#row = undefined;
    }
  }
}
