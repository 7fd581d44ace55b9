// A server that speaks OpenAI's or Mistral's API: its address, its key, its refusals as errors, its streams as texts.
import {EngineError} from '../../base/errors.ts';
import {HttpClient} from '../../base/http/http-client.ts';
import type {Reply} from '../../base/http/http-reply.ts';
import type {Env} from '../../base/http/proxy-for.ts';
import {readEvents} from '../../base/http/server-sent-events.ts';

export interface ServerOptions {
  /** The API's base, such as `http://host:8000/v1`. */
  readonly url: string;
  /** Where proxies are named. */
  readonly env: Env;
  readonly apiKey?: string;
  /** Tries after the first one, while nothing has been answered. Default 3. */
  readonly retries?: number;
  /** Milliseconds before the first retry; doubled for each further one. Default 500. */
  readonly backoffMs?: number;
}

const RETRIES = 3;

export class RemoteServer {
  /** With the version, such as `http://host:8000/v1`; no slash at the end. */
  readonly url: string;
  readonly #http: HttpClient;

  /** @throws EngineError `usage` for a URL that is none. */
  constructor({url, env, apiKey, retries = RETRIES, backoffMs}: ServerOptions) {
    this.url = baseUrl(url);
    this.#http = new HttpClient({
      env,
      retries,
      hint: 'Is the server running, and is --url its address with /v1 at the end?',
      ...(backoffMs !== undefined && {backoffMs}),
      ...(apiKey !== undefined && {headers: {authorization: `Bearer ${apiKey}`}}),
    });
  }

  /** @throws EngineError `backend_unreachable`, or what the server says; the signal's reason. */
  get(url: string, signal: AbortSignal): Promise<Reply> {
    return this.#ask({method: 'GET', url}, signal);
  }

  /** @throws as `get`. */
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
  if (!/^https?:$/.test(URL.canParse(text) ? new URL(text).protocol : '')) {
    throw new EngineError('usage', `'${text}' is not an http address`, {
      hint: 'Give one such as http://localhost:8000/v1.',
    });
  }
  return text.replace(/\/+$/, '');
}

/** Mistral's own API: a key for it goes there without being told so. */
export function isMistral(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const {hostname} = new URL(url);
  return hostname === 'mistral.ai' || hostname.endsWith('.mistral.ai');
}

/** The text of each event of an answer; ends at [DONE] or with the body. */
export async function* answerChunks({body}: Reply): AsyncGenerator<string> {
  for await (const {data} of readEvents(body)) {
    if (data === '[DONE]') return;
    // Some servers keep a connection awake by it.
    if (data !== '') yield data;
  }
}
