// What a server's refusal means, in the shape of whichever server said it.
import {defined} from '../../base/defined.ts';
import {EngineError, type ErrorCode} from '../../base/errors.ts';
import {PROXY_PASSWORD} from '../../base/http/exchange.ts';
import type {Reply} from '../../base/http/http-reply.ts';
import {retryAfterMs} from '../../base/http/retry-after.ts';
import {refusalIn} from './server-words.ts';

const CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_request',
  404: 'model_not_found',
  422: 'invalid_request',
};
const HINTS: Readonly<Record<number, string>> = {
  401: 'Name the variable that holds your key with --api-key-env.',
  403: 'The key may not use this model or server.',
  404: 'Check --url (does it end in /v1?) and --remote-model.',
  407: PROXY_PASSWORD,
};

/** For the words of a refusal: one that is never written to its end has none. */
const BODY_MS = 10_000;

/** The error for a reply that is none of 200 to 299; its body is read. */
export async function failureOf(reply: Reply, url: string): Promise<EngineError> {
  const {status} = reply;
  const {host} = new URL(url);
  const late = setTimeout(() => reply.cancel(), BODY_MS);
  const body = await reply.text().catch(() => '');
  clearTimeout(late);
  const {message, code, param} = refusalIn(body);
  const tooLong = /context_length_exceeded|exceed_context|maximum context length/.test(`${code} ${message}`);
  const wait = retryAfterMs(reply.header('retry-after'), Date.now());
  const location = status >= 300 && status < 400 ? reply.header('location') : undefined;
  const said = location === undefined ? message : `it has moved to ${location}`;
  const hint = location === undefined ? (HINTS[status] ?? waiting(wait)) : MOVED;
  // Our own server's code; others have none for it.
  const known = code?.startsWith('unsupported ') ? 'unsupported' : CODES[status];
  return new EngineError(
    tooLong ? 'context_length_exceeded' : (known ?? 'backend_failed'),
    `${host} answered ${status}: ${said}`,
    defined({hint, param, remote: defined({status, message, code: code || undefined, retryAfterMs: wait})}),
  );
}

const MOVED = 'A key and a prompt are not sent on to another address: give that one with --url if it is the right one.';

function waiting(ms: number | undefined): string | undefined {
  return ms ? `The server asks to wait ${Math.ceil(ms / 1000)} s.` : undefined;
}
