// HTTP for downloads: proxies from the environment, tokens, and answers that are errors put into words.
import type {Readable} from 'node:stream';
import type {Dispatcher} from 'undici';
import {EngineError} from '../../errors.ts';
import {buildConnector, EnvHttpProxyAgent, interceptors} from './http-client.ts';
import {ReadBuffers} from './read-buffers.ts';

export interface HttpOptions {
  /** Variables: HTTPS_PROXY, HTTP_PROXY, NO_PROXY. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Sent to the host of the first request only; redirects to another host do not get it. */
  readonly token?: string | undefined;
}

export interface HttpResponse {
  readonly status: number;
  readonly ok: boolean;
  header(name: string): string | undefined;
  /** Bytes as they come. What is not wanted has to be dumped. */
  readonly body: Readable & {json(): Promise<unknown>; dump(): Promise<void>};
}

const REDIRECTS = 5;
/** Bytes a connection may hold that nobody has taken yet. */
const AHEAD = 1 << 20;
const CONNECT_TIMEOUT = 10_000;

export class Http {
  readonly #agent: EnvHttpProxyAgent;
  readonly #dispatcher: Dispatcher;
  readonly #token: string | undefined;
  readonly #buffers = new ReadBuffers();

  constructor({env, token}: HttpOptions) {
    const get = (name: string) => env[name.toUpperCase()] ?? env[name];
    const [httpProxy, httpsProxy, noProxy] = [get('http_proxy'), get('https_proxy'), get('no_proxy')];
    this.#agent = new EnvHttpProxyAgent({
      ...(httpProxy && {httpProxy}),
      ...(httpsProxy && {httpsProxy}),
      noProxy: noProxy ?? '',
      // A stalled connection is given up and tried again.
      bodyTimeout: 30_000,
      headersTimeout: 30_000,
      connect: (target, done) => {
        const options = {timeout: CONNECT_TIMEOUT, highWaterMark: AHEAD, onread: this.#buffers.forSocket()};
        buildConnector(options)(target, done);
      },
    });
    // Redirects to another host lose the token.
    this.#dispatcher = this.#agent.compose(interceptors.redirect({maxRedirections: REDIRECTS}));
    this.#token = token;
  }

  /** Rejects with EngineError backend_unreachable when no answer comes, or with the signal's reason. */
  async get(url: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<HttpResponse> {
    const authorization = this.#token === undefined ? {} : {authorization: `Bearer ${this.#token}`};
    const {origin, pathname, search} = new URL(url);
    try {
      const {
        statusCode,
        headers: received,
        body,
      } = await this.#dispatcher.request({
        origin,
        path: `${pathname}${search}`,
        method: 'GET',
        headers: {'accept-encoding': 'identity', ...authorization, ...headers},
        signal,
        highWaterMark: AHEAD,
      });
      const header = (name: string) => {
        const value = received[name];
        return Array.isArray(value) ? value[0] : value;
      };
      return {status: statusCode, ok: statusCode >= 200 && statusCode < 300, header, body};
    } catch (cause) {
      signal.throwIfAborted();
      const {code, message} = cause as NodeJS.ErrnoException;
      throw new EngineError('backend_unreachable', `${new URL(url).host} cannot be reached: ${code ?? message}`, {
        hint: 'Check the network and HTTPS_PROXY; what was downloaded is kept, the same command goes on with it.',
        cause,
      });
    }
  }

  /** The chunks of a body, in its order, have been used up: what was received in their memory may go there again. */
  recycle(chunks: readonly Uint8Array[]): void {
    const last = chunks.at(-1)?.buffer;
    // The last one may still be in use: the body goes on in the same memory.
    for (const memory of new Set(chunks.map(({buffer}) => buffer))) if (memory !== last) this.#buffers.giveBack(memory);
  }

  async close(): Promise<void> {
    await this.#agent.close();
  }
}

/** Milliseconds a server asks to wait, in seconds or as a date; 0 when it says nothing. */
export function retryAfter(response: HttpResponse, now = Date.now()): number {
  const value = response.header('retry-after') ?? '';
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(wait) ? 0 : Math.max(0, wait);
}

/** The error a status means for this address; `page` is where terms can be accepted. */
export function statusError(url: string, status: number, page?: string): EngineError {
  const {host} = new URL(url);
  if (status === 401 || status === 403) {
    return new EngineError('model_not_found', `${host} refuses ${url} (${status}): the model is gated or private`, {
      hint: `Accept the terms on ${page ?? 'its page'}, then set HF_TOKEN to a token of yours.`,
    });
  }
  if (status === 404) {
    return new EngineError('model_not_found', `${host} has no ${url} (404)`, {hint: 'Check the name.'});
  }
  if (status === 416) {
    return new EngineError('model_invalid', `${host} has less of ${url} than it said (416)`, {
      hint: 'The file has changed or the server is wrong: pull it again.',
    });
  }
  return new EngineError('backend_failed', `${host} answered ${status} for ${url}`, {hint: 'Try again later.'});
}
