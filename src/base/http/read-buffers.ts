// The memory a download is received in: a few buffers used over and over, in place of fresh memory for every read.
// Few and small ones, as what was just received is then written from the processor's cache.
import type {OnReadOpts, Socket} from 'node:net';

/** Bytes of one read at most. */
const SIZE = 1 << 19;

/** Memory of one read. */
interface Block {
  readonly memory: ArrayBuffer;
  /** Bytes that came in the read and that nobody has given back yet. */
  outstanding: number;
}

/**
 * Lends out the memory that sockets read into. It is used again when every byte of a read was given back: what nobody
 * gives back (heads of answers, bytes that were copied on the way) keeps its memory for good.
 */
export class ReadBuffers {
  readonly #free: Block[] = [];
  readonly #lent = new WeakMap<ArrayBufferLike, Block>();

  /** How one socket reads: an option of net.connect and tls.connect. */
  forSocket(): OnReadOpts {
    let block: Block;
    return {
      // Asked for before the first read and after each one.
      buffer: () => {
        block = this.#take();
        return Buffer.from(block.memory);
      },
      callback(this: Socket, bytes: number) {
        block.outstanding = bytes;
        return this.push(Buffer.from(block.memory, 0, bytes));
      },
    };
  }

  /** Nobody will look at these bytes again, which are all or a part of one read; bytes from elsewhere are passed over. */
  giveBack({buffer, length}: Uint8Array): void {
    const block = this.#lent.get(buffer);
    if (block === undefined) return;
    block.outstanding -= length;
    if (block.outstanding === 0) this.#free.push(block);
  }

  #take(): Block {
    const block = this.#free.pop() ?? {memory: Buffer.allocUnsafeSlow(SIZE).buffer, outstanding: 0};
    this.#lent.set(block.memory, block);
    return block;
  }
}
