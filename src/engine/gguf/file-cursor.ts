// Walks through the header of a file with positioned reads, never further than the file and never much further
// than it has to: the tensors behind the header may be many gigabytes.

/** Puts up to `length` bytes from `position` of a file into `target` at `at`; gives how many there were. */
export type ReadHeader = (target: Buffer, at: number, length: number, position: number) => number;

const FIRST_CHUNK = 1 << 20;
/** The largest published vocabularies take about 20 MB; more than this is not a header. */
const LARGEST_HEADER = 1 << 28;

/** Thrown when the header asks for bytes the file does not have. */
export class HeaderEnd extends Error {}

/** Little-endian reader over the start of a file. Offsets and lengths are in bytes. */
export class HeaderCursor {
  offset = 0;
  readonly #read: ReadHeader;
  readonly #fileSize: number;
  #buffer: Buffer;
  #filled = 0;

  constructor(read: ReadHeader, fileSize: number) {
    this.#read = read;
    this.#fileSize = fileSize;
    this.#buffer = Buffer.allocUnsafe(Math.min(FIRST_CHUNK, fileSize));
  }

  /** Bytes of the file behind the cursor. */
  get left(): number {
    return this.#fileSize - this.offset;
  }

  /** The bytes [start, end) read so far: a view, not a copy. */
  view(start: number, end: number): Buffer {
    return this.#buffer.subarray(start, end);
  }

  /** Moves over `length` bytes and makes sure that they are in memory; gives the offset where they begin. */
  take(length: number): number {
    const start = this.offset;
    const end = start + length;
    if (end > this.#filled) this.#fill(end);
    this.offset = end;
    return start;
  }

  u32(): number {
    const at = this.take(4);
    return this.#buffer.readUInt32LE(at);
  }

  /** A 64-bit count or length. Above 2^53 it is inexact, which is far beyond any file. */
  u64(): number {
    const at = this.take(8);
    return this.#buffer.readUInt32LE(at + 4) * 2 ** 32 + this.#buffer.readUInt32LE(at);
  }

  /** A length-prefixed string as bytes. */
  bytes(): Buffer {
    const length = this.u64();
    const start = this.take(length);
    return this.view(start, start + length);
  }

  #fill(end: number): void {
    if (!(end <= this.#fileSize) || end > LARGEST_HEADER) throw new HeaderEnd();
    if (end > this.#buffer.length) {
      const wanted = Math.max(end, this.#buffer.length * 2);
      const larger = Buffer.allocUnsafe(Math.min(wanted, this.#fileSize, LARGEST_HEADER));
      this.#buffer.copy(larger, 0, 0, this.#filled);
      this.#buffer = larger;
    }
    while (this.#filled < end) {
      const room = this.#buffer.length - this.#filled;
      const read = this.#read(this.#buffer, this.#filled, room, this.#filled);
      if (read === 0) throw new HeaderEnd();
      this.#filled += read;
    }
  }
}
