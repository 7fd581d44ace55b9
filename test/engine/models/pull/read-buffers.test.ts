// Bodies that are received into memory used again are still the bytes that were sent.
import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {createServer} from 'node:http';
import type {AddressInfo, Socket} from 'node:net';
import {expect, onTestFinished, test} from 'vitest';
import {Http} from '../../../../src/engine/models/pull/http.ts';
import {ReadBuffers} from '../../../../src/engine/models/pull/read-buffers.ts';
import {stretches} from '../../../../src/engine/models/pull/stretches.ts';

const MEGABYTE = 1 << 20;
const content = Buffer.from(Uint32Array.from({length: 4 * MEGABYTE}, (_, i) => Math.imul(i, 2654435761)).buffer);
const sum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Sends the content in pieces of these sizes, in turn, without saying how much there is. */
async function chunkedServer(sizes: readonly number[]): Promise<string> {
  const server = createServer(async (_request, response) => {
    for (let at = 0, turn = 0; at < content.length; turn++) {
      const end = at + (sizes[turn % sizes.length] as number);
      if (!response.write(content.subarray(at, end))) await once(response, 'drain');
      at = end;
    }
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test.each([[[MEGABYTE]], [[1, 70_000, 17, 300_000]], [[5_000_000, 3]]])('pieces of %j', async (sizes) => {
  const url = await chunkedServer(sizes);
  const http = new Http({env: {}});
  onTestFinished(() => http.close());
  for (const least of [1, 100_000, 3 * MEGABYTE]) {
    const {body} = await http.get(url, {}, new AbortController().signal);
    const hash = createHash('sha256');
    let held: Uint8Array[] = [];
    for await (const chunks of stretches(body, least)) {
      for (const chunk of chunks) hash.update(chunk);
      http.recycle([...held, ...chunks]);
      held = chunks.slice(-1);
    }
    expect(hash.digest('hex')).toBe(sum(content));
  }
});

test('what is given back is lent again, memory from elsewhere is not', () => {
  const buffers = new ReadBuffers();
  const pushed: Uint8Array[] = [];
  const socket = {push: (chunk: Uint8Array) => pushed.push(chunk) > 0} as unknown as Socket;
  const {buffer, callback} = buffers.forSocket();
  const next = buffer as () => Uint8Array;
  const first = next();
  expect(first.length).toBe(MEGABYTE);
  callback.call(socket as never, MEGABYTE, first);
  const second = next();
  expect(second.buffer).not.toBe(first.buffer);
  buffers.giveBack(new ArrayBuffer(MEGABYTE));
  buffers.giveBack(first.buffer);
  buffers.giveBack(first.buffer);
  callback.call(socket as never, MEGABYTE, second);
  expect(next().buffer).toBe(first.buffer);
  callback.call(socket as never, MEGABYTE, first);
  expect(next().buffer).not.toBe(first.buffer);
  expect(pushed.map(({length}) => length)).toEqual([MEGABYTE, MEGABYTE, MEGABYTE]);
});
