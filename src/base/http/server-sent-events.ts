// Reads server-sent events from the bytes of a reply.
import {EngineError} from '../errors.ts';

export interface ServerEvent {
  /** `message` where the server names none. */
  readonly event: string;
  readonly data: string;
  /** Of this event or the last one before it that had an id; empty before the first. */
  readonly id: string;
}

/** Characters of one event. */
const LIMIT = 16 << 20;

/**
 * The events of a stream, as the HTML standard (9.2.6) reads them, with two additions: what the server did not close
 * with an empty line at the end of the body is an event too, and no event is larger than `limit` characters: nobody on
 * the other side decides about our memory. `retry` is for browsers, which connect again by themselves.
 * @throws EngineError `backend_failed` for a larger event; what `body` throws.
 */
export async function* readEvents(body: AsyncIterable<Uint8Array>, limit = LIMIT): AsyncGenerator<ServerEvent> {
  // It drops one byte order mark at the start.
  const decoder = new TextDecoder();
  const parser = new EventParser(limit);
  for await (const bytes of body) yield* parser.take(decoder.decode(bytes, {stream: true}));
  yield* parser.take(decoder.decode());
  yield* parser.end();
}

class EventParser {
  readonly #limit: number;
  /** The line that has no end yet; only what is added to it is searched for one. */
  #line = '';
  /** The last character was a CR: an LF that follows belongs to it. */
  #afterCr = false;
  #data: string[] = [];
  #size = 0;
  #event = '';
  #id = '';

  constructor(limit: number) {
    this.#limit = limit;
  }

  *take(text: string): Generator<ServerEvent> {
    const ends = /\r\n?|\n/g;
    let from = this.#afterCr && text.startsWith('\n') ? 1 : 0;
    if (text !== '') this.#afterCr = text.endsWith('\r');
    ends.lastIndex = from;
    for (let end = ends.exec(text); end !== null; end = ends.exec(text)) {
      const line = this.#grown(text.slice(from, end.index));
      this.#line = '';
      yield* this.#take(line);
      from = ends.lastIndex;
    }
    this.#line = this.#grown(text.slice(from));
  }

  /** The end of the body closes a line and an event. */
  *end(): Generator<ServerEvent> {
    const line = this.#line;
    this.#line = '';
    if (line !== '') yield* this.#take(line);
    yield* this.#dispatch();
  }

  #grown(text: string): string {
    if (this.#size + this.#line.length + text.length > this.#limit) {
      throw new EngineError('backend_failed', `the server sent an event of more than ${this.#limit} characters`);
    }
    return this.#line + text;
  }

  *#take(line: string): Generator<ServerEvent> {
    if (line === '') return yield* this.#dispatch();
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'data') {
      this.#data.push(value);
      this.#size += value.length + 1;
    } else if (name === 'event') this.#event = value;
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
  }

  *#dispatch(): Generator<ServerEvent> {
    const [data, event] = [this.#data, this.#event || 'message'];
    this.#data = [];
    this.#size = 0;
    this.#event = '';
    if (data.length > 0) yield {event, data: data.join('\n'), id: this.#id};
  }
}
