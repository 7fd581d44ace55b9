// The sha256 of a file that is still coming: worked out in a thread of its own while the file grows.
import {Worker} from 'node:worker_threads';
import {RangeHash} from './hash-range.ts';
import type {FrontMessage} from './hash-worker.ts';

/** Of a smaller file, a thread takes longer to start than the hash to compute. */
const WORTH_A_THREAD = 64 << 20;
/** The thread hears of the front in steps of this size. */
const STEP = 8 << 20;

export class FileHash {
  readonly #path: string;
  readonly #worker: Worker | undefined;
  readonly #result: Promise<string>;
  #told = 0;

  /** The file may come into being later. `size`: what it will have; a file whose size is not known is hashed at the end. */
  constructor(path: string, size = 0) {
    this.#path = path;
    this.#worker =
      size < WORTH_A_THREAD ? undefined : new Worker(new URL('./hash-worker.js', import.meta.url), {workerData: path});
    this.#result = new Promise((resolve, reject) => {
      this.#worker?.once('message', resolve).once('error', reject);
    });
    // Looked at by digest(), which may never be called.
    this.#result.catch(() => {});
  }

  /** All bytes before `front` are in the file. */
  advance(front: number): void {
    if (front - this.#told < STEP) return;
    this.#told = front;
    this.#tell({front, last: false});
  }

  /** In hex, of the first `size` bytes. Rejects when the file cannot be read. */
  async digest(size: number): Promise<string> {
    if (this.#worker === undefined) {
      const hash = new RangeHash(this.#path);
      try {
        return hash.digest(size);
      } finally {
        hash.close();
      }
    }
    this.#tell({front: size, last: true});
    return this.#result;
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #tell(message: FrontMessage): void {
    this.#worker?.postMessage(message);
  }
}
