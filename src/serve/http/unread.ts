// Bytes that are no request: refused in the shape of every other refusal, before there is anything to route.
import type {Socket} from 'node:net';
import {errorBody, HttpError} from '../http-error.ts';
import {newRequestId, REQUEST_ID_HEADER} from './request-id.ts';

const REFUSALS: Readonly<Record<string, readonly [status: number, phrase: string, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'the request did not arrive in time'],
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'the head of the request is too long'],
};
const MALFORMED = [400, 'Bad Request', 'this is no HTTP/1.1 request'] as const;

/** Answers on the bare socket and closes it. */
export function refuseUnread({code}: {readonly code?: string} & Error, socket: Socket): void {
  // The other side is gone.
  if (code === 'ECONNRESET' || socket.destroyed) return;
  const [status, phrase, message] = REFUSALS[code ?? ''] ?? MALFORMED;
  const id = newRequestId();
  const body = JSON.stringify(errorBody(new HttpError(status, message), 'openai', undefined, id));
  const head = [
    `HTTP/1.1 ${status} ${phrase}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `${REQUEST_ID_HEADER}: ${id}`,
    'Connection: close',
  ];
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.destroySoon();
}
