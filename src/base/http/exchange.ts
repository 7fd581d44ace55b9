// What one request and its reply are made of, whichever way they go.
import type {Readable} from 'node:stream';
import {EngineError} from '../errors.ts';

/** A request with all its headers. */
export interface WireRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/** Milliseconds; 0 is no limit. */
export interface Limits {
  /** Until the connection stands. */
  readonly connectMs: number;
  /** Until the head of the reply. */
  readonly replyMs: number;
  /** Between two pieces of its body. */
  readonly idleMs: number;
}

export interface Exchange {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readable;
}

export interface HttpHead {
  readonly status: number;
  /** 200 to 299. */
  readonly ok: boolean;
  /** The first value of a header; the name in small letters. */
  header(name: string): string | undefined;
}

/** A server that takes longer than it may. */
export class LateError extends Error {
  readonly what: 'connection' | 'reply' | 'body';
  readonly ms: number;

  constructor(what: LateError['what'], ms: number) {
    super(`no ${what} within ${ms} ms`);
    this.what = what;
    this.ms = ms;
  }
}

/** A proxy that opens no tunnel: what it answered in its place. */
export class TunnelRefusal extends Error {
  readonly status: number;

  constructor(status: number, cause: unknown) {
    super(`it answered ${status}`, {cause});
    this.status = status;
  }
}

export function headOf({status, headers}: Pick<Exchange, 'status' | 'headers'>): HttpHead {
  const header = (name: string) => {
    const value = headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  return {status, ok: status >= 200 && status < 300, header};
}

export const PROXY_PASSWORD = 'The proxy wants a name and password: HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT.';

/** The error for a server that gave no reply, or broke it off: with the proxy it was asked through, and what to do. */
export function unreachable(url: string, proxy: string | undefined, cause: unknown, hint: string): EngineError {
  const {host} = new URL(url);
  const way = proxy === undefined ? '' : ` through the proxy ${new URL(proxy).host}`;
  const what = cause instanceof LateError ? late(cause, way) : `cannot be reached${way}: ${reason(cause)}`;
  const past = proxy === undefined ? '' : ' NO_PROXY names hosts that are reached without the proxy.';
  const next = cause instanceof TunnelRefusal && cause.status === 407 ? PROXY_PASSWORD : hint;
  return new EngineError('backend_unreachable', `${host} ${what}`, {hint: `${next}${past}`, cause});
}

function late({what, ms}: LateError, way: string): string {
  const seconds = `${ms / 1000} s`;
  if (what === 'connection') return `cannot be reached${way}: no connection within ${seconds}`;
  return what === 'reply' ? `did not answer within ${seconds}` : `sent nothing more for ${seconds}`;
}

/** The system's name of a failure, or a sentence where it has none of the system. */
function reason(error: unknown): string {
  // Where a name has several addresses, what happened at the last of them.
  const {code, message} = (error instanceof AggregateError ? error.errors.at(-1) : error) as NodeJS.ErrnoException;
  return (code?.startsWith('UND_') ? message : (code ?? message)) || 'no reply';
}

/** A name and password in an address, as `Basic` credentials (RFC 7617). */
export function basicAuthorization(url: string): string | undefined {
  const {username, password} = new URL(url);
  if (username === '' && password === '') return undefined;
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A per cent sign that stands for itself.
    return text;
  }
}

/** The address without a name and password. */
export function withoutCredentials(url: string): string {
  const target = new URL(url);
  target.username = '';
  target.password = '';
  return target.href;
}
