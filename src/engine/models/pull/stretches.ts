// A body's chunks in lists of some size: one list is written while the next one comes.
import {finished, type Readable} from 'node:stream';

/**
 * Lists of chunks of at least `least` bytes together, the last one with what is left. What came before an error is
 * given before it is thrown. The body is destroyed when the caller stops early.
 */
export async function* stretches(body: Readable, least: number): AsyncGenerator<Uint8Array[]> {
  let chunks: Uint8Array[] = [];
  let waiting = 0;
  let end: {readonly error: Error | null | undefined} | undefined;
  let wake = () => {};
  // An async iterator would join chunks that wait, into new memory each time.
  body.on('data', (chunk: Uint8Array) => {
    chunks.push(chunk);
    waiting += chunk.length;
    if (waiting < least) return;
    body.pause();
    wake();
  });
  finished(body, (error) => {
    end = {error};
    wake();
  });
  try {
    while (end === undefined || chunks.length > 0) {
      if (waiting < least && end === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const full = chunks;
      [chunks, waiting] = [[], 0];
      body.resume();
      if (full.length > 0) yield full;
    }
    if (end.error) throw end.error;
  } finally {
    body.destroy();
  }
}
