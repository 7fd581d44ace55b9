// Bytes that come in any portions to text: an unfinished character waits, an impossible one becomes U+FFFD.

const REPLACEMENT = '\ufffd';

/**
 * How many replacement characters a broken sequence gives. `sequence`: one for the longest part that could have begun a
 * character, as Python's `errors="replace"` and tiktoken do. `byte`: one for each byte, as SentencePiece does.
 */
export type Replacement = 'sequence' | 'byte';

export class Utf8Stream {
  readonly #replacement: Replacement;
  /** ignoreBOM: a U+FEFF at the start is text like any other. */
  readonly #decoder = new TextDecoder('utf-8', {ignoreBOM: true});
  #pending: number[] = [];

  constructor(replacement: Replacement) {
    this.#replacement = replacement;
  }

  /** Text completed by these bytes. */
  push(bytes: Uint8Array): string {
    if (this.#replacement === 'sequence') return this.#decoder.decode(bytes, {stream: true});
    let text = '';
    for (const byte of bytes) {
      this.#pending.push(byte);
      text += this.#takeComplete(false);
    }
    return text;
  }

  /** What is unfinished, replaced; the stream can be used again. */
  flush(): string {
    return this.#replacement === 'sequence' ? this.#decoder.decode() : this.#takeComplete(true);
  }

  #takeComplete(atEnd: boolean): string {
    let text = '';
    while (this.#pending.length > 0) {
      const state = examine(this.#pending);
      if (state === 'unfinished' && !atEnd) break;
      if (state === 'complete') {
        text += Buffer.from(this.#pending).toString();
        this.#pending = [];
      } else {
        text += REPLACEMENT;
        this.#pending.shift();
      }
    }
    return text;
  }
}

/** Whether bytes are exactly one character, may become one, or cannot. */
function examine(bytes: readonly number[]): 'complete' | 'unfinished' | 'broken' {
  const [first = 0, second] = bytes;
  if (first < 0x80) return 'complete';
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return 'broken';
  if (second !== undefined && (second < secondFrom(first) || second > secondTo(first))) return 'broken';
  if (bytes.slice(2).some((byte) => (byte & 0xc0) !== 0x80)) return 'broken';
  return bytes.length === length ? 'complete' : 'unfinished';
}

/** Bounds of the second byte: they rule out overlong forms, surrogates and code points above U+10FFFF. */
function secondFrom(first: number): number {
  return first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
}
function secondTo(first: number): number {
  return first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
}
