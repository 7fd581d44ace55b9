import {connect, type Socket} from 'node:net';
import {setTimeout as sleep} from 'node:timers/promises';
import {expect, test, vi} from 'vitest';
import {testServer} from '../server.ts';

const body = '{"prompt":"a","max_tokens":5000}';
const head = (version: string) =>
  `POST /v1/completions HTTP/${version}\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

async function client(url: string): Promise<{socket: Socket; said: () => string}> {
  const socket = connect({port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true});
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve));
  return {socket, said: () => text};
}

test('a client that ends its side with the request gets its answer', async () => {
  const {listen} = await testServer([() => sleep(50), 'late']);
  const {socket, said} = await client(await listen());
  socket.end(head('1.1'));
  await vi.waitFor(() => expect(said()).toContain('"text":"late"'));
  expect(said()).toMatch(/^(?:HTTP\/1\.1 102 Processing\r\n\r\n)+HTTP\/1\.1 200 OK\r\n/);
  await vi.waitFor(() => expect(socket.readableEnded).toBe(true));
});

test('one that ends its side later, in a stream, gets the rest', async () => {
  const {listen} = await testServer(['first', () => sleep(50), 'late']);
  const {socket, said} = await client(await listen());
  const streamed = '{"prompt":"a","stream":true}';
  socket.write(
    `POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${streamed.length}\r\n\r\n${streamed}`,
  );
  await vi.waitFor(() => expect(said()).toContain('first'));
  socket.end();
  await vi.waitFor(() => expect(said()).toContain('[DONE]'));
});

test.each(['1.1', '1.0'])('one that is gone frees its slot (HTTP/%s)', async (version) => {
  const endless = ['tick', ...Array.from({length: 5000}, () => () => sleep(2))];
  const {listen, backend, service} = await testServer(endless);
  const {socket} = await client(await listen());
  socket.write(head(version));
  await vi.waitFor(() => expect(backend.running).toBe(1));
  socket.destroy();
  await vi.waitFor(() => expect(service.admission.active).toBe(0), 3000);
  expect(backend.finished).toEqual(['aborted']);
});
