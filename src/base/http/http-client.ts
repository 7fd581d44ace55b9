// The HTTP client of everything that asks a server: proxies, redirects, retries and limits in one place.
import {setTimeout as sleep} from 'node:timers/promises';
import {type Env, proxyFor} from './address/proxy-for.ts';
import {decodedExchange} from './decode-body.ts';
import {exchangeDirectly} from './direct-exchange.ts';
import {type Exchange, type HttpHead, headOf, type Limits, unreachable} from './exchange.ts';
import {type Reply, replyOf} from './http-reply.ts';
import {type HttpRequest, Journey, type JourneyOptions} from './journey.ts';
import type {Sink, UndiciClient} from './undici-client.ts';

export interface HttpOptions extends JourneyOptions, Partial<Limits> {
  readonly env: Env;
  /** What to do when no reply comes, one sentence. */
  readonly hint: string;
  /** Whether also this machine is asked through the proxy. Default false. */
  readonly proxiesLoopback?: boolean;
}

const CONNECT_MS = 10_000;

export class HttpClient {
  readonly #options: HttpOptions;
  readonly #limits: Limits;
  #undici: Promise<UndiciClient> | undefined;

  /** Limits that are not given: 10 s for a connection, none for a reply, which may be thought about for minutes. */
  constructor(options: HttpOptions) {
    this.#options = options;
    const {connectMs = CONNECT_MS, replyMs = 0, idleMs = 0} = options;
    this.#limits = {connectMs, replyMs, idleMs};
  }

  /**
   * The reply to a request, whatever its status: a busy server's when the retries or the patience are spent, and a redirect that may not be followed as it is.
   * @throws EngineError `backend_unreachable` when no reply comes, `usage` for a wrong proxy or a key that may not go
   * there; the signal's reason.
   */
  async send(request: HttpRequest, signal: AbortSignal): Promise<Reply> {
    const journey = new Journey(request, this.#options);
    for (;;) {
      const {url} = journey;
      const proxy = this.#proxy(url);
      const broken = (cause: unknown) => unreachable(url, proxy, cause, this.#options.hint);
      let wait: number | undefined;
      let exchange: Exchange | undefined;
      try {
        exchange = await this.#exchange(journey, proxy, signal);
        wait = journey.next(headOf(exchange));
      } catch (cause) {
        signal.throwIfAborted();
        wait = journey.nextTry(cause);
        if (wait === undefined) throw broken(cause);
      }
      if (exchange && wait === undefined) {
        const {host} = new URL(url);
        return replyOf(await decodedExchange(exchange, host), {host, idleMs: this.#limits.idleMs, broken});
      }
      exchange?.body.destroy();
      await pause(wait ?? 0, signal);
    }
  }

  /**
   * Hands the body of a GET over while it comes, in memory that is used again. `open` sees the head first, of the reply
   * that `send` would give, and says where the bytes go; without a sink they are dropped. Resolves at the end of the body.
   * A connection that breaks is not tried again: the caller knows how much came.
   * @throws what `open` or the sink throws; EngineError `backend_unreachable` when no reply comes or the connection
   * breaks, `usage` for a wrong proxy or a key that may not go there; the signal's reason.
   */
  async receive(
    url: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    open: (head: HttpHead) => Sink | undefined,
  ): Promise<void> {
    const journey = new Journey({method: 'GET', url, headers}, this.#options);
    const undici = await this.#loadUndici();
    for (;;) {
      const place = journey.url;
      const proxy = this.#proxy(place);
      let wait: number | undefined;
      const look = (head: HttpHead) => {
        wait = journey.next(head);
        return wait === undefined ? open(head) : undefined;
      };
      const failed = (cause: unknown) => unreachable(place, proxy, cause, this.#options.hint);
      try {
        await undici.receive(journey.wireRequest, proxy, signal, look, failed);
        if (wait === undefined) return;
      } catch (error) {
        signal.throwIfAborted();
        if (wait === undefined) throw error;
      }
      await pause(wait, signal);
    }
  }

  /** Ends the connections that are kept for further requests. */
  async close(): Promise<void> {
    await (await this.#undici)?.close();
  }

  async #exchange({wireRequest}: Journey, proxy: string | undefined, signal: AbortSignal): Promise<Exchange> {
    const isTunnel = proxy !== undefined && wireRequest.url.startsWith('https:');
    if (!isTunnel) return exchangeDirectly(wireRequest, this.#limits, signal, proxy);
    return (await this.#loadUndici()).exchange(wireRequest, proxy, signal);
  }

  #loadUndici(): Promise<UndiciClient> {
    this.#undici ??= import('./undici-client.ts').then(({UndiciClient: Client}) => new Client(this.#limits));
    return this.#undici;
  }

  #proxy(url: string): string | undefined {
    const {env, proxiesLoopback: loopback = false} = this.#options;
    return proxyFor(url, env, {loopback});
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, {signal}).catch(() => {});
  signal.throwIfAborted();
}
