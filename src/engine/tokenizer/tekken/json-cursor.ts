// Walks over JSON bytes without building what is not wanted: for files whose bulk is one list of small objects.
import {MOST_JSON_LEVELS} from '../../../base/plain-json.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const SPACE = 0x20;

/** Every reading throws SyntaxError for what is no JSON, or nests deeper than `MOST_JSON_LEVELS`. */
export class JsonCursor {
  readonly bytes: Buffer;
  /** The string last read by `string`, quotes left out, escapes as they are. */
  start = 0;
  end = 0;
  #at = 0;
  #depth = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Calls `member` at each value of an object; it must move over the value. The key is the string last read. */
  object(member: () => void): void {
    this.#sequence(OPEN_OBJECT, CLOSE_OBJECT, () => {
      this.string();
      this.#take(COLON);
      member();
    });
  }

  /** Calls `item` at each value of a list; it must move over the value. */
  list(item: () => void): void {
    this.#sequence(OPEN_LIST, CLOSE_LIST, item);
  }

  string(): void {
    this.#take(QUOTE);
    this.start = this.#at;
    for (let from = this.#at; ; ) {
      const quote = this.bytes.indexOf(QUOTE, from);
      if (quote < 0) throw new SyntaxError('unfinished string');
      let slashes = 0;
      while (this.bytes[quote - 1 - slashes] === BACKSLASH) slashes++;
      from = quote + 1;
      if (slashes % 2 === 1) continue;
      this.end = quote;
      this.#at = from;
      return;
    }
  }

  /** Whether the string last read is `text`, which is ASCII. */
  is(text: string): boolean {
    if (this.end - this.start !== text.length) return false;
    for (let i = 0; i < text.length; i++) if (this.bytes[this.start + i] !== text.charCodeAt(i)) return false;
    return true;
  }

  /** The value here, parsed. */
  value(): unknown {
    return JSON.parse(this.source());
  }

  /** The value here as it is written. */
  source(): string {
    this.#peek();
    const start = this.#at;
    this.skip();
    return this.bytes.toString('utf8', start, this.#at);
  }

  /** Moves over the value here. */
  skip(): void {
    const first = this.#peek();
    if (first === QUOTE) this.string();
    else if (first === OPEN_OBJECT) this.object(() => this.skip());
    else if (first === OPEN_LIST) this.list(() => this.skip());
    else {
      const start = this.#at;
      // Numbers, true, false and null: letters, digits, sign and point.
      while (/[\w+.-]/.test(String.fromCharCode(this.bytes[this.#at] ?? SPACE))) this.#at++;
      if (this.#at === start) throw new SyntaxError(`unexpected byte at ${start}`);
    }
  }

  /** The small whole number here. */
  integer(): number {
    let value = 0;
    let byte = this.#peek();
    const start = this.#at;
    while (byte >= 0x30 && byte <= 0x39) {
      value = value * 10 + byte - 0x30;
      byte = this.bytes[++this.#at] ?? SPACE;
    }
    if (this.#at === start) throw new SyntaxError(`no number at ${start}`);
    return value;
  }

  #sequence(open: number, close: number, item: () => void): void {
    this.#take(open);
    if (++this.#depth > MOST_JSON_LEVELS) throw new SyntaxError(`it nests deeper than ${MOST_JSON_LEVELS} levels`);
    if (this.#peek() !== close) {
      item();
      while (this.#peek() === COMMA) {
        this.#at++;
        item();
      }
    }
    this.#take(close);
    this.#depth--;
  }

  #take(byte: number): void {
    if (this.#peek() !== byte) throw new SyntaxError(`no "${String.fromCharCode(byte)}" at ${this.#at}`);
    this.#at++;
  }

  #peek(): number {
    let byte = this.bytes[this.#at];
    while (byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = this.bytes[++this.#at];
    if (byte === undefined) throw new SyntaxError('unexpected end');
    return byte;
  }
}
