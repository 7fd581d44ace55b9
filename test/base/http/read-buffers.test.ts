// Memory that downloads are received into is used again, and only when nobody needs what it holds.
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {ReadBuffers} from '../../../src/base/http/read-buffers.ts';

/** A connection as Node's sockets read: memory is asked for ahead of a read, which hands its bytes on. */
function connect(buffers: ReadBuffers, push: (chunk: Uint8Array) => void) {
  const {buffer, callback} = buffers.forSocket();
  let memory = (buffer as () => Uint8Array)();
  return (bytes: number, fill: number) => {
    memory.fill(fill, 0, bytes);
    callback.call({push: (chunk: Uint8Array) => push(chunk)} as never, bytes, memory);
    memory = (buffer as () => Uint8Array)();
  };
}

const step = fc.record({
  socket: fc.nat(3),
  bytes: fc.integer({min: 1, max: 300}),
  /** What becomes of the read: used up and given back, whole or in two parts, at once or later; or copied. */
  fate: fc.constantFrom('now', 'later', 'parts', 'copied'),
});

test('bytes that are still needed are never overwritten, whoever reads', () => {
  fc.assert(
    fc.property(fc.array(step, {maxLength: 60}), (steps) => {
      const buffers = new ReadBuffers();
      const waiting: {chunk: Uint8Array; fill: number}[] = [];
      let pushed: Uint8Array = new Uint8Array();
      const sockets = Array.from({length: 4}, () =>
        connect(buffers, (chunk) => {
          pushed = chunk;
        }),
      );
      steps.forEach(({socket, bytes, fate}, i) => {
        const fill = (i % 255) + 1;
        sockets[socket]?.(bytes, fill);
        const half = bytes >> 1;
        if (fate === 'now') buffers.giveBack(pushed);
        else if (fate === 'copied') buffers.giveBack(Uint8Array.from(pushed));
        else if (fate === 'later') waiting.push({chunk: pushed, fill});
        else {
          buffers.giveBack(pushed.subarray(0, half));
          waiting.push({chunk: pushed.subarray(half), fill});
        }
        for (const {chunk, fill} of waiting) expect(chunk.every((byte) => byte === fill)).toBe(true);
        if (i % 5 === 4) for (const {chunk} of waiting.splice(0, 2)) buffers.giveBack(chunk);
      });
    }),
  );
});

test('what is given back is lent again', () => {
  const buffers = new ReadBuffers();
  const seen = new Set<ArrayBufferLike>();
  const read = connect(buffers, (chunk) => {
    seen.add(chunk.buffer);
    buffers.giveBack(chunk);
  });
  for (let i = 0; i < 100; i++) read(1000, i);
  expect(seen.size).toBeLessThanOrEqual(2);
});
