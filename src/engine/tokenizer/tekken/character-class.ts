// The Unicode classes tekken's split pattern distinguishes, looked up per code point.

/** \r and \n. */
export const NEWLINE = 1;
/** White_Space other than the newlines. */
export const SPACE = 2;
/** Lu, Lt. */
export const UPPER = 3;
/** Ll. */
export const LOWER = 4;
/** Lm, Lo: counted as upper and as lower case. */
export const CASELESS = 5;
/** M: counted as upper and as lower case, but no letter. */
export const MARK = 6;
/** N. */
export const NUMBER = 7;
/** Anything else: punctuation, symbols, controls, unassigned. */
export const OTHER = 8;

// JavaScript's \s has U+FEFF and lacks U+0085; Unicode's White_Space, which the pattern means, is this:
const WHITE_SPACE = /[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/u;

const TESTS: readonly (readonly [number, RegExp])[] = [
  [NEWLINE, /[\r\n]/u],
  [SPACE, WHITE_SPACE],
  [LOWER, /\p{Ll}/u],
  [UPPER, /[\p{Lu}\p{Lt}]/u],
  [CASELESS, /[\p{Lm}\p{Lo}]/u],
  [MARK, /\p{M}/u],
  [NUMBER, /\p{N}/u],
];

/** Filled as characters are met: no text uses more than a few thousand of them. 0 = not met yet. */
const known = new Uint8Array(0x110000);

/** Class of a code point. The Unicode version is the runtime's: it matters for characters assigned lately. */
export function characterClass(codePoint: number): number {
  const found = known[codePoint] as number;
  if (found !== 0) return found;
  const character = String.fromCodePoint(codePoint);
  const kind = TESTS.find(([, test]) => test.test(character))?.[0] ?? OTHER;
  known[codePoint] = kind;
  return kind;
}
