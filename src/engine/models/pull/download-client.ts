// The HTTP client of downloads, and what a refusal means there.
import {EngineError} from '../../../base/errors.ts';
import {reasonOf} from '../../../base/files/file-error.ts';
import {type HttpHead, LateError} from '../../../base/http/exchange.ts';
import {HttpClient, type HttpOptions} from '../../../base/http/http-client.ts';
import type {Wait} from '../../../base/http/journey.ts';
import {askedToWaitMs} from '../../../base/http/retry-after.ts';

/** Times a thing is tried before it is given up. */
export const ATTEMPTS = 6;
/** A stalled connection is given up and tried again. */
const STALLED_MS = 30_000;
/** The longest wait, in milliseconds, that no server asked for, and all waits for one thing together. */
const LONGEST_BACKOFF_MS = 8000;
const PATIENCE_MS = 300_000;
/** Failures of a connection that had begun, or of a network that is away for a moment; a wrong name or a wrong certificate
 * is the same the next time. */
const PASSING = /^(ECONNRESET|EPIPE|ETIMEDOUT|EAI_AGAIN|ENETDOWN|ENETUNREACH|EHOSTUNREACH|UND_ERR_SOCKET)$/;

export interface DownloadClientOptions extends Pick<HttpOptions, 'env' | 'backoffMs' | 'waiting'> {
  /** Sent to the host that is asked; the redirects to where the files lie do not get it. */
  readonly token?: string | undefined;
}

/**
 * A client that waits for a busy server, the hub's lists and its files alike, and takes up a connection that broke before
 * the reply. Other than `--url` it goes through the proxy to this machine too, where a mirror may be a tunnel's end.
 */
export function downloadClient({token, backoffMs = 1000, ...options}: DownloadClientOptions): HttpClient {
  return new HttpClient({
    ...options,
    backoffMs,
    retries: ATTEMPTS - 1,
    longestBackoffMs: LONGEST_BACKOFF_MS,
    patienceMs: PATIENCE_MS,
    isBusy: isBusyStatus,
    isWorthAgain: isPassing,
    leavesOrigin: true,
    proxiesLoopback: true,
    replyMs: STALLED_MS,
    idleMs: STALLED_MS,
    hint: 'Check the network and HTTPS_PROXY; what was downloaded is kept, the same command goes on with it.',
    ...(token !== undefined && {headers: {authorization: `Bearer ${token}`}}),
  });
}

/** Statuses of a server that may answer the next time. */
function isBusyStatus(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501);
}

/** Whether a connection that failed so may hold the next time. */
export function isPassing(cause: unknown): boolean {
  const last = cause instanceof AggregateError ? cause.errors.at(-1) : cause;
  return last instanceof LateError || PASSING.test((last as NodeJS.ErrnoException | undefined)?.code ?? '');
}

/** A wait as one line. */
export function waitLine({host, ms, isAsked, status, cause}: Wait): string {
  const seconds = `${Math.ceil(ms / 1000)} s`;
  if (status === undefined) return `the connection to ${host} failed (${reasonOf(cause)}): trying again in ${seconds}`;
  return isAsked
    ? `${host} asks to wait ${seconds} (${status})`
    : `${host} answered ${status}: trying again in ${seconds}`;
}

/** The error a reply means for this address; `page` is where terms can be accepted. */
export function statusError(url: string, head: HttpHead, page?: string): EngineError {
  const {host} = new URL(url);
  const {status} = head;
  const wait = askedToWaitMs(head, Date.now());
  const remote = {status, message: '', ...(wait !== undefined && {retryAfterMs: wait})};
  if (status === 401 || status === 403) {
    return new EngineError('model_not_found', `${host} refuses ${url} (${status}): the model is gated or private`, {
      hint: `Accept the terms on ${page ?? 'its page'}, then set HF_TOKEN to your token.`,
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
  return /^(model_not_found|model_invalid|disk_full|io)$/.test(error.code) || isBusyStatus(error.remote?.status ?? 0);
}
