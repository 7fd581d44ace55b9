// The client over real servers and real proxies on loopback.
import type {ServerResponse} from 'node:http';
import {createServer} from 'node:net';
import {describe, expect, onTestFinished, test, vi} from 'vitest';
import {HttpClient, type HttpOptions} from '../../../src/base/http/http-client.ts';
import type {Wait} from '../../../src/base/http/journey.ts';
import {type Asked, httpServer, json} from '../../fakes/http-server.ts';
import {proxyServer} from '../../fixtures/proxy-server.ts';

const never = new AbortController().signal;
const KEY = {authorization: 'Bearer secret'};
const place = (url: string) => new URL(url).host;

function client(options: Partial<HttpOptions> = {}): HttpClient {
  const http = new HttpClient({env: {}, hint: 'Look again.', backoffMs: 1, ...options});
  onTestFinished(() => http.close());
  return http;
}

/** Answers with each of these in turn, and with the last one from then on. */
async function inTurn(...answers: readonly ((response: ServerResponse, asked: Asked) => unknown)[]) {
  let turn = 0;
  return httpServer((asked, response) => answers[Math.min(turn++, answers.length - 1)]?.(response, asked));
}

const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    json(response, {status: code}, code, headers);
const to = (location: string, code = 307) => status(code, {location});
const get = (url: string) => ({method: 'GET', url}) as const;
const post = (url: string) => ({method: 'POST', url, body: '{"auth_key":"in the body"}'}) as const;

describe('retries', () => {
  test.each([429, 502, 503, 504])('%i is asked again, as often as was said', async (code) => {
    const {url, asked} = await inTurn(status(code), status(code), status(200));
    expect((await client({retries: 2}).send(get(url), never)).status).toBe(200);
    expect(asked).toHaveLength(3);
    const busy = await inTurn(status(code));
    expect((await client({retries: 2}).send(get(busy.url), never)).status).toBe(code);
    expect(busy.asked).toHaveLength(3);
  });

  test.each([200, 204, 400, 401, 404, 500, 501])('%i is an answer', async (code) => {
    const {url, asked} = await inTurn(status(code));
    expect((await client({retries: 3}).send(get(url), never)).status).toBe(code);
    expect(asked).toHaveLength(1);
  });

  test('a connection that breaks before the head is tried again, unless the caller does that itself', async () => {
    const breaking = (response: ServerResponse) => response.destroy();
    const {url, asked} = await inTurn(breaking, status(200));
    expect((await client({retries: 1}).send(post(url), never)).status).toBe(200);
    expect(asked).toHaveLength(2);
    const other = await inTurn(breaking, status(200));
    const lost = client({retries: 1, isWorthAgain: () => false}).send(get(other.url), never);
    await expect(lost).rejects.toMatchObject({code: 'backend_unreachable', hint: 'Look again.'});
    expect(other.asked).toHaveLength(1);
  });

  test('which statuses and failures are worth another try is for the caller to say', async () => {
    const {url, asked} = await inTurn(status(500), status(408), status(200));
    const isBusy = (code: number) => code === 500 || code === 408;
    expect((await client({retries: 2, isBusy}).send(get(url), never)).status).toBe(200);
    expect(asked).toHaveLength(3);
    const passing = await inTurn(status(503), status(200));
    expect((await client({retries: 2, isBusy}).send(get(passing.url), never)).status).toBe(503);
  });

  test('a quota that is used up is waited for a second longer than it says, before what Retry-After says', async () => {
    const {url} = await inTurn(status(429, {ratelimit: '"api";r=0;t=0', 'retry-after': '9'}), status(200));
    const waits: Wait[] = [];
    const began = performance.now();
    await client({retries: 1, waiting: (wait) => waits.push(wait)}).send(get(url), never);
    expect(performance.now() - began).toBeGreaterThan(950);
    expect(waits).toEqual([{host: place(url), ms: 1000, isAsked: true, status: 429}]);
  });

  test('all waits together have an end, and those that nobody asked for grow no longer than they may', async () => {
    const {url, asked} = await inTurn(status(503, {'retry-after': '0.04'}));
    expect((await client({retries: 9, patienceMs: 100}).send(get(url), never)).status).toBe(503);
    expect(asked).toHaveLength(3);
    const waits: number[] = [];
    const busy = await inTurn(status(503));
    await client({retries: 5, longestBackoffMs: 4, waiting: ({ms}) => waits.push(ms)}).send(get(busy.url), never);
    expect(waits).toEqual([1, 2, 4, 4, 4]);
  });

  test('a body that is received is not asked for again when its connection breaks', async () => {
    const {url, asked} = await inTurn((response) => response.destroy());
    const received = client({retries: 3}).receive(url, {}, never, () => () => {});
    await expect(received).rejects.toMatchObject({code: 'backend_unreachable'});
    expect(asked).toHaveLength(1);
  });

  test('what was asked for is waited for: seconds are seconds', async () => {
    const {url} = await inTurn(status(429, {'retry-after': '1'}), status(200));
    const began = performance.now();
    await client({retries: 1}).send(get(url), never);
    expect(performance.now() - began).toBeGreaterThan(950);
  });

  test('more than a minute is handed over at once, a minute is not', async () => {
    const {url, asked} = await inTurn(status(503, {'retry-after': '61'}));
    const reply = await client({retries: 3}).send(get(url), never);
    expect([reply.status, reply.header('retry-after')]).toEqual([503, '61']);
    expect(asked).toHaveLength(1);
    const date = await inTurn(status(503, {'retry-after': new Date(Date.now() + 90_000).toUTCString()}));
    expect((await client({retries: 3}).send(get(date.url), never)).status).toBe(503);
    expect(date.asked).toHaveLength(1);
    const minute = await inTurn(status(503, {'retry-after': '60'}));
    const controller = new AbortController();
    const waiting = client({retries: 3}).send(get(minute.url), controller.signal);
    await vi.waitFor(() => expect(minute.asked).toHaveLength(1));
    controller.abort('stop');
    await expect(waiting).rejects.toBe('stop');
  });

  test('a body that is received is asked for again too, and its reader sees the last head alone', async () => {
    const {url, asked} = await inTurn(status(503, {'retry-after': '0'}), status(429), status(206));
    const heads: number[] = [];
    await client({retries: 2}).receive(url, {}, never, (head) => {
      heads.push(head.status);
      return () => {};
    });
    expect(heads).toEqual([206]);
    expect(asked).toHaveLength(3);
  });
});

describe('redirects', () => {
  test.each([301, 302, 303, 307, 308])('a GET follows %i within its origin, with its key', async (code) => {
    const {url, asked} = await inTurn(to('/there', code), status(200));
    expect((await client({headers: KEY}).send(get(`${url}/here?a=1#b`), never)).status).toBe(200);
    expect(asked.map(({path}) => path)).toEqual(['/here?a=1', '/there']);
    expect(asked.map(({headers}) => headers.authorization)).toEqual(['Bearer secret', 'Bearer secret']);
  });

  test.each([301, 302, 303, 307, 308])('%i to another origin is handed over as it is', async (code) => {
    const other = await inTurn(status(200));
    const {url} = await inTurn(to(`${other.url}/x`, code));
    for (const request of [get(url), post(url)]) {
      const reply = await client({headers: KEY}).send(request, never);
      expect([reply.status, reply.header('location')]).toEqual([code, `${other.url}/x`]);
    }
    expect(other.asked).toEqual([]);
  });

  test('where it may leave, the key stays behind, also on the way back', async () => {
    const home = await inTurn(
      (response) => to(`${other.url}/x`)(response),
      (response) => json(response, {}),
    );
    const other = await httpServer((_asked, response) => to(`${home.url}/back`)(response));
    const http = client({headers: KEY, leavesOrigin: true});
    const request = {...get(home.url), headers: {range: 'bytes=0-0'}};
    expect((await http.send(request, never)).status).toBe(200);
    const told = [...home.asked, ...other.asked].map(({path, headers}) => [path, headers.authorization, headers.range]);
    expect(told).toEqual([
      ['/', 'Bearer secret', 'bytes=0-0'],
      ['/back', undefined, 'bytes=0-0'],
      ['/x', undefined, 'bytes=0-0'],
    ]);
  });

  test('a received body leaves its key behind too', async () => {
    const other = await inTurn(status(200));
    const {url, asked} = await inTurn(to(other.url));
    await client({headers: KEY, leavesOrigin: true}).receive(url, {range: 'bytes=0-9'}, never, () => () => {});
    expect(asked[0]?.headers.authorization).toBe('Bearer secret');
    expect(other.asked[0]?.headers).toMatchObject({range: 'bytes=0-9'});
    expect(other.asked[0]?.headers).not.toHaveProperty('authorization');
  });

  test('a name and password in an address are its own, and go nowhere else', async () => {
    const other = await inTurn(status(200));
    const {url, asked} = await inTurn(to(other.url));
    const named = url.replace('//', '//me:p%40ss@');
    await client({leavesOrigin: true}).send(get(named), never);
    expect(asked[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
    expect(other.asked[0]?.headers).not.toHaveProperty('authorization');
  });

  test('a POST never leaves its origin, and becomes nothing else', async () => {
    const other = await inTurn(status(200));
    for (const code of [301, 302, 303, 307, 308]) {
      const {url} = await inTurn(to(other.url, code));
      expect((await client({leavesOrigin: true}).send(post(url), never)).status).toBe(code);
    }
    expect(other.asked).toEqual([]);
    const {url, asked} = await inTurn(to('/there', 308), status(200));
    expect((await client().send(post(url), never)).status).toBe(200);
    expect(asked.map(({method, path, text}) => [method, path, text])).toEqual([
      ['POST', '/', '{"auth_key":"in the body"}'],
      ['POST', '/there', '{"auth_key":"in the body"}'],
    ]);
  });

  test.each(['file:///etc/passwd', 'ftp://127.0.0.1/', 'http://', 'javascript:1'])(
    'to %s is handed over',
    async (target) => {
      const {url} = await inTurn(to(target));
      expect((await client({leavesOrigin: true}).send(get(url), never)).status).toBe(307);
    },
  );

  test('a circle ends', async () => {
    const {url, asked} = await inTurn(to('/again'));
    expect((await client().send(get(url), never)).status).toBe(307);
    expect(asked).toHaveLength(6);
  });
});

describe('limits', () => {
  test('a server that gives no head, and one whose body stops, are given up and not asked again', async () => {
    const silent = await inTurn(() => {});
    const late = client({retries: 3, replyMs: 400}).send(get(silent.url), never);
    await expect(late).rejects.toMatchObject({
      code: 'backend_unreachable',
      message: `${place(silent.url)} did not answer within 0.4 s`,
    });
    // None when the machine was too busy to see even the first one in time.
    expect(silent.asked.length).toBeLessThanOrEqual(1);
    const stalled = await inTurn((response) => response.writeHead(200).write('x'));
    const reply = await client({idleMs: 50}).send(get(stalled.url), never);
    await expect(reply.text()).rejects.toMatchObject({
      code: 'backend_unreachable',
      message: `${place(stalled.url)} sent nothing more for 0.05 s`,
    });
  });

  test('the time that a reader takes does not count', async () => {
    const {url} = await inTurn((response) => {
      response.writeHead(200).write('a');
      response.end('b');
    });
    const reply = await client({idleMs: 300}).send(get(url), never);
    let text = '';
    for await (const part of reply.body) {
      text += Buffer.from(part).toString();
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
    expect(text).toBe('ab');
  });

  test('a connection that does not come about is given up', async () => {
    // The other side takes the connection and never answers the greeting of TLS.
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    onTestFinished(() => void server.close());
    const {port} = server.address() as {port: number};
    const sent = client({connectMs: 50}).send(get(`https://127.0.0.1:${port}/`), never);
    await expect(sent).rejects.toMatchObject({
      message: `127.0.0.1:${port} cannot be reached: no connection within 0.05 s`,
    });
  });

  test('an error is read to 64 KiB, JSON to its limit', async () => {
    const endless = (response: ServerResponse) => {
      response.writeHead(500);
      const more = () => {
        if (response.destroyed) return;
        response.write('x'.repeat(1 << 16));
        setImmediate(more);
      };
      more();
    };
    const {url} = await inTurn(endless);
    expect(await (await client().send(get(url), never)).text()).toBe('x'.repeat(1 << 16));
    const list = await inTurn((response) => json(response, {a: '12345'}));
    const read = async (limit?: number) => (await client().send(get(list.url), never)).json(limit);
    expect(await read(13)).toEqual({a: '12345'});
    await expect(read(12)).rejects.toMatchObject({
      code: 'backend_failed',
      message: `${place(list.url)} sent more than 12 bytes of JSON`,
    });
    await expect((await client().send(get(url), never)).json(1 << 20)).rejects.toMatchObject({code: 'backend_failed'});
  });

  test('what is no JSON is told by its beginning', async () => {
    const {url} = await inTurn((response) => response.end(' <html>Sign in'));
    await expect((await client().send(get(url), never)).json()).rejects.toMatchObject({
      code: 'backend_failed',
      message: `${place(url)} sent something that is not JSON: <html>Sign in`,
    });
  });

  test('a body that breaks off is told as such', async () => {
    const {url} = await inTurn((response) => {
      response.writeHead(200, {'content-length': 100}).write('{', () => response.destroy());
    });
    await expect((await client().send(get(url), never)).json()).rejects.toMatchObject({code: 'backend_unreachable'});
  });

  test('an abort ends a request with its reason, before, while and after it waits for the head', async () => {
    const {url, asked} = await inTurn(() => {});
    await expect(client().send(get(url), AbortSignal.abort('early'))).rejects.toBe('early');
    const controller = new AbortController();
    const waiting = client({retries: 3}).send(get(url), controller.signal);
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    controller.abort('late');
    await expect(waiting).rejects.toBe('late');
    expect(asked).toHaveLength(1);
  });
});

describe('proxies', () => {
  test('a plain request is made of the proxy with the whole address, its name and password, and the key', async () => {
    const {url, asked} = await inTurn(status(200));
    const proxy = await proxyServer({leadsTo: place(url)});
    const http = client({env: {HTTP_PROXY: proxy.url.replace('//', '//me:p%40ss@')}, headers: KEY});
    expect(await (await http.send(post('http://model.internal:8000/v1/x?a=1'), never)).json()).toEqual({status: 200});
    expect(proxy.asked).toEqual(['model.internal:8000']);
    expect(proxy.authorizations).toEqual([`Basic ${Buffer.from('me:p@ss').toString('base64')}`]);
    expect(asked[0]).toMatchObject({path: '/v1/x?a=1', headers: {host: 'model.internal:8000', ...KEY}});
    expect(asked[0]?.headers).not.toHaveProperty('proxy-authorization');
  });

  test('the name and password of a proxy are not told to the server', async () => {
    const {url, asked} = await inTurn(status(200));
    const proxy = await proxyServer({leadsTo: place(url)});
    const http = client({env: {HTTP_PROXY: proxy.url.replace('//', '//me:secret@')}});
    await http.send(get('http://model.example/'), never);
    await http.receive('http://model.example/', {}, never, () => () => {});
    expect(proxy.asked).toHaveLength(2);
    for (const {headers} of asked) expect(JSON.stringify(headers)).not.toContain('asic');
  });

  test('a body is received through it', async () => {
    const {url} = await inTurn((response) => response.end('0123456789'.repeat(100_000)));
    const proxy = await proxyServer({leadsTo: place(url)});
    const http = client({env: {HTTP_PROXY: proxy.url.replace('//', '//me:pass@')}});
    let bytes = 0;
    await http.receive('http://files.example/f', {}, never, () => (part) => {
      bytes += part.length;
    });
    expect(bytes).toBe(1_000_000);
    expect(proxy.asked).toEqual(['files.example']);
    expect(proxy.authorizations).toEqual([`Basic ${Buffer.from('me:pass').toString('base64')}`]);
  });

  test('an https address is asked for by a tunnel; a refusal names the proxy and the way past it', async () => {
    const proxy = await proxyServer({refuse: true});
    const sent = client({env: {HTTPS_PROXY: proxy.url.replace('//', '//me:secret@')}}).send(
      get('https://model.example/v1'),
      never,
    );
    await expect(sent).rejects.toMatchObject({
      code: 'backend_unreachable',
      message: `model.example cannot be reached through the proxy ${place(proxy.url)}: it answered 407`,
      hint: 'The proxy wants a name and password: HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT. NO_PROXY names hosts that are reached without the proxy.',
    });
    expect(proxy.asked).toEqual(['model.example:443']);
    expect(proxy.authorizations).toEqual([`Basic ${Buffer.from('me:secret').toString('base64')}`]);
  });

  test.each([400, 401, 403, 404, 407, 500])(
    'a proxy that refuses a tunnel with %i is not asked again',
    async (code) => {
      const proxy = await proxyServer({refuse: code});
      const http = client({env: {HTTPS_PROXY: proxy.url}, retries: 3});
      const refused = {message: expect.stringMatching(new RegExp(`: it answered ${code}$`))};
      await expect(http.send(get('https://model.example/v1'), never)).rejects.toMatchObject(refused);
      expect(proxy.asked).toHaveLength(1);
      await expect(http.receive('https://model.example/f', {}, never, () => undefined)).rejects.toMatchObject(refused);
      expect(proxy.asked).toHaveLength(2);
    },
  );

  test.each([429, 502, 503, 504])('a proxy that is busy, with %i, is', async (code) => {
    const proxy = await proxyServer({refuse: code});
    const sent = client({env: {HTTPS_PROXY: proxy.url}, retries: 2}).send(get('https://model.example/v1'), never);
    await expect(sent).rejects.toMatchObject({
      hint: 'Look again. NO_PROXY names hosts that are reached without the proxy.',
    });
    expect(proxy.asked).toHaveLength(3);
  });

  test('a proxy that is not there is named', async () => {
    const sent = client({env: {HTTP_PROXY: 'http://127.0.0.1:1'}}).send(get('http://model.example/'), never);
    await expect(sent).rejects.toMatchObject({
      message: 'model.example cannot be reached through the proxy 127.0.0.1:1: ECONNREFUSED',
    });
  });

  test('each redirect is looked up again', async () => {
    const there = await inTurn(status(200));
    const proxy = await proxyServer({leadsTo: place(there.url)});
    const {url} = await inTurn(to('http://model.example/x'));
    const http = client({env: {HTTP_PROXY: proxy.url}, leavesOrigin: true});
    expect((await http.send(get(url), never)).status).toBe(200);
    expect(proxy.asked).toEqual(['model.example']);
  });

  test('this machine is asked directly, and through the proxy where that is wanted', async () => {
    const {url} = await inTurn(status(200));
    const proxy = await proxyServer();
    await client({env: {HTTP_PROXY: proxy.url}}).send(get(url), never);
    expect(proxy.asked).toEqual([]);
    await client({env: {HTTP_PROXY: proxy.url}, proxiesLoopback: true}).send(get(url), never);
    expect(proxy.asked).toEqual([place(url)]);
  });
});
