// A server that speaks OpenAI's or Mistral's API: its address, its key, its refusals as errors, its streams as texts.
import {defined} from '../../base/defined.ts';
import {EngineError} from '../../base/errors.ts';
import {isHttpAddress, isWithin} from '../../base/http/address/host-kinds.ts';
import type {Insisting} from '../../base/http/address/key-rule.ts';
import type {Env} from '../../base/http/address/proxy-for.ts';
import {HttpClient} from '../../base/http/http-client.ts';
import type {Reply} from '../../base/http/http-reply.ts';
import {within} from '../../base/signals.ts';

export interface ServerOptions {
  /** The API's base, such as `http://host:8000/v1`. */
  readonly url: string;
  /** Where proxies are named. */
  readonly env: Env;
  readonly apiKey?: string;
  /** For a key that is to go over plain http to a server outside of private networks. */
  readonly keyOverHttp?: Insisting;
  /** Tries after the first one, while nothing has been answered. Default 3. */
  readonly retries?: number;
  /** Milliseconds before the first retry; doubled for each further one. Default 500. */
  readonly backoffMs?: number;
  readonly limits?: ServerLimits;
}

/** Milliseconds; 0 is no limit. */
export interface ServerLimits {
  /** Until the connection stands. */
  readonly connectMs: number;
  /** Until the head of a reply. */
  readonly replyMs: number;
  /** Between two pieces of an answer. */
  readonly idleMs: number;
}

/** Models that think in silence take minutes; ten of them is also what OpenAI's own clients wait for. */
export const SERVER_LIMITS: ServerLimits = {connectMs: 10_000, replyMs: 600_000, idleMs: 600_000};

const RETRIES = 3;
const HINT = 'Is the server running, and is --url its address with /v1 at the end?';
/** For what a server has at hand, such as the list of its models; also for the whole of it. */
const AT_HAND_MS = 60_000;

export class RemoteServer {
  /** With the version, such as `http://host:8000/v1`; no slash at the end. */
  readonly url: string;
  /** With the port, as failures name the server. */
  readonly host: string;
  /** Milliseconds for which nothing of an answer may come; 0 is no limit. */
  readonly idleMs: number;
  readonly #http: HttpClient;
  readonly #atHandMs: number;

  /** @throws EngineError `usage` for a URL that is none. */
  constructor({url, env, apiKey, keyOverHttp, retries = RETRIES, backoffMs, limits = SERVER_LIMITS}: ServerOptions) {
    this.url = baseUrl(url);
    this.host = new URL(this.url).host;
    this.idleMs = limits.idleMs;
    this.#atHandMs = limits.replyMs === 0 ? AT_HAND_MS : Math.min(AT_HAND_MS, limits.replyMs);
    this.#http = new HttpClient({
      env,
      retries,
      connectMs: limits.connectMs,
      // Of a body it is the answer's own reader that counts: what only keeps a connection awake is no answer.
      replyMs: limits.replyMs,
      hint: HINT,
      ...defined({backoffMs, keyOverHttp, headers: apiKey ? {authorization: `Bearer ${apiKey}`} : undefined}),
    });
  }

  /**
   * What a server has at hand.
   * @throws EngineError `backend_unreachable`, `backend_failed` for what is no JSON, or what the server says; the
   * signal's reason.
   */
  async getJson(url: string, signal: AbortSignal): Promise<unknown> {
    const ms = this.#atHandMs;
    return await within({of: [signal], ms}, async (own) => {
      try {
        return await (await this.#ask({method: 'GET', url}, own)).json();
      } catch (error) {
        signal.throwIfAborted();
        if (!own.aborted) throw error;
        throw new EngineError('backend_unreachable', `${url} was not answered within ${ms / 1000} s`, {
          hint: HINT,
          cause: error,
        });
      }
    });
  }

  /** @throws EngineError `backend_unreachable`, or what the server says; the signal's reason. */
  post(url: string, body: string, signal: AbortSignal): Promise<Reply> {
    return this.#ask({method: 'POST', url, body}, signal);
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  async #ask(request: Parameters<HttpClient['send']>[0], signal: AbortSignal): Promise<Reply> {
    const reply = await this.#http.send(request, signal);
    if (reply.ok) return reply;
    const {failureOf} = await import('./failures.ts');
    throw await failureOf(reply, request.url);
  }
}

/** @throws EngineError `usage` */
function baseUrl(text: string): string {
  if (!isHttpAddress(text)) {
    throw new EngineError('usage', `'${text}' is not an http address`, {
      hint: 'Give one such as http://localhost:8000/v1.',
    });
  }
  return text.replace(/\/+$/, '');
}

/** Mistral's own API: a key for it goes there without being told so. */
export function isMistral(url: string): boolean {
  return URL.canParse(url) && isWithin(new URL(url).hostname, 'mistral.ai');
}
