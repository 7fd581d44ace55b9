// How a text is written, by its first bytes: UTF-8, or UTF-16 with a byte order mark; what else can be told is refused.
import {isUtf8} from 'node:buffer';
import {EngineError} from './errors.ts';

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/** Bytes looked at for the signs of an encoding that has no mark. */
const SAMPLE = 4096;
/** Of the pairs of bytes this share has a zero half where a Western text is written in UTF-16. */
const ZERO_HALVES = 0.6;

/** What stands for bytes that say nothing. */
const REPLACEMENT = '\ufffd';

/** How many bytes `encodingOf` needs to be sure of a mark, when these are all there are so far. */
export function needsMore(start: Uint8Array): boolean {
  const [first, second] = start;
  if (start.length === 0) return true;
  if (start.length === 1) return first === 0xff || first === 0xfe || first === 0;
  return start.length < 4 && ((first === 0xff && second === 0xfe) || (first === 0 && second === 0));
}

/**
 * The encoding of a text that begins with `start`. `name` is what people call the text: `stdin`, `notes.txt`.
 * @throws EngineError `usage` for UTF-32, and for UTF-16 without a byte order mark: taken for UTF-8 they are letters with
 * zeros between them, which a model answers as if they meant something.
 */
export function encodingOf(start: Uint8Array, name: string): Encoding {
  const [a, b, c, d] = start;
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? refuse(name, 'UTF-32') : 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  if (a === 0 && b === 0 && c === 0xfe && d === 0xff) return refuse(name, 'UTF-32');
  if (!start.subarray(0, SAMPLE).includes(0)) return 'utf-8';
  const zeros = [0, 1, 2, 3].map((column) => zeroShare(start.subarray(0, SAMPLE), column));
  const [first = 0, second = 0, third = 0, fourth = 0] = zeros;
  if (start.length >= 4 && Math.min(first, second) === 1 && fourth < 1) return refuse(name, 'UTF-32');
  if (start.length >= 4 && Math.min(third, fourth) === 1 && first < 1) return refuse(name, 'UTF-32');
  const [even, odd] = [(first + third) / 2, (second + fourth) / 2];
  if (start.length >= 4 && Math.min(even, odd) === 0 && Math.max(even, odd) >= ZERO_HALVES) {
    return refuse(name, 'UTF-16 without a byte order mark');
  }
  return 'utf-8';
}

/** Of the bytes at every fourth place from `column` on, the share that is zero. */
function zeroShare(bytes: Uint8Array, column: number): number {
  let zeros = 0;
  let count = 0;
  for (let index = column; index < bytes.length; index += 4, count++) if (bytes[index] === 0) zeros++;
  return count === 0 ? 0 : zeros / count;
}

function refuse(name: string, encoding: string): never {
  throw new EngineError('usage', `${name} is written in ${encoding}`, {
    hint: 'Save it as UTF-8, or let iconv turn it into that: iconv -f UTF-16LE -t UTF-8 (in PowerShell: Out-File -Encoding utf8).',
  });
}

/** Text, and whether all its bytes were valid; those that were not are U+FFFD. */
export interface Decoded {
  readonly text: string;
  readonly valid: boolean;
}

/** All of a text, without its byte order mark. @throws EngineError `usage`, as `encodingOf` does. */
export function decodeText(bytes: Uint8Array, name: string): Decoded {
  const encoding = encodingOf(bytes, name);
  if (encoding === 'utf-8') return decodeUtf8(bytes);
  const text = new TextDecoder(encoding).decode(bytes);
  return {text, valid: !text.includes(REPLACEMENT)};
}

/** UTF-8 as text, without a byte order mark. */
export function decodeUtf8(bytes: Uint8Array): Decoded {
  return {text: new TextDecoder().decode(bytes), valid: isUtf8(bytes)};
}

/**
 * The bytes of a text as UTF-8, as they come. What was not valid in UTF-16 is not valid in UTF-8 either.
 * @throws EngineError `usage`, as `encodingOf` does.
 */
export async function* toUtf8(
  input: AsyncIterable<string | Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  let start: Uint8Array = Buffer.alloc(0);
  let decoder: TextDecoder | 'none' | undefined;
  const taken = (bytes: Uint8Array) =>
    decoder === 'none' || decoder === undefined ? bytes : utf8Of(decoder.decode(bytes, {stream: true}));
  const decide = () => {
    const encoding = encodingOf(start, name);
    decoder = encoding === 'utf-8' ? 'none' : new TextDecoder(encoding);
  };
  for await (const chunk of input) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    if (decoder !== undefined) {
      yield taken(bytes);
      continue;
    }
    start = start.length === 0 ? bytes : Buffer.concat([start, bytes]);
    if (needsMore(start)) continue;
    decide();
    yield taken(start);
  }
  if (decoder === undefined && start.length > 0) {
    decide();
    yield taken(start);
  }
  if (decoder instanceof TextDecoder) yield utf8Of(decoder.decode());
}

/** UTF-8 in which what could not be read is a byte that is not valid there either, so that it is still told. */
function utf8Of(text: string): Uint8Array {
  if (!text.includes(REPLACEMENT)) return Buffer.from(text);
  const parts = text.split(REPLACEMENT).map((part) => Buffer.from(part));
  return Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from([0xff]), part])));
}
