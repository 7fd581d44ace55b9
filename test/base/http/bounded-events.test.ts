// Lines and events that a server sends in pieces: their work grows with their length, however they are cut.
import {describe, test} from 'vitest';
import {readEvents} from '../../../src/base/http/server-sent-events.ts';
import {expectLinearAsync} from '../../fixtures/growth.ts';

const STREAMS: Readonly<Record<string, (size: number) => string>> = {
  'one long line': (size) => `data: ${'a'.repeat(size)}\n\n`,
  'a line without an end': (size) => `data: ${'a'.repeat(size)}`,
  'a comment without an end': (size) => `:${' '.repeat(size)}`,
  'many events': (size) => 'data: {"a":1}\n\n'.repeat(size / 15),
  'many lines of one event': (size) => 'data: a\n'.repeat(size / 8),
  'lines that end with CR': (size) => 'data: a\r'.repeat(size / 8),
  'nothing but line ends': (size) => '\r\n'.repeat(size / 2),
  'nothing but CR': (size) => '\r'.repeat(size),
  colons: (size) => ':'.repeat(size),
  'names without values': (size) => 'data\n'.repeat(size / 5),
};

describe.each([1, 7, 1000])('in pieces of %d bytes', (piece) => {
  test.each(Object.entries(STREAMS))('%s', async (_name, make) => {
    await expectLinearAsync(
      async (size) => {
        const bytes = Buffer.from(make(size));
        const pieces = (async function* () {
          for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
        })();
        for await (const event of readEvents(pieces)) void event;
      },
      piece === 1 ? 1500 : 6000,
    );
  });
});
