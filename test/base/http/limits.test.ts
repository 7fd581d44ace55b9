// Limits of time: those of a connection, and 0, which is none, on both ways a request goes.
import {createServer} from 'node:net';
import {setTimeout as sleep} from 'node:timers/promises';
import {expect, onTestFinished, test} from 'vitest';
import {HttpClient, type HttpOptions} from '../../../src/base/http/http-client.ts';
import {httpServer, json} from '../../fakes/http-server.ts';
import {proxyServer} from '../../fixtures/proxy-server.ts';

const WAITING = 'still waiting';

function client(options: Partial<HttpOptions>): HttpClient {
  return new HttpClient({env: {}, hint: 'Look again.', ...options});
}

/** Takes connections and says nothing. */
async function mute(): Promise<string> {
  const sockets = new Set<{destroy(): void}>();
  const server = createServer((socket) => sockets.add(socket.on('error', () => {}))).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as {port: number}).port}`;
}

/** What comes of a request within 300 ms; it is ended then. */
async function soon(ask: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> {
  const end = new AbortController();
  onTestFinished(() => end.abort());
  return await Promise.race([ask(end.signal), sleep(300, WAITING)]);
}

const ways: readonly [string, (http: HttpClient, url: string, signal: AbortSignal) => Promise<unknown>][] = [
  ['a request', (http, url, signal) => http.send({method: 'GET', url}, signal)],
  ['a download', (http, url, signal) => http.receive(url, {}, signal, () => () => {})],
];

test.each(ways)('%s: 0 is no limit for a connection', async (_way, ask) => {
  const host = await mute();
  expect(await soon((signal) => ask(client({connectMs: 0}), `https://${host}/`, signal))).toBe(WAITING);
});

test.each(ways)('%s: 0 is no limit for a tunnel', async (_way, ask) => {
  const http = client({connectMs: 0, env: {HTTPS_PROXY: `http://${await mute()}`}});
  expect(await soon((signal) => ask(http, 'https://model.example/', signal))).toBe(WAITING);
});

test.each(ways)('%s: 0 is no limit for a reply', async (_way, ask) => {
  const {url} = await httpServer(() => {});
  expect(await soon((signal) => ask(client({replyMs: 0}), url, signal))).toBe(WAITING);
});

test.each(ways)('%s: 0 is no limit between two pieces', async (way, ask) => {
  const {url} = await httpServer((_one, response) => response.writeHead(200).write('x'));
  const read = async (signal: AbortSignal) => {
    const reply = await ask(client({idleMs: 0}), url, signal);
    return way === 'a request' ? await (reply as {text(): Promise<string>}).text() : reply;
  };
  expect(await soon(read)).toBe(WAITING);
});

test.each(ways)('%s: a proxy that does not open its tunnel is given up', async (_way, ask) => {
  const proxy = await mute();
  const http = client({connectMs: 50, env: {HTTPS_PROXY: `http://${proxy}`}});
  const given = ask(http, 'https://model.example/', new AbortController().signal);
  await expect(given).rejects.toMatchObject({
    code: 'backend_unreachable',
    message: `model.example cannot be reached through the proxy ${proxy}: no connection within 0.05 s`,
  });
});

test.each(ways)('%s: a server that is greeted and says nothing is given up', async (_way, ask) => {
  const host = await mute();
  const given = ask(client({connectMs: 50}), `https://${host}/`, new AbortController().signal);
  await expect(given).rejects.toMatchObject({message: `${host} cannot be reached: no connection within 0.05 s`});
});

test.each(ways)('%s: a connection that stands is not ended by its limit', async (_way, ask) => {
  const {url} = await httpServer(async (_one, response) => {
    await sleep(300);
    json(response, {});
  });
  await ask(client({connectMs: 100}), url, new AbortController().signal);
});

test('a body through a proxy is given up as a direct one is', async () => {
  const {url} = await httpServer((_one, response) => response.writeHead(200).write('x'));
  const proxy = await proxyServer({leadsTo: new URL(url).host});
  const http = client({idleMs: 50, env: {HTTP_PROXY: proxy.url}});
  const received = http.receive('http://model.example/f', {}, new AbortController().signal, () => () => {});
  await expect(received).rejects.toMatchObject({message: 'model.example sent nothing more for 0.05 s'});
});
