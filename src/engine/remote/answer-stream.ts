// The body of a 200 that should be a stream of events: also what servers send in its place is taken or told.
import {EngineError} from '../../base/errors.ts';
import {reasonOf} from '../../base/files/file-error.ts';
import type {Reply} from '../../base/http/http-reply.ts';
import {readEvents} from '../../base/http/server-sent-events.ts';
import {parsePlainJson} from '../../base/plain-json.ts';
import {beginningOf} from './server-words.ts';

/** Bytes of an answer that is no stream. */
const WHOLE = 16 << 20;
/** Bytes that are kept of a body to tell of it. */
const KEPT = 4 << 10;
/** Bytes that are held back until one of them says what the body is. */
const HELD = 64 << 10;
/** White space, and the three bytes of a byte order mark. */
const BLANK: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf]);

export class AnswerStream {
  readonly #reply: Reply;
  readonly #host: string;
  readonly #idleMs: number;
  #beginning: Uint8Array = new Uint8Array();
  #last: Uint8Array = new Uint8Array();
  #isWhole = false;

  /** @param idleMs how long nothing of the answer may come; 0 is for ever. What only keeps the connection awake does not count. */
  constructor(reply: Reply, {host, idleMs}: {readonly host: string; readonly idleMs: number}) {
    this.#reply = reply;
    this.#host = host;
    this.#idleMs = idleMs;
  }

  /**
   * The data of each event, until [DONE] or the end of the body; or the one JSON text that came in place of a stream.
   * @throws EngineError `backend_failed` for what is neither, or when nothing of the answer comes for too long.
   */
  async *data(): AsyncGenerator<string> {
    const events = this.#events();
    let some = false;
    try {
      for (;;) {
        const event = await this.#inTime(events.next());
        if (event.done || event.value === '[DONE]') break;
        some = true;
        // Some servers keep a connection awake by it.
        if (event.value !== '') yield event.value;
      }
    } catch (error) {
      throw this.#named(error);
    } finally {
      this.#reply.cancel();
    }
    if (!some) throw this.#noAnswer(this.#beginning);
  }

  /** The error for a stream that ended before it said why. */
  get cut(): EngineError {
    if (this.#isWhole) return this.#noAnswer(this.#beginning);
    const last =
      new TextDecoder()
        .decode(this.#last)
        .trimEnd()
        .split(/[\r\n]/)
        .at(-1) ?? '';
    const stray = /^(?:data|event|id|retry)?:|^$/.test(last) ? '' : `; its last words: ${beginningOf(last)}`;
    return new EngineError('backend_failed', `the remote server ended its stream before the answer${stray}`);
  }

  /** What the system says in codes of a body that broke. */
  #named(error: unknown): unknown {
    if (error instanceof EngineError) return error;
    const damaged = /^(?:Z_|ERR_(?:_ERROR_|BROTLI|ZSTD))/.test(String((error as NodeJS.ErrnoException).code));
    const what = damaged
      ? `${this.#host} sent a damaged compressed answer`
      : 'the connection broke off in the middle of the answer';
    return new EngineError('backend_failed', `${what}: ${reasonOf(error)}`, {cause: error});
  }

  #noAnswer(body: Uint8Array): EngineError {
    const said = beginningOf(new TextDecoder().decode(body));
    return new EngineError('backend_failed', `${this.#host} sent no answer but ${said}`, {
      hint: "Is --url the address of OpenAI's or Mistral's API, and is anything to be signed in to on the way?",
    });
  }

  async *#events(): AsyncGenerator<string> {
    const pieces = this.#pieces();
    const held: Uint8Array[] = [];
    let size = 0;
    let first: number | undefined;
    while (first === undefined && size < HELD) {
      const next = await pieces.next();
      if (next.done) break;
      held.push(next.value);
      size += next.value.length;
      first = next.value.find((byte) => !BLANK.has(byte));
    }
    const body = joined(held, pieces);
    const letter = String.fromCharCode(first ?? 0);
    if (letter === '<') throw await this.#page(body);
    if (letter === '{' || letter === '[') yield await this.#whole(body);
    else for await (const {data} of readEvents(body)) yield data;
  }

  async *#pieces(): AsyncGenerator<Uint8Array> {
    for await (const piece of this.#reply.body) {
      const room = KEPT - this.#beginning.length;
      if (room > 0) this.#beginning = Buffer.concat([this.#beginning, piece.subarray(0, room)]);
      this.#last = piece.subarray(-KEPT);
      yield piece;
    }
  }

  /** @throws EngineError `backend_failed` when it is not JSON, or too much of it. */
  async #whole(body: AsyncIterable<Uint8Array>): Promise<string> {
    this.#isWhole = true;
    const {text, isAll} = await start(body, WHOLE);
    if (!isAll)
      throw new EngineError('backend_failed', `${this.#host} sent more than ${WHOLE} bytes in place of a stream`);
    try {
      parsePlainJson(text);
    } catch {
      throw this.#noAnswer(Buffer.from(text));
    }
    return text;
  }

  async #page(body: AsyncIterable<Uint8Array>): Promise<EngineError> {
    return this.#noAnswer(Buffer.from((await start(body, HELD)).text));
  }

  /** The time its reader takes does not count. */
  async #inTime<T>(next: Promise<T>): Promise<T> {
    if (this.#idleMs === 0) return await next;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        const seconds = this.#idleMs / 1000;
        reject(
          new EngineError('backend_failed', `${this.#host} sent nothing of the answer for ${seconds} s`, {
            hint: 'A model may think that long in silence: --idle-timeout allows more, 0 any time.',
          }),
        );
      }, this.#idleMs);
    });
    try {
      return await Promise.race([next, late]);
    } finally {
      clearTimeout(timer);
      // After its time is over it ends with the connection, and nobody hears how.
      next.catch(() => {});
    }
  }
}

async function* joined(held: readonly Uint8Array[], rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* held;
  yield* rest;
}

async function start(body: AsyncIterable<Uint8Array>, limit: number): Promise<{text: string; isAll: boolean}> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    parts.push(part);
    size += part.length;
    if (size > limit) break;
  }
  return {text: new TextDecoder().decode(Buffer.concat(parts).subarray(0, limit)), isAll: size <= limit};
}
