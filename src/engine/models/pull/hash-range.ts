// Reads a file from its start and hashes it, as far as it is known to be there.
import {createHash} from 'node:crypto';
import {closeSync, openSync, readSync} from 'node:fs';

/** Large enough that reading costs little beside hashing, small enough to stay in the processor's cache. */
const STRETCH = 1 << 18;

export class RangeHash {
  readonly #fd: number;
  readonly #hash = createHash('sha256');
  readonly #buffer = Buffer.allocUnsafe(STRETCH);
  #at = 0;

  /** Throws ENOENT and the like. */
  constructor(path: string) {
    this.#fd = openSync(path, 'r');
  }

  /** Hashes what is not hashed yet of the bytes before `front`. */
  advance(front: number): void {
    while (this.#at < front) {
      const read = readSync(this.#fd, this.#buffer, 0, Math.min(STRETCH, front - this.#at), this.#at);
      if (read === 0) return;
      this.#hash.update(this.#buffer.subarray(0, read));
      this.#at += read;
    }
  }

  /** Sha256 in hex of the file's first `size` bytes; call it once. */
  digest(size: number): string {
    this.advance(size);
    return this.#hash.digest('hex');
  }

  close(): void {
    closeSync(this.#fd);
  }
}
