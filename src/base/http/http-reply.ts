// A reply whose head has come, and its body within limits of size and time.
import type {Readable} from 'node:stream';
import {EngineError} from '../errors.ts';
import {parsePlainJson} from '../plain-json.ts';
import {type Exchange, type HttpHead, headOf, LateError} from './exchange.ts';

/** Its body is read once, by one of the three ways, or cancelled. */
export interface Reply extends HttpHead {
  /** Leaving it early closes the connection. It throws the system's error where the connection breaks. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The start of the body as text: 64 KiB by default. @throws EngineError `backend_unreachable` when it breaks off. */
  text(limit?: number): Promise<string>;
  /**
   * The whole body, which has to be JSON of 64 MiB at most by default, and of 64 levels.
   * @throws EngineError `backend_failed` when it is not, `backend_unreachable` when it breaks off.
   */
  json(limit?: number): Promise<unknown>;
  /** For a reply nobody reads. */
  cancel(): void;
}

export interface ReplyOptions {
  readonly host: string;
  /** Milliseconds between two pieces of the body; 0 is no limit. */
  readonly idleMs: number;
  /** The error for a body that breaks off. */
  readonly broken: (cause: unknown) => EngineError;
}

const TEXT_BYTES = 64 << 10;
const JSON_BYTES = 64 << 20;

export function replyOf(exchange: Exchange, {host, idleMs, broken}: ReplyOptions): Reply {
  const body: AsyncIterable<Uint8Array> = idleMs > 0 ? whileAlive(exchange.body, idleMs, broken) : exchange.body;
  return {
    ...headOf(exchange),
    body,
    text: async (limit = TEXT_BYTES) => (await start(body, limit, broken)).text,
    json: async (limit = JSON_BYTES) => {
      const {text, isWhole} = await start(body, limit, broken);
      if (!isWhole) throw new EngineError('backend_failed', `${host} sent more than ${limit} bytes of JSON`);
      return parsed(text, host);
    },
    cancel: () => void exchange.body.destroy(),
  };
}

/** What a body begins with; nobody on the other side decides about our memory. */
async function start(
  body: AsyncIterable<Uint8Array>,
  limit: number,
  broken: ReplyOptions['broken'],
): Promise<{text: string; isWhole: boolean}> {
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of body) {
      parts.push(part);
      size += part.length;
      if (size > limit) break;
    }
  } catch (cause) {
    throw cause instanceof EngineError ? cause : broken(cause);
  }
  return {text: new TextDecoder().decode(Buffer.concat(parts).subarray(0, limit)), isWhole: size <= limit};
}

function parsed(text: string, host: string): unknown {
  try {
    return parsePlainJson(text);
  } catch (cause) {
    const beginning = text.trim().slice(0, 100) || 'nothing';
    throw new EngineError('backend_failed', `${host} sent something that is not JSON: ${beginning}`, {cause});
  }
}

/** A body that is given up when nothing comes for so long; the time its reader takes does not count. */
async function* whileAlive(body: Readable, ms: number, broken: ReplyOptions['broken']): AsyncGenerator<Uint8Array> {
  const pieces = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  try {
    for (;;) {
      const timer = setTimeout(() => body.destroy(broken(new LateError('body', ms))), ms);
      const piece = await pieces.next().finally(() => clearTimeout(timer));
      if (piece.done) return;
      yield piece.value;
    }
  } finally {
    body.destroy();
  }
}
