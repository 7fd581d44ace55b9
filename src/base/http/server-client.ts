// Requests to a cluster: retried while nothing has been answered, told as EngineErrors, read as server-sent events.
import {setTimeout as sleep} from 'node:timers/promises';
import {EngineError, type ErrorCode, type RemoteRefusal} from '../errors.ts';
import {type Reply, send} from './send.ts';

export interface HttpOptions {
  /** With the version, such as `http://host:8000/v1`; no slash at the end. */
  readonly url: string;
  readonly apiKey?: string;
  /** Tries after the first one, while nothing has been answered. */
  readonly retries: number;
  /** Before the first retry; doubled for each further one. */
  readonly backoffMs: number;
}

const RETRIED = new Set([429, 502, 503, 504]);
/** A server that wants to be left alone for longer is reported instead of waited for. */
const LONGEST_WAIT_MS = 60_000;

export class RemoteHttp {
  readonly #options: HttpOptions;

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  get url(): string {
    return this.#options.url;
  }

  /** A GET that need not succeed: undefined for anything but a 200 with JSON. */
  async probe(url: string, signal: AbortSignal): Promise<unknown> {
    const reply = await this.#once('GET', url, undefined, signal);
    if (reply instanceof Error) return undefined;
    try {
      return isOk(reply) ? (JSON.parse(await reply.text()) as unknown) : reply.cancel();
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  }

  /** @throws EngineError once the retries are spent; the signal's reason when it aborts. */
  async send(method: 'GET' | 'POST', url: string, body: string | undefined, signal: AbortSignal): Promise<Reply> {
    const {retries, backoffMs} = this.#options;
    for (let attempt = 0; ; attempt++) {
      const reply = await this.#once(method, url, body, signal);
      const failed = reply instanceof Error;
      if (!failed && isOk(reply)) return reply;
      const wait = failed ? undefined : retryAfterMs(reply);
      const retriable = failed || RETRIED.has(reply.status);
      if (!retriable || attempt >= retries || (wait ?? 0) > LONGEST_WAIT_MS) {
        throw failed ? unreachable(url, reply) : await refusal(reply, url);
      }
      if (!failed) reply.cancel();
      await sleep(wait ?? backoffMs * 2 ** attempt, undefined, {signal});
    }
  }

  async #once(
    method: 'GET' | 'POST',
    url: string,
    body: string | undefined,
    signal: AbortSignal,
  ): Promise<Reply | Error> {
    try {
      return await send({method, url, headers: this.#headers(), ...(body !== undefined && {body})}, signal);
    } catch (error) {
      signal.throwIfAborted();
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  #headers(): Record<string, string> {
    const {apiKey} = this.#options;
    return {'content-type': 'application/json', ...(apiKey !== undefined && {authorization: `Bearer ${apiKey}`})};
  }
}

const isOk = ({status}: Reply) => status >= 200 && status < 300;

function retryAfterMs({retryAfter}: Reply): number | undefined {
  const seconds = Number(retryAfter ?? Number.NaN);
  return seconds >= 0 ? seconds * 1000 : undefined;
}

function unreachable(url: string, error: Error): EngineError {
  // Where a name has several addresses, what happened at the last of them.
  const cause = error instanceof AggregateError ? (error.errors.at(-1) as Error).message : error.message;
  return new EngineError('backend_unreachable', `${new URL(url).host} cannot be reached: ${cause || 'no reply'}`, {
    hint: 'Is the server running, and is --url its address with /v1 at the end?',
    cause: error,
  });
}

const CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_request',
  404: 'model_not_found',
  422: 'invalid_request',
};
const HINTS: Readonly<Record<number, string>> = {
  401: 'Name the variable that holds your key with --api-key-env.',
  403: 'The key may not use this model or server.',
  404: 'Check --url (does it end in /v1?) and --remote-model.',
};

/** What a refused request says, in the shape of whichever server said it. */
async function refusal(reply: Reply, url: string): Promise<EngineError> {
  const text = (await reply.text().catch(() => '')).slice(0, 2000);
  const {message, code, param} = errorFields(text);
  const tooLong = /context_length_exceeded|exceed_context|maximum context length/.test(`${code} ${message}`);
  // Our own server's code; others have none for it.
  const known = code?.startsWith('unsupported ') ? 'unsupported' : CODES[reply.status];
  const errorCode = tooLong ? 'context_length_exceeded' : (known ?? 'backend_failed');
  const hint = HINTS[reply.status];
  return new EngineError(errorCode, `${new URL(url).host} answered ${reply.status}: ${message}`, {
    ...(hint !== undefined && {hint}),
    ...(param !== undefined && {param}),
    remote: remoteOf(reply, message, code),
  });
}

function remoteOf(reply: Reply, message: string, code: string | undefined): RemoteRefusal {
  const wait = retryAfterMs(reply);
  return {status: reply.status, message, ...(code && {code}), ...(wait !== undefined && {retryAfterMs: wait})};
}

interface ErrorFields {
  readonly message: string;
  readonly code?: string;
  readonly param?: string;
}

function errorFields(text: string): ErrorFields {
  try {
    const body = JSON.parse(text) as {
      error?: Omit<ErrorFields, 'code'> & {code?: unknown; type?: string};
      message?: string;
      detail?: unknown;
    };
    const {message, code, type, param} = body.error ?? {message: undefined};
    const told = message ?? body.message ?? (body.detail === undefined ? text : JSON.stringify(body.detail));
    return {message: told, code: `${String(code ?? '')} ${type ?? ''}`.trim(), ...(param && {param})};
  } catch {
    return {message: text.trim() || 'nothing'};
  }
}

/** The data of each server-sent event; ends at [DONE] or with the body. */
export async function* serverEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, {stream: true})).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const data = /^data: ?(.*)$/.exec(line)?.[1];
      if (data === '[DONE]') return;
      if (data !== undefined) yield data;
    }
  }
}
