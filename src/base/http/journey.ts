// One request on its way: what a redirect or a busy server makes of it, and where its secrets may go.
import {defined} from '../defined.ts';
import {isHttpAddress} from './address/host-kinds.ts';
import {checkKeyMayGo, type Insisting} from './address/key-rule.ts';
import {
  basicAuthorization,
  type HttpHead,
  LateError,
  TunnelRefusal,
  type WireRequest,
  withoutCredentials,
} from './exchange.ts';
import {askedToWaitMs} from './retry-after.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** Sent to whichever host. */
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON. Never sent to another origin by a redirect. */
  readonly body?: string;
}

export interface JourneyOptions {
  /**
   * Such as a key. Only sent to the origin of the address that is asked for, where a key may go: a redirect to another
   * loses them.
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the bodies hold a key, which may go to fewer addresses. Default false. */
  readonly hasKeyInBody?: boolean;
  /** For servers without TLS outside of private networks. Default: no key goes there. */
  readonly keyOverHttp?: Insisting;
  /** Tries after the first, while nothing was answered: no connection, or one of BUSY. Default 0. */
  readonly retries?: number;
  /** Milliseconds before the first retry where the server names none; doubled for each further one. Default 500. */
  readonly backoffMs?: number;
  /** The longest wait, in milliseconds, that no server asked for. Default: none. */
  readonly longestBackoffMs?: number;
  /** The most milliseconds that are waited in all: a server that asks for more is reported instead. Default 60 s. */
  readonly patienceMs?: number;
  /** Whether a server of this status is asked again. Default: the statuses of BUSY. */
  readonly isBusy?: (status: number) => boolean;
  /** Whether a connection that fails for this reason is tried again too. Default: for any. */
  readonly isWorthAgain?: (cause: unknown) => boolean;
  /** Hears of each wait when it begins. */
  readonly waiting?: (wait: Wait) => void;
  /** Whether a GET follows redirects to other origins, without `headers`. Default false: only within one origin. */
  readonly leavesOrigin?: boolean;
}

/** A wait before something is tried again, for whoever sits before it. */
export interface Wait {
  readonly host: string;
  readonly ms: number;
  /** Whether the server named the time. */
  readonly isAsked: boolean;
  /** Of the reply; undefined where there was none. */
  readonly status?: number;
  /** Why there was none. */
  readonly cause?: unknown;
}

/** Statuses of a server that did not begin with an answer. */
export const BUSY: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const PATIENCE_MS = 60_000;
const REDIRECTS = 5;
const BACKOFF_MS = 500;

export class Journey {
  readonly #request: HttpRequest;
  readonly #options: JourneyOptions;
  readonly #origin: string;
  readonly #authorization: string | undefined;
  #url: string;
  #redirects = 0;
  #attempt = 0;
  /** Milliseconds. */
  #waited = 0;
  /** Whether it never left the origin it was sent to. */
  #isHome = true;

  /** @throws EngineError `usage` for a key, or a name and password, that may not go to this address. */
  constructor(request: HttpRequest, options: JourneyOptions) {
    this.#request = request;
    this.#options = options;
    this.#origin = new URL(request.url).origin;
    this.#authorization = basicAuthorization(request.url);
    const isSecret = this.#authorization !== undefined || options.headers !== undefined || options.hasKeyInBody;
    if (isSecret) checkKeyMayGo(request.url, options.keyOverHttp);
    this.#url = plain(new URL(request.url));
  }

  /** Where it is now: without a name, password or fragment. */
  get url(): string {
    return this.#url;
  }

  /** What is sent now. */
  get wireRequest(): WireRequest {
    const {method, headers, body} = this.#request;
    const open = {
      'accept-encoding': 'identity',
      ...(body !== undefined && {'content-type': 'application/json'}),
      ...headers,
    };
    const authorization = this.#authorization;
    const secret = {...defined({authorization}), ...this.#options.headers};
    return {method, url: this.#url, body, headers: this.#isHome ? {...open, ...secret} : open};
  }

  /** After this head: milliseconds until the next request, or undefined when it is the head to hand over. */
  next(head: HttpHead): number | undefined {
    const target = this.#redirected(head);
    if (target !== undefined) {
      this.#redirects++;
      this.#isHome &&= target.origin === this.#origin;
      this.#url = plain(target);
      return 0;
    }
    const {isBusy = (status) => BUSY.has(status)} = this.#options;
    return isBusy(head.status) ? this.#backOff({status: head.status}, askedToWaitMs(head, Date.now())) : undefined;
  }

  /**
   * After no reply: the same, or undefined when it is to be reported. A server that is late has the request; a second
   * one would not be answered sooner. A proxy that refuses a tunnel does so again, unless it is only busy.
   */
  nextTry(cause: unknown): number | undefined {
    const {isWorthAgain = () => true} = this.#options;
    const isWorking = cause instanceof LateError && cause.what !== 'connection';
    const isRefused = cause instanceof TunnelRefusal && !BUSY.has(cause.status);
    return !isWorking && !isRefused && isWorthAgain(cause) ? this.#backOff({cause}) : undefined;
  }

  #backOff(why: Pick<Wait, 'status' | 'cause'>, asked?: number): number | undefined {
    const {retries = 0, backoffMs = BACKOFF_MS, longestBackoffMs = Infinity, patienceMs = PATIENCE_MS} = this.#options;
    if (this.#attempt >= retries) return undefined;
    const ms = asked ?? Math.min(longestBackoffMs, backoffMs * 2 ** this.#attempt);
    if (this.#waited + ms > patienceMs) return undefined;
    this.#attempt++;
    this.#waited += ms;
    this.#options.waiting?.({host: new URL(this.#url).host, ms, isAsked: asked !== undefined, ...why});
    return ms;
  }

  /** Where a redirect leads that may be followed. A body goes to no other origin; what was a POST stays one. */
  #redirected(head: HttpHead): URL | undefined {
    const isGet = this.#request.method === 'GET';
    const isRedirect = isGet ? /^30[12378]$/ : /^30[78]$/;
    const location = head.header('location');
    if (location === undefined || !isRedirect.test(String(head.status))) return undefined;
    if (this.#redirects >= REDIRECTS || !URL.canParse(location, this.#url)) return undefined;
    const target = new URL(location, this.#url);
    const mayLeave = isGet && this.#options.leavesOrigin === true;
    return isHttpAddress(target.href) && (mayLeave || target.origin === this.#origin) ? target : undefined;
  }
}

function plain(target: URL): string {
  const url = new URL(withoutCredentials(target.href));
  url.hash = '';
  return url.href;
}
