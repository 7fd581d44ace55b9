// The memory a download is received in: a few large buffers used over and over, in place of 64 KB of garbage a read.
import type {OnReadOpts, Socket} from 'node:net';

const SIZE = 1 << 20;
/** A read into less room than this costs more than the room is worth. */
const LEAST = 1 << 18;

/**
 * Lends out the buffers that sockets read into. A socket fills one buffer after the other, so every byte of a buffer
 * has been handed on before the first byte of the next one is.
 */
export class ReadBuffers {
  readonly #free: ArrayBuffer[] = [];
  readonly #lent = new WeakSet<ArrayBuffer>();

  /** How one socket reads: an option of net.connect and tls.connect. */
  forSocket(): OnReadOpts {
    let rest = this.#take();
    return {
      buffer: () => {
        if (rest.length < LEAST) rest = this.#take();
        return rest;
      },
      callback(this: Socket, bytes: number) {
        const chunk = rest.subarray(0, bytes);
        rest = rest.subarray(bytes);
        return this.push(chunk);
      },
    };
  }

  /** Takes memory back when nobody will look at it again; memory from elsewhere is passed over. */
  giveBack(memory: ArrayBufferLike): void {
    if (!(memory instanceof ArrayBuffer) || !this.#lent.delete(memory)) return;
    this.#free.push(memory);
  }

  #take(): Buffer {
    const memory = this.#free.pop() ?? Buffer.allocUnsafeSlow(SIZE).buffer;
    this.#lent.add(memory);
    return Buffer.from(memory);
  }
}
