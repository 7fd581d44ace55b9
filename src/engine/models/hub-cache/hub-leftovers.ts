// What unfinished downloads of this program leave in a folder: found by name, removed where no living process has it.
import {existsSync, readdirSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {isLocked} from '../../../base/files/lock.ts';

/**
 * Removes part, note and lock of a download (`stem`.part, ...) unless a living process is at it. What cannot be removed
 * stays.
 */
export function removeLeftovers(folder: string, stem: string): void {
  const lock = join(folder, `${stem}.lock`);
  if (isLocked(lock)) return;
  const isOurs = /^\.(part|json(\.\d+(-\d+)?\.part)?|lock(\.takeover)?)$/;
  for (const name of names(folder)) {
    if (name.startsWith(`${stem}.`) && isOurs.test(name.slice(stem.length))) remove(join(folder, name));
  }
}

/**
 * Removes what earlier versions of this program left beside the blobs: `X.incomplete` with a note `X.incomplete.json`.
 * They made the part at its full size, and other programs take such a one for a whole file. Without a note it is not
 * ours. The names of the files that were unfinished.
 */
export function removeOldParts(folder: string): string[] {
  const stems = names(folder).flatMap((name) => /^(.+)\.incomplete\.json$/.exec(name)?.[1] ?? []);
  return stems.filter((stem) => {
    const lock = join(folder, `${stem}.lock`);
    if (isLocked(lock)) return false;
    const part = join(folder, `${stem}.incomplete`);
    const wasThere = existsSync(part);
    for (const path of [part, lock, `${part}.json`]) remove(path);
    return wasThere;
  });
}

function remove(path: string): void {
  try {
    rmSync(path, {force: true, recursive: true});
  } catch {
    // Whoever may not delete is told so where it matters.
  }
}

function names(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
