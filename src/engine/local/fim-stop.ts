// Where a fill-in-the-middle answer ends: the model should stop by itself, but often goes on with the suffix.

/** A beginning with fewer visible characters than this occurs by chance: `}` would cut most code. */
const TELLING_CHARACTERS = 4;

/** A longer line is told by so many characters of it; each is a step of what finds them. */
const LONGEST = 1000;

/**
 * The beginning of the suffix at which the middle ends, or undefined when no beginning is telling. It reaches to the
 * end of the first line with which it has four visible characters, and is matched exactly, with its white space.
 *
 * mistral-inference cuts the finished answer at the whole suffix. A model that repeats a long suffix is stopped much
 * earlier here, and one whose suffix is a single bracket is not cut inside its own code.
 */
export function suffixStop(suffix: string): string | undefined {
  let visible = 0;
  for (const line of suffix.matchAll(/[^\n]*\n?/g)) {
    visible += line[0].replace(/\s/g, '').length;
    if (visible >= TELLING_CHARACTERS)
      return suffix.slice(0, Math.min(LONGEST, line.index + line[0].replace(/\r?\n$/, '').length));
  }
  return undefined;
}
