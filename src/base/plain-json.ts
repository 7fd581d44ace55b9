// JSON that others wrote, in files and on the network, as plain JavaScript values, with a bound on how deep it nests.

/** Nothing this program reads nests deeper; what walks a value may then recurse. */
export const MOST_JSON_LEVELS = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * A text, or bytes of UTF-8, as JSON. What it gives is of any type until a shape (`base/shape.ts`) has read it.
 * @throws SyntaxError for what is no JSON, or nests deeper than 64 levels.
 */
export function parsePlainJson(json: Buffer | string): unknown {
  const bytes = typeof json === 'string' ? Buffer.from(json) : json;
  if (nestsTooDeep(bytes)) throw new SyntaxError(`it nests deeper than ${MOST_JSON_LEVELS} levels`);
  return JSON.parse(json.toString());
}

/** Counts brackets outside of strings; whether they match is for the parser to find. */
function nestsTooDeep(bytes: Buffer): boolean {
  let depth = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    // Of "[" and "{", and of "]" and "}", only one bit differs.
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if (((byte as number) | 0x20) === 0x7b && ++depth > MOST_JSON_LEVELS) return true;
    else if (((byte as number) | 0x20) === 0x7d) depth--;
  }
  return false;
}

/** Where the string that begins at `start` has its closing quote; the end of the text without one. */
function endOfString(bytes: Buffer, start: number): number {
  for (let from = start + 1; ; ) {
    const quote = bytes.indexOf(QUOTE, from);
    if (quote < 0) return bytes.length;
    let slashes = 0;
    while (bytes[quote - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return quote;
    from = quote + 1;
  }
}
