// Listens at one or several places with one application.
import {type AddressInfo, createServer, type Server} from 'node:net';
import {EngineError} from '../../base/errors.ts';
import type {App} from '../route.ts';
import type {ListenAddress} from './listen-address.ts';
import {bindSocket} from './unix-socket.ts';

export interface ListenOptions {
  readonly addresses: readonly ListenAddress[];
  /** 0 = any free one; the same for all addresses of the network. */
  readonly port: number;
  /** Whether the server asks for keys. */
  readonly hasKeys: boolean;
  readonly isTls: boolean;
}

export interface Listening {
  /** As a client of this machine can use them: `http://127.0.0.1:8080`, `unix:/run/mistral.sock`. */
  readonly urls: readonly string[];
  /** Takes no more connections, and removes the sockets. */
  close(): Promise<void>;
}

/** A page of the server as a person can open it: by an address of the network, else by curl. */
export function shownUrl(urls: readonly string[], path: string): string {
  const [first = ''] = urls;
  const url = urls.find((one) => one.startsWith('http'));
  return url ? `${url}${path}` : `curl --unix-socket ${first.slice('unix:'.length)} http://localhost${path}`;
}

/** @throws EngineError `io` when an address cannot be had; then none is listened at. */
export async function listenAt(app: App, {addresses, port, hasKeys, isTls}: ListenOptions): Promise<Listening> {
  const others: Server[] = [];
  const removals: (() => void)[] = [];
  const close = async () => {
    for (const server of others) server.close();
    for (const remove of removals) remove();
    await app.close();
  };
  const urls: string[] = [];
  let chosen = port;
  try {
    for (const [index, address] of addresses.entries()) {
      // The application listens itself at the first; its server is handed the connections of the others.
      const listen = (where: {host: string; port: number} | {path: string}) =>
        index === 0 ? app.listen(where).then(() => app.server) : handOver(app, where).then((one) => kept(others, one));
      if (address.kind === 'socket') {
        removals.push(await bindSocket({path: address.path, hasKeys}, (path) => listen({path})));
        urls.push(`unix:${address.path}`);
      } else {
        const server = await listenAtHost(address.host, chosen, listen);
        const bound = server.address() as AddressInfo;
        chosen = bound.port;
        urls.push(`${isTls ? 'https' : 'http'}://${reachable(bound)}:${bound.port}`);
      }
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {urls, close};
}

function kept(servers: Server[], server: Server): Server {
  servers.push(server);
  return server;
}

async function listenAtHost(
  host: string,
  port: number,
  listen: (where: {host: string; port: number}) => Promise<Server>,
): Promise<Server> {
  try {
    return await listen({host, port});
  } catch (cause) {
    const {code} = cause as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'is in use' : `cannot be listened on (${code ?? String(cause)})`;
    throw new EngineError('io', `${host}:${port} ${reason}`, {
      hint: 'Choose another --port, or --port 0 for any free one.',
      cause,
    });
  }
}

function handOver(app: App, where: {host: string; port: number} | {path: string}): Promise<Server> {
  const server = createServer({allowHalfOpen: true, noDelay: true}, (socket) => app.server.emit('connection', socket));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => resolve(server));
  });
}

/** An address of all interfaces, as this machine reaches it. */
function reachable({address, family}: AddressInfo): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  if (family !== 'IPv6') return address;
  return address === '::' ? '[::1]' : `[${address}]`;
}
