// The name that somebody probably meant by one that does not exist.

/** A name of this length or longer may be two edits away from what was typed; shorter ones may be one. */
const LONG = 6;

/** The name with the fewest edits from `typed`; undefined when that would be a guess: `/theme` is not `/temp`. */
export function nearestName(typed: string, names: Iterable<string>): string | undefined {
  let best: {name: string; edits: number} | undefined;
  for (const name of names) {
    const edits = distance(typed, name);
    if (edits < (best?.edits ?? Infinity)) best = {name, edits};
  }
  return best !== undefined && best.edits <= (best.name.length >= LONG ? 2 : 1) ? best.name : undefined;
}

/** Levenshtein distance, in which two neighbours that changed places are one edit (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({length: b.length + 1}, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? (before[j - 2] ?? 0) + 1 : Infinity;
      next.push(Math.min(replaced, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}
