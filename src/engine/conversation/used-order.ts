// The order in which the kept chats were used: a file of ids, one a line, the last used last. A clock that goes back does
// not change it.
import {appendLine, readRegularText} from '../../base/files/regular-file.ts';
import {writeWholeSync} from '../../base/files/whole-file.ts';

/** Bytes from which the file is written anew, with each id once. */
const LONG = 100_000;

/** A chat with the time of its file. */
export interface Used {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly changed: number;
}

/** Notes that the chat `id` is used now. Not being able to is no failure: the times of the files are left. */
export function noteUse(file: string, id: string): void {
  try {
    const ids = readIds(file);
    if (ids.at(-1) === id) return;
    if (ids.length * (id.length + 1) < LONG) appendLine(file, id);
    else writeWholeSync(file, [...unique([...ids, id]), ''].join('\n'), {mode: 0o600, sync: false});
  } catch {
    // A folder that takes no files: the chat itself says so.
  }
}

/**
 * The chats, the last used first. One that `file` does not name (made elsewhere, or by an earlier version) has its place
 * by its time.
 */
export function byLastUse<Entry extends Used>(entries: readonly Entry[], file: string): Entry[] {
  const order = new Map(unique(readIds(file)).map((id, place) => [id, place]));
  const place = ({id}: Entry) => order.get(id) ?? -1;
  const byTime = (a: Entry, b: Entry) => b.changed - a.changed || (a.id < b.id ? 1 : -1);
  const named = entries.filter(({id}) => order.has(id)).sort((a, b) => place(b) - place(a));
  const others = entries.filter(({id}) => !order.has(id)).sort(byTime);
  const merged: Entry[] = [];
  let next = 0;
  for (const entry of named) {
    for (let other = others[next]; other !== undefined && byTime(other, entry) < 0; other = others[next]) {
      merged.push(other);
      next += 1;
    }
    merged.push(entry);
  }
  return [...merged, ...others.slice(next)];
}

/** When a chat was last written. A time to come is none: the clock has gone back since, and the id says when it began. */
export function timeOf({id, changed}: Used, now: number): number {
  if (changed <= now) return changed;
  const [, date, hours, minutes, seconds] = /^(\d{8})-(\d\d)(\d\d)(\d\d)-/.exec(id) ?? [];
  const day = date?.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3');
  const began = Date.parse(`${day}T${hours}:${minutes}:${seconds}Z`);
  return began <= now ? began : 0;
}

/** Each id once, at the place of its last use. */
function unique(ids: readonly string[]): string[] {
  return [...new Set(ids.toReversed())].reverse();
}

function readIds(file: string): string[] {
  try {
    return readRegularText(file).split('\n').filter(Boolean);
  } catch {
    return [];
  }
}
