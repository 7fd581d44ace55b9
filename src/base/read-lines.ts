// Text that comes as bytes, whole or by lines, with a limit: nobody on the other side decides about our memory.
import {EngineError} from './errors.ts';
import {type Decoded, decodeText, decodeUtf8, toUtf8} from './text-encoding.ts';
import {formatBytes} from './units.ts';

/**
 * Bytes of one text. The largest contexts there are hold about a million tokens, and 64 bytes a token are more than any
 * text has that is not made of spaces: what is longer fits no model.
 */
export const TEXT_LIMIT = 64e6;

/** A line that goes on for this many bytes is no line: the rest of the input is given up. */
const ENDLESS = 1e9;

const LF = 0x0a;
const CR = 0x0d;

export interface Source {
  /** What people call it: `stdin`, or the name of a file. */
  readonly name: string;
  /** Bytes of a text, or of one line. Default TEXT_LIMIT. */
  readonly limit?: number;
  /** Bytes of a line that is over the limit before the input is given up. */
  readonly endless?: number;
}

/** One line without its line end. */
export interface Line extends Decoded {
  /** From 1. */
  readonly number: number;
  /** Why it has no text: it is over the limit. */
  readonly problem?: EngineError;
}

/**
 * Yields each line without its line end: LF, CR LF, or CR as in Python's text files. A last line without one counts when
 * it is not empty. A line over the limit is passed over, and comes with its `problem` in its place.
 * @throws EngineError `usage` for an encoding that is not read; `context_length_exceeded` for a line that has no end.
 */
export async function* readLines(
  input: AsyncIterable<string | Uint8Array>,
  {name, limit = TEXT_LIMIT, endless = ENDLESS}: Source,
): AsyncGenerator<Line, void, undefined> {
  let pending: Uint8Array[] = [];
  let size = 0;
  let number = 1;
  const take = (part: Uint8Array) => {
    size += part.length;
    if (size <= limit) pending.push(part);
    else pending = [];
    if (size > endless) throw tooLong(`line ${number} of ${name}`, endless);
  };
  const finish = (): Line => {
    const bytes = Buffer.concat(pending);
    const line = size > limit ? {text: '', valid: true, problem: tooLong('it', limit)} : decodeUtf8(bytes);
    pending = [];
    size = 0;
    return {...line, number: number++};
  };
  let afterCr = false;
  for await (const bytes of toUtf8(input, name)) {
    // The line feed of a CR LF may come later than its CR, which has ended the line.
    let start = afterCr && bytes[0] === LF ? 1 : 0;
    if (bytes.length > 0) afterCr = bytes.at(-1) === CR;
    let [lf, cr] = [bytes.indexOf(LF, start), bytes.indexOf(CR, start)];
    while (lf !== -1 || cr !== -1) {
      const end = cr === -1 || (lf !== -1 && lf < cr) ? lf : cr;
      take(bytes.subarray(start, end));
      yield finish();
      start = end === cr && bytes[end + 1] === LF ? end + 2 : end + 1;
      if (lf !== -1 && lf < start) lf = bytes.indexOf(LF, start);
      if (cr !== -1 && cr < start) cr = bytes.indexOf(CR, start);
    }
    if (start < bytes.length) take(bytes.subarray(start));
  }
  if (size > 0) yield finish();
}

/**
 * Reads a whole input as text.
 * @throws EngineError `context_length_exceeded` as soon as there is more than the limit; `usage` for an encoding that is
 * not read.
 */
export async function readAll(
  input: AsyncIterable<string | Uint8Array>,
  {name, limit = TEXT_LIMIT}: Source,
): Promise<Decoded> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of input) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    size += bytes.length;
    if (size > limit) throw tooLong(name, limit);
    chunks.push(bytes);
  }
  return decodeText(Buffer.concat(chunks), name);
}

/** What a text is refused with that no context could hold. */
export function tooLong(name: string, limit: number): EngineError {
  return new EngineError(
    'context_length_exceeded',
    `${name} has more than ${formatBytes(limit)} of text: no model reads that much at once`,
    {
      hint: 'Cut it into pieces.',
    },
  );
}
