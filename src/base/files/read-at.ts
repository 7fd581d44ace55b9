// Positioned reads and writes that do not stop half-way.
import {readSync, writeSync} from 'node:fs';

/** Reads `length` bytes at `position`. Throws RangeError when the file ends before. */
export function readAt(fd: number, position: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  readInto(fd, position, buffer);
  return buffer;
}

/** Fills `buffer` from `position`. Throws RangeError when the file ends before. */
export function readInto(fd: number, position: number, buffer: Uint8Array): void {
  for (let done = 0; done < buffer.length; ) {
    const read = readSync(fd, buffer, done, buffer.length - done, position + done);
    if (read === 0) throw new RangeError(`the file ends ${buffer.length - done} bytes early`);
    done += read;
  }
}

/** Writes all of `bytes` at `position`. */
export function writeAt(fd: number, position: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  }
}
