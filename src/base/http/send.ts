// One HTTP request. Over node:http, as the global fetch takes several times as long to load and gives up on an answer
// that is five minutes in coming.
import type {IncomingMessage} from 'node:http';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A reply whose head has come. */
export interface Reply {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** To be read once; leaving it early closes the connection. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The whole body. */
  text(): Promise<string>;
  /** For a reply nobody reads. */
  cancel(): void;
}

/** @throws the system's error when no reply comes, which may be because the signal aborted. */
export async function send({method, url, headers, body}: HttpRequest, signal: AbortSignal): Promise<Reply> {
  signal.throwIfAborted();
  const {request} = url.startsWith('https:') ? await import('node:https') : await import('node:http');
  const length = body === undefined ? {} : {'content-length': String(Buffer.byteLength(body))};
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request(url, {method, headers: {...headers, ...length}}, resolve);
    // Not its own `signal` option: that may raise an error nobody listens to when the answer is just over.
    const onAbort = () => void outgoing.destroy();
    signal.addEventListener('abort', onAbort);
    outgoing.on('error', reject).once('close', () => signal.removeEventListener('abort', onAbort));
    outgoing.end(body);
  });
  // Whoever reads learns of a connection that breaks off; nobody may be reading yet.
  incoming.on('error', () => {});
  return {
    status: incoming.statusCode ?? 0,
    retryAfter: incoming.headers['retry-after'],
    body: incoming,
    async text() {
      const parts: Buffer[] = [];
      for await (const part of incoming) parts.push(part as Buffer);
      return Buffer.concat(parts).toString();
    },
    cancel: () => void incoming.destroy(),
  };
}
