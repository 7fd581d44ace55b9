// Who may talk to the server: API keys in constant time, and a Host check against DNS rebinding.
import {createHash, timingSafeEqual} from 'node:crypto';
import type {IncomingHttpHeaders} from 'node:http';
import {HttpError} from './http-error.ts';

const digest = (key: string) => createHash('sha256').update(key).digest();

const KEY_HEADERS = ['x-api-key', 'api-key'];

/** Every key a request presents: `Authorization: Bearer|Api-Key KEY`, `X-Api-Key`, `api-key`. */
function presentedKeys(headers: IncomingHttpHeaders): string[] {
  const [, fromScheme] = /^(?:bearer|api-key) +(\S+) *$/i.exec(headers.authorization ?? '') ?? [];
  return [fromScheme, ...KEY_HEADERS.map((name) => headers[name])].filter((key) => typeof key === 'string');
}

/**
 * A check that throws 401 unless one of the keys is presented, and returns which: its place in the list. Without keys it lets
 * everyone in.
 */
export function keyCheck(keys: readonly string[]): (headers: IncomingHttpHeaders) => number | undefined {
  const digests = keys.map(digest);
  return (headers) => {
    if (digests.length === 0) return undefined;
    const presented = presentedKeys(headers).map(digest);
    // Every pair is compared, so that the time taken does not tell which key came close.
    const matches = digests.map((known) => presented.map((mine) => timingSafeEqual(mine, known)).includes(true));
    if (matches.includes(true)) return matches.indexOf(true);
    const message = presented.length > 0 ? 'invalid API key' : 'missing API key';
    throw new HttpError(401, `${message}; send it as 'Authorization: Bearer KEY'`, {code: 'invalid_api_key'});
  };
}

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];

/** True for the addresses only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/**
 * A check that throws 403 for a Host header that names neither this machine nor an allowed host. A web page of
 * another site can make a browser send requests here, but only under its own name.
 */
export function hostCheck(allowed: readonly string[]): (headers: IncomingHttpHeaders) => void {
  const names = new Set([...LOOPBACK_NAMES, ...allowed.map((name) => name.toLowerCase())]);
  return ({host = ''}) => {
    const name = host.replace(/:\d*$/, '').toLowerCase();
    if (names.has(name)) return;
    throw new HttpError(403, 'unexpected Host header; allow it with --allowed-host', {
      code: 'host_not_allowed',
    });
  };
}

/** Schemes of programs that show their own pages, such as editors. */
const APP_ORIGIN = /^(?:vscode-webview|vscode-file|app|tauri):/;
const LOOPBACK_ORIGIN = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/;
/** Methods by which a page can start nothing here. */
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * A check that throws 403 for a request that a page of another site makes a browser send: the page may not read the
 * answer, but would keep the machine busy. Programs that are no browsers send no Origin.
 */
export function originCheck(allowed: readonly string[]): (method: string, headers: IncomingHttpHeaders) => void {
  const names = new Set(allowed.map((name) => name.toLowerCase()));
  const isAllowed = (origin: string) =>
    names.has('*') || names.has(origin) || LOOPBACK_ORIGIN.test(origin) || APP_ORIGIN.test(origin);
  return (method, {origin, 'sec-fetch-site': site}) => {
    if (SAFE_METHODS.includes(method)) return;
    if (origin === undefined ? site !== 'cross-site' || names.has('*') : isAllowed(origin.toLowerCase())) return;
    throw new HttpError(403, 'a page of another site may not use this server; --cors-origin permits one', {
      code: 'origin_not_allowed',
    });
  };
}
