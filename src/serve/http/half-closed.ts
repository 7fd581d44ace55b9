// Clients that say with the end of their request that nothing more comes (`nc -N`, some proxies) get their answer.
import type {ServerResponse} from 'node:http';
import type {App} from '../route.ts';

/** When it is tried again whether the other side still listens, in milliseconds: the first refusal breaks the second try. */
const PROBES_MS = [20, 200];
const LATER_MS = 1000;

/**
 * The end of what a client sends is the same on the wire whether it waits for an answer or is gone. An interim reply (102
 * Processing, which HTTP/1.1 allows at any time) tells the two apart: where nobody listens any more, it breaks the connection.
 * HTTP/1.0 has no interim replies, and such a client is taken to be gone, as before.
 */
export function useHalfClosed(app: App): void {
  // Node's own name for it; without it, Node ends the connection at once.
  Object.assign(app.server, {httpAllowHalfOpen: true});
  app.addHook('onRequest', async ({raw}, reply) => {
    const {socket} = raw;
    const onEnd = () => probe(reply.raw, raw.httpVersion);
    if (socket.readableEnded) onEnd();
    else socket.once('end', onEnd);
    reply.raw.once('close', () => socket.off('end', onEnd));
  });
}

/** Until the answer begins, whose own bytes then tell. */
function probe(response: ServerResponse, version: string, tries = 0): void {
  if (response.headersSent || response.destroyed) return;
  if (version !== '1.1') {
    response.socket?.destroy();
    return;
  }
  response.writeProcessing();
  setTimeout(() => probe(response, version, tries + 1), PROBES_MS[tries] ?? LATER_MS).unref();
}
