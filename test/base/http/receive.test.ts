// Bodies that are handed over while they come.
import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {createServer, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {expect, onTestFinished, test} from 'vitest';
import type {HttpHead} from '../../../src/base/http/exchange.ts';
import {HttpClient} from '../../../src/base/http/http-client.ts';

const MEGABYTE = 1 << 20;
const content = Buffer.from(Uint32Array.from({length: 4 * MEGABYTE}, (_, i) => Math.imul(i, 2654435761)).buffer);
const sum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const signal = new AbortController().signal;

async function serve(answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_request, response) => answer(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function client(): HttpClient {
  const http = new HttpClient({env: {}, hint: 'Look again.'});
  onTestFinished(() => http.close());
  return http;
}

/** Sends the content in pieces of these sizes, in turn, without saying how much there is. */
const inPieces = (sizes: readonly number[]) => async (response: ServerResponse) => {
  for (let at = 0, turn = 0; at < content.length; turn++) {
    const end = at + (sizes[turn % sizes.length] as number);
    if (!response.write(content.subarray(at, end))) await once(response, 'drain');
    at = end;
  }
  response.end();
};

test.each([[[MEGABYTE]], [[1, 70_000, 17, 300_000]], [[5_000_000, 3]]])(
  'four bodies at once in pieces of %j are the bytes that were sent',
  async (sizes) => {
    const url = await serve(inPieces(sizes));
    const http = client();
    const fetched = async () => {
      const hash = createHash('sha256');
      await http.receive(url, {}, signal, () => (bytes) => void hash.update(bytes));
      return hash.digest('hex');
    };
    for (let round = 0; round < 2; round++) {
      const all = await Promise.all([fetched(), fetched(), fetched(), fetched()]);
      expect(all).toEqual(Array(4).fill(sum(content)));
    }
  },
);

test('the head is seen first, and what is thrown over it or over bytes ends the request', async () => {
  const url = await serve((response) => response.writeHead(200, {etag: '"7"'}).end(content));
  const http = client();
  const heads: HttpHead[] = [];
  const stop = new Error('stop');
  const refused = http.receive(url, {}, signal, (head) => {
    heads.push(head);
    throw stop;
  });
  await expect(refused).rejects.toBe(stop);
  expect([heads[0]?.status, heads[0]?.ok, heads[0]?.header('etag')]).toEqual([200, true, '"7"']);
  const full = http.receive(url, {}, signal, () => () => {
    throw stop;
  });
  await expect(full).rejects.toBe(stop);
  await http.receive(url, {}, signal, () => undefined);
});

test('what came before a connection breaks is handed over', async () => {
  const url = await serve((response) => {
    response.writeHead(200, {'content-length': content.length});
    response.write(content.subarray(0, 1000), () => response.destroy());
  });
  let came = 0;
  const broken = client().receive(url, {}, signal, () => (bytes) => {
    came += bytes.length;
  });
  await expect(broken).rejects.toMatchObject({code: 'backend_unreachable'});
  expect(came).toBe(1000);
});

test('a request ends with the reason of its signal', async () => {
  const url = await serve((response) => response.writeHead(200).write('x'));
  const controller = new AbortController();
  const reason = new Error('enough');
  const stopped = client().receive(url, {}, controller.signal, () => () => controller.abort(reason));
  await expect(stopped).rejects.toBe(reason);
});
