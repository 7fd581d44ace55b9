// The HTTP client of downloads, and what a refusal means there.
import {EngineError} from '../../../base/errors.ts';
import type {HttpHead} from '../../../base/http/exchange.ts';
import {HttpClient, type HttpOptions} from '../../../base/http/http-client.ts';
import {BUSY} from '../../../base/http/journey.ts';
import {retryAfterMs} from '../../../base/http/retry-after.ts';

/** Times a thing is tried before it is given up. */
export const ATTEMPTS = 6;
/** A stalled connection is given up and tried again. */
const STALLED_MS = 30_000;

export interface DownloadClientOptions extends Pick<HttpOptions, 'env' | 'backoffMs'> {
  /** Sent to the host that is asked; the redirects to where the files lie do not get it. */
  readonly token?: string | undefined;
}

/**
 * A client that waits for a busy server. A connection that breaks is for its caller to take up, who knows how much came.
 * Other than `--url` it goes through the proxy to this machine too, where a mirror may be a tunnel's end.
 */
export function downloadClient({token, backoffMs = 1000, env}: DownloadClientOptions): HttpClient {
  return new HttpClient({
    env,
    backoffMs,
    retries: ATTEMPTS - 1,
    retriesLost: false,
    leavesOrigin: true,
    proxiesLoopback: true,
    replyMs: STALLED_MS,
    idleMs: STALLED_MS,
    hint: 'Check the network and HTTPS_PROXY; what was downloaded is kept, the same command goes on with it.',
    ...(token !== undefined && {headers: {authorization: `Bearer ${token}`}}),
  });
}

/** The error a reply means for this address; `page` is where terms can be accepted. */
export function statusError(url: string, head: HttpHead, page?: string): EngineError {
  const {host} = new URL(url);
  const {status} = head;
  const wait = retryAfterMs(head.header('retry-after'), Date.now());
  const remote = {status, message: '', ...(wait !== undefined && {retryAfterMs: wait})};
  if (status === 401 || status === 403) {
    return new EngineError('model_not_found', `${host} refuses ${url} (${status}): the model is gated or private`, {
      hint: `Accept the terms on ${page ?? 'its page'}, then set HF_TOKEN to a token of yours.`,
      remote,
    });
  }
  if (status === 404) {
    return new EngineError('model_not_found', `${host} has no ${url} (404)`, {hint: 'Check the name.', remote});
  }
  if (status === 416) {
    return new EngineError('model_invalid', `${host} has less of ${url} than it said (416)`, {
      hint: 'The file has changed or the server is wrong: pull it again.',
      remote,
    });
  }
  const hint = wait ? `The server asks to wait ${Math.ceil(wait / 1000)} s.` : 'Try again later.';
  return new EngineError('backend_failed', `${host} answered ${status} for ${url}`, {hint, remote});
}

/** True for a failure that trying again cannot mend: the client has waited for a busy server already. */
export function isRefused(error: unknown): boolean {
  if (!(error instanceof EngineError)) return false;
  return /^(model_not_found|model_invalid|disk_full|io)$/.test(error.code) || BUSY.has(error.remote?.status ?? 0);
}
