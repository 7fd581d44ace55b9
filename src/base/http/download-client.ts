// HTTP for downloads: proxies from the environment, tokens, and answers that are errors put into words.
import type {OnReadOpts} from 'node:net';
import {type Readable, Writable} from 'node:stream';
import type {Dispatcher} from 'undici';
import {EngineError} from '../errors.ts';
import {ReadBuffers} from './read-buffers.ts';
import {buildConnector, EnvHttpProxyAgent, interceptors} from './undici-bundle.ts';

export interface HttpOptions {
  /** Variables: HTTPS_PROXY, HTTP_PROXY, NO_PROXY. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Sent to the host of the first request only; redirects to another host do not get it. */
  readonly token?: string | undefined;
}

export interface HttpHead {
  readonly status: number;
  readonly ok: boolean;
  header(name: string): string | undefined;
}

export interface HttpResponse extends HttpHead {
  /** Bytes as they come. What is not wanted has to be dumped. */
  readonly body: Readable & {json(): Promise<unknown>; dump(): Promise<void>};
}

/** Gets the bytes of a body as they come; their memory is used again when it returns. What it throws ends the request. */
export type Sink = (bytes: Uint8Array) => void;

const REDIRECTS = 5;
const CONNECT_TIMEOUT = 10_000;

export class Http {
  readonly #agents: readonly EnvHttpProxyAgent[];
  readonly #plain: Dispatcher;
  /** Its connections read into memory that is used again. */
  readonly #lean: Dispatcher;
  readonly #token: string | undefined;
  readonly #buffers = new ReadBuffers();

  constructor({env, token}: HttpOptions) {
    const plain = agent(env, () => ({}));
    const lean = agent(env, () => ({onread: this.#buffers.forSocket()}));
    this.#agents = [plain, lean];
    // Redirects to another host lose the token.
    const redirect = interceptors.redirect({maxRedirections: REDIRECTS});
    this.#plain = plain.compose(redirect);
    this.#lean = lean.compose(redirect);
    this.#token = token;
  }

  /** Rejects with EngineError backend_unreachable when no answer comes, or with the signal's reason. */
  async get(url: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<HttpResponse> {
    try {
      const {statusCode, headers: received, body} = await this.#plain.request(this.#request(url, headers, signal));
      return {...head(statusCode, received), body};
    } catch (error) {
      signal.throwIfAborted();
      throw unreachable(url, error);
    }
  }

  /**
   * Hands a body over while it comes, as cheaply as can be. `open` sees the head first and says where the bytes go;
   * without a sink they are dropped. Resolves at the end of the body; rejects with what `open` or the sink throws, with
   * EngineError backend_unreachable when no answer comes or the connection breaks, or with the signal's reason.
   */
  async receive(
    url: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    open: (head: HttpHead) => Sink | undefined,
  ): Promise<void> {
    let refusal: {readonly error: unknown} | undefined;
    const guarded = <T>(step: () => T): T => {
      try {
        return step();
      } catch (error) {
        refusal = {error};
        throw error;
      }
    };
    try {
      await this.#lean.stream(this.#request(url, headers, signal), ({statusCode, headers: received}) => {
        const sink = guarded(() => open(head(statusCode, received)));
        return new Writable({
          // Nothing ever waits in it.
          highWaterMark: Number.MAX_SAFE_INTEGER,
          write: (bytes: Uint8Array, _encoding, done) => {
            try {
              guarded(() => sink?.(bytes));
              this.#buffers.giveBack(bytes);
              done();
            } catch (error) {
              done(error as Error);
            }
          },
        });
      });
    } catch (error) {
      signal.throwIfAborted();
      throw refusal === undefined ? unreachable(url, error) : refusal.error;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#agents.map((each) => each.close()));
  }

  #request(url: string, headers: Readonly<Record<string, string>>, signal: AbortSignal) {
    const {origin, pathname, search} = new URL(url);
    const authorization = this.#token === undefined ? {} : {authorization: `Bearer ${this.#token}`};
    return {
      origin,
      path: `${pathname}${search}`,
      method: 'GET' as const,
      headers: {'accept-encoding': 'identity', ...authorization, ...headers},
      signal,
    };
  }
}

/** `reading`: options of a new connection, about how it reads. */
function agent(env: HttpOptions['env'], reading: () => {onread?: OnReadOpts}): EnvHttpProxyAgent {
  const get = (name: string) => env[name.toUpperCase()] ?? env[name];
  const [httpProxy, httpsProxy, noProxy] = [get('http_proxy'), get('https_proxy'), get('no_proxy')];
  return new EnvHttpProxyAgent({
    ...(httpProxy && {httpProxy}),
    ...(httpsProxy && {httpsProxy}),
    noProxy: noProxy ?? '',
    // A stalled connection is given up and tried again.
    bodyTimeout: 30_000,
    headersTimeout: 30_000,
    connect: (target, done) => {
      buildConnector({timeout: CONNECT_TIMEOUT, ...reading()})(target, done);
    },
  });
}

function head(status: number, received: Readonly<Record<string, string | string[] | undefined>>): HttpHead {
  const header = (name: string) => {
    const value = received[name];
    return Array.isArray(value) ? value[0] : value;
  };
  return {status, ok: status >= 200 && status < 300, header};
}

function unreachable(url: string, cause: unknown): EngineError {
  const {code, message} = cause as NodeJS.ErrnoException;
  return new EngineError('backend_unreachable', `${new URL(url).host} cannot be reached: ${code ?? message}`, {
    hint: 'Check the network and HTTPS_PROXY; what was downloaded is kept, the same command goes on with it.',
    cause,
  });
}

/** Milliseconds a server asks to wait, in seconds or as a date; 0 when it says nothing. */
export function retryAfter(response: HttpHead, now = Date.now()): number {
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
