// Bytes of stdin to lines of text: any length, any bytes, the last line with or without its newline.
import {isUtf8} from 'node:buffer';

const NEWLINE = 0x0a;

/**
 * Yields each line without its line end (LF or CR LF). A last line without one counts when it is not empty.
 * Bytes that are no UTF-8 become U+FFFD, and `onInvalid` hears the number of the line, from 1.
 */
export async function* readLines(
  input: AsyncIterable<string | Uint8Array>,
  onInvalid: (line: number) => void,
): AsyncGenerator<string> {
  let pending: Uint8Array[] = [];
  let count = 0;
  const finish = (): string => {
    const bytes = Buffer.concat(pending);
    pending = [];
    count++;
    return decodeText(bytes, () => onInvalid(count)).replace(/\r$/, '');
  };
  for await (const chunk of input) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      pending.push(bytes.subarray(start, end));
      yield finish();
      start = end + 1;
    }
    if (start < bytes.length) pending.push(bytes.subarray(start));
  }
  if (pending.length > 0) yield finish();
}

/** Reads a whole input as text; `onInvalid` hears of bytes that are no UTF-8. */
export async function readAll(input: AsyncIterable<string | Uint8Array>, onInvalid: () => void): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of input) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  return decodeText(Buffer.concat(chunks), onInvalid);
}

/** UTF-8 to text without a byte order mark; invalid bytes become U+FFFD and are told to `onInvalid`. */
export function decodeText(bytes: Uint8Array, onInvalid: () => void): string {
  if (!isUtf8(bytes)) onInvalid();
  return new TextDecoder().decode(bytes);
}
