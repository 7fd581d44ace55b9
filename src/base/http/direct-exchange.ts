// One request and the head of its reply over node:http, which is loaded in a fraction of the time that other clients take.
import type {IncomingMessage} from 'node:http';
import {defined} from '../defined.ts';
import type {Exchange, Limits, WireRequest} from './exchange.ts';
import {basicAuthorization, LateError, withoutCredentials} from './exchange.ts';

/**
 * @param proxy for an http address: the proxy that is asked for it.
 * @throws the system's error when no reply comes, which may be because the signal aborted; LateError.
 */
export async function exchangeDirectly(
  {method, url, headers, body}: WireRequest,
  {connectMs, replyMs}: Limits,
  signal: AbortSignal,
  proxy?: string,
): Promise<Exchange> {
  signal.throwIfAborted();
  const peer = proxy ?? url;
  const isSecure = peer.startsWith('https:');
  const {request} = isSecure ? await import('node:https') : await import('node:http');
  const length = body === undefined ? {} : {'content-length': String(Buffer.byteLength(body))};
  // A proxy is told the whole address.
  const forProxy = proxy === undefined ? {} : {path: url};
  const sent = {...headers, ...length, ...(proxy !== undefined && asProxied(url, proxy))};
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request(withoutCredentials(peer), {method, ...forProxy, headers: sent}, resolve);
    const late = (what: LateError['what'], ms: number) =>
      ms > 0 ? setTimeout(() => outgoing.destroy(new LateError(what, ms)), ms) : undefined;
    const connecting = late('connection', connectMs);
    const replying = late('reply', replyMs);
    // Not its own `signal` option: that may raise an error nobody listens to when the answer is just over.
    const onAbort = () => void outgoing.destroy();
    signal.addEventListener('abort', onAbort);
    outgoing
      .on('socket', (socket) => {
        if (socket.connecting) socket.once(isSecure ? 'secureConnect' : 'connect', () => clearTimeout(connecting));
        else clearTimeout(connecting);
      })
      .once('response', () => clearTimeout(replying))
      .on('error', reject)
      .once('close', () => {
        clearTimeout(connecting);
        clearTimeout(replying);
        signal.removeEventListener('abort', onAbort);
      });
    outgoing.end(body);
  });
  // Whoever reads learns of a connection that breaks off; nobody may be reading yet.
  incoming.on('error', () => {});
  return {status: incoming.statusCode ?? 0, headers: incoming.headers, body: incoming};
}

function asProxied(url: string, proxy: string): Record<string, string> {
  const authorization = basicAuthorization(proxy);
  return defined({host: new URL(url).host, 'proxy-authorization': authorization});
}
