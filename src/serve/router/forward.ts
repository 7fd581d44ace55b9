// Passes one request on to the process of its model, and the answer back as it comes: neither held up nor faster than it is read.

import {request as connect, type IncomingMessage} from 'node:http';
import type {FastifyReply, FastifyRequest} from 'fastify';
import {defined} from '../../base/defined.ts';
import {parsePlainJson} from '../../base/plain-json.ts';
import {anything, object, optional, text} from '../../base/shape.ts';
import {keyIndexHeaders} from '../http/behind-router.ts';
import {REQUEST_ID_HEADER} from '../http/request-id.ts';
import {type ErrorStyle, HttpError} from '../http-error.ts';
import {SSE} from '../reply/event-stream.ts';
import {WARNINGS_HEADER} from '../reply/told.ts';
import type {RunningModel} from './model-pool.ts';

/** A model whose process answers HTTP on a socket of this machine. */
export interface ReachableModel extends RunningModel {
  /** The path of the socket, or on Windows of the pipe. */
  readonly socketPath: string;
  /** Whoever has it is believed to be the router. */
  readonly key: string;
}

export interface Forwarded {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** The request's body as it came. */
  readonly bytes: Buffer | undefined;
  /** The model's name, for what is said of it. */
  readonly model: string;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
  /** The last event of a stream that fails. */
  readonly failure: (error: HttpError, last: Buffer | undefined) => string;
}

/** What a model's process looks at; keys and names of hosts are the router's business. */
const PASSED_ON = ['accept', 'anthropic-version'];
/** Of this connection, not of the answer. */
const OWN_HEADERS = new Set(['connection', 'keep-alive', 'transfer-encoding', 'date']);
/** Of a refusal; a model's process says no more than a sentence. */
const MOST_ERROR_BYTES = 1 << 20;
const NDJSON = 'application/x-ndjson';

/**
 * Resolves when the answer has been passed on to its end, or the client has left.
 * @throws HttpError `engine_failed` when the process ends before it answers; the signal's reason.
 */
export async function forward(to: ReachableModel, what: Forwarded): Promise<void> {
  const incoming = await answerOf(to, what);
  const {reply} = what;
  if (!reply.raw.headersSent) return await passOn(incoming, what);
  // The head of a stream has been sent while the model was loaded: what would have been in another is told in the stream.
  if (incoming.statusCode !== 200 || !isEvents(incoming)) return await tellRefusal(incoming, what);
  const warnings = incoming.headers[WARNINGS_HEADER];
  if (typeof warnings === 'string') reply.raw.write(`: ${WARNINGS_HEADER} ${warnings}\n\n`);
  await pipe(incoming, what);
}

/** The body of a GET that a process answers itself. @throws as `forward` does. */
export async function fetchText({socketPath, key}: ReachableModel, path: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const headers = {host: 'localhost', authorization: `Bearer ${key}`};
    const outgoing = connect({socketPath, path, headers, agent: false}, (incoming) => {
      readText(incoming, Number.POSITIVE_INFINITY).then(resolve, reject);
    });
    outgoing.on('error', reject).end();
  });
}

const isEvents = ({headers}: IncomingMessage) => headers['content-type']?.startsWith('text/event-stream') === true;

function answerOf({socketPath, key}: ReachableModel, what: Forwarded): Promise<IncomingMessage> {
  const {request, bytes, signal, model} = what;
  const passed = PASSED_ON.flatMap((name) => {
    const value = request.headers[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  const headers = {
    ...Object.fromEntries(passed),
    ...keyIndexHeaders(request.keyIndex),
    host: 'localhost',
    authorization: `Bearer ${key}`,
    [REQUEST_ID_HEADER]: request.id,
    ...(bytes && {'content-type': 'application/json', 'content-length': String(bytes.length)}),
  };
  const {method, url: path} = request.raw;
  return new Promise((resolve, reject) => {
    const outgoing = connect({socketPath, method, path, headers, agent: false, signal}, resolve);
    outgoing.on('error', (error) => reject(signal.aborted ? signal.reason : gone(model, error)));
    outgoing.end(bytes);
  });
}

function gone(model: string, cause?: unknown): HttpError {
  const message = `the process of the model '${model}' ended before its answer did; the server's log says why`;
  return new HttpError(500, message, {code: 'engine_failed', cause});
}

async function passOn(incoming: IncomingMessage, what: Forwarded): Promise<void> {
  const {reply} = what;
  const own = Object.entries(incoming.headers).filter(([name]) => !OWN_HEADERS.has(name));
  const {raw} = reply.hijack();
  raw.writeHead(incoming.statusCode ?? 502, {
    ...(reply.getHeaders() as Record<string, string>),
    ...Object.fromEntries(own),
  });
  raw.flushHeaders();
  await pipe(incoming, what);
}

/** As fast as the client reads; nothing of it is kept but the last piece. */
function pipe(incoming: IncomingMessage, {reply: {raw}, failure, model}: Forwarded): Promise<void> {
  return new Promise((resolve) => {
    let last: Buffer | undefined;
    const settle = () => {
      raw.off('close', settle);
      resolve();
    };
    incoming.on('data', (chunk: Buffer) => {
      last = chunk;
    });
    incoming.on('end', () => {
      raw.end();
      settle();
    });
    // The process is gone, or has cut the client off for reading nothing.
    incoming.on('error', () => {
      const error = gone(model);
      const told = raw.writableNeedDrain ? undefined : endingOf(incoming, () => failure(error, last), error);
      raw.statusCode = error.status;
      if (told === undefined) raw.destroy();
      else raw.end(told);
      settle();
    });
    raw.on('close', settle);
    incoming.pipe(raw, {end: false});
  });
}

/** What ends a broken stream; undefined where nothing can, and the connection has to say it. */
function endingOf({headers}: IncomingMessage, event: () => string, error: HttpError): string | undefined {
  const type = headers['content-type'] ?? '';
  if (type === SSE) return event();
  return type.startsWith(NDJSON) ? `${JSON.stringify({error: error.message})}\n` : undefined;
}

async function tellRefusal(incoming: IncomingMessage, {reply: {raw}, failure}: Forwarded): Promise<void> {
  const status = incoming.statusCode ?? 502;
  const error = refusalIn(await readText(incoming, MOST_ERROR_BYTES), status);
  raw.statusCode = error.status;
  raw.end(failure(error, undefined));
}

const refusalShape = object({error: optional(anything)});
const wordsShape = object({message: optional(text), code: optional(anything), param: optional(anything)});
const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined);

/** The error of a reply, whatever dialect it is in. */
function refusalIn(reply: string, status: number): HttpError {
  try {
    const {error = {}} = refusalShape(parsePlainJson(reply));
    if (typeof error === 'string') return new HttpError(status, error);
    const {message = `the model answered with status ${status}`, code, param} = wordsShape(error);
    return new HttpError(status, message, defined({code: textOf(code), param: textOf(param)}));
  } catch {
    // No JSON of ours: the status says what there is to say.
    return new HttpError(status, `the model answered with status ${status}`);
  }
}

async function readText(incoming: IncomingMessage, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Whose streams take comments, which all of their clients pass over. */
const TAKE_COMMENTS: readonly ErrorStyle[] = ['openai', 'responses', 'anthropic', 'llama'];
const COMMENT_MS = 5000;

/**
 * Keeps a client that asked for server-sent events: after five seconds it gets the head of its stream and a comment, and another
 * every five seconds until the returned function is called. Others just wait.
 */
export function keepAwake(reply: FastifyReply, style: ErrorStyle, streams: boolean, everyMs = COMMENT_MS): () => void {
  if (!streams || !TAKE_COMMENTS.includes(style)) return () => {};
  const timer = setInterval(() => {
    const {raw} = reply;
    if (!raw.headersSent) {
      reply.hijack();
      const own = reply.getHeaders() as Record<string, string>;
      raw.writeHead(200, {...own, 'content-type': SSE, 'cache-control': 'no-cache', 'x-accel-buffering': 'no'});
    }
    if (!raw.writableNeedDrain) raw.write(': loading\n\n');
  }, everyMs);
  return () => clearInterval(timer);
}
