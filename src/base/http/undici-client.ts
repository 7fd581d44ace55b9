// HTTP over undici, which takes long to load: tunnels through proxies, and downloads that are received in reused memory.
import type {OnReadOpts} from 'node:net';
import {Writable} from 'node:stream';
import type {Dispatcher} from 'undici';
import {defined} from '../defined.ts';
import {
  basicAuthorization,
  type Exchange,
  type HttpHead,
  headOf,
  LateError,
  type Limits,
  TunnelRefusal,
  type WireRequest,
  withoutCredentials,
} from './exchange.ts';
import {ReadBuffers} from './read-buffers.ts';
import {Agent, buildConnector, Pool, ProxyAgent} from './undici-bundle.ts';

/** Takes the bytes of a body as they come; their memory is used again when it returns. What it throws ends the request. */
export type Sink = (bytes: Uint8Array) => void;

export class UndiciClient {
  readonly #limits: Limits;
  /** By proxy; a direct connection under ''. */
  readonly #agents = new Map<string, Dispatcher>();
  readonly #buffers = new ReadBuffers();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** @throws undici's or the system's error when no reply comes; LateError; the signal's reason. */
  async exchange(request: WireRequest, proxy: string, signal: AbortSignal): Promise<Exchange> {
    try {
      const options = {...this.#options(request, signal), bodyTimeout: 0};
      const {statusCode, headers, body} = await this.#agent(proxy).request(options);
      return {status: statusCode, headers, body};
    } catch (error) {
      throw this.#named(error);
    }
  }

  /**
   * Hands a body over while it comes, as cheaply as can be. `open` sees the head first and says where the bytes go;
   * without a sink they are dropped. Resolves at the end of the body.
   * @throws what `open` or the sink throws, as it is, and `failed(cause)` for everything else.
   */
  async receive(
    request: WireRequest,
    proxy: string | undefined,
    signal: AbortSignal,
    open: (head: HttpHead) => Sink | undefined,
    failed: (cause: unknown) => unknown,
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
    const options = {...this.#options(request, signal), bodyTimeout: this.#limits.idleMs};
    try {
      await this.#agent(proxy).stream(options, ({statusCode, headers}) => {
        const sink = guarded(() => open(headOf({status: statusCode, headers})));
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
      throw refusal === undefined ? failed(this.#named(error)) : refusal.error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.close()));
  }

  #options({method, url, headers, body}: WireRequest, signal: AbortSignal) {
    const {origin, pathname, search} = new URL(url);
    const path = `${pathname}${search}`;
    return {origin, path, method, headers, body: body ?? null, signal, headersTimeout: this.#limits.replyMs};
  }

  #agent(proxy = ''): Dispatcher {
    const agent = this.#agents.get(proxy) ?? (proxy === '' ? this.#direct() : this.#through(proxy));
    this.#agents.set(proxy, agent);
    return agent;
  }

  #direct(): Dispatcher {
    return new Agent({
      connect: (target, done) => {
        const onread: OnReadOpts = this.#buffers.forSocket();
        buildConnector({timeout: this.#limits.connectMs, onread})(target, done);
      },
    });
  }

  #through(proxy: string): Dispatcher {
    const token = basicAuthorization(proxy);
    const timeout = this.#limits.connectMs;
    return new ProxyAgent({
      uri: withoutCredentials(proxy),
      ...defined({token}),
      // Proxies let tunnels through to few ports: what needs none is asked for as a plain request.
      proxyTunnel: false,
      proxyTls: {timeout},
      clientFactory: (origin, options) => new TunnelPool(origin, options, timeout),
    });
  }

  #named(error: unknown): unknown {
    const {code} = error as NodeJS.ErrnoException;
    const {connectMs, replyMs, idleMs} = this.#limits;
    if (code === 'UND_ERR_CONNECT_TIMEOUT') return new LateError('connection', connectMs);
    if (code === 'UND_ERR_HEADERS_TIMEOUT') return new LateError('reply', replyMs);
    // Of a tunnel undici tells the status in a sentence alone.
    const tunnel = /^Proxy response \((\d{3})\)/.exec((error as Error).message ?? '')?.[1];
    if (tunnel !== undefined) return new TunnelRefusal(Number(tunnel), error);
    if (code === 'UND_ERR_BODY_TIMEOUT') return new LateError('body', idleMs);
    return error;
  }
}

/** The connections to a proxy. A tunnel that is not opened in time is a connection that does not come about. */
class TunnelPool extends Pool {
  readonly #limitMs: number;

  constructor(origin: URL, options: object, limitMs: number) {
    super(origin, {...options, headersTimeout: limitMs});
    this.#limitMs = limitMs;
  }

  override async connect(options: Parameters<Pool['connect']>[0]): Promise<Dispatcher.ConnectData> {
    try {
      return await super.connect(options);
    } catch (error) {
      const isLate = (error as NodeJS.ErrnoException).code === 'UND_ERR_HEADERS_TIMEOUT';
      throw isLate ? new LateError('connection', this.#limitMs) : error;
    }
  }
}
