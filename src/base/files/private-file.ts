// Files and folders that only their owner may read, also those that were made wider by another program or an earlier version.
import {chmodSync, lstatSync} from 'node:fs';

/** Takes from `path` every permission beyond `mode`. What is not there, belongs to others or is a link stays as it is. */
export function keepPrivate(path: string, mode: number): void {
  try {
    const stat = lstatSync(path);
    // A link may lead to what was never ours to close.
    if (!stat.isSymbolicLink() && (stat.mode & 0o777 & ~mode) !== 0) chmodSync(path, stat.mode & mode);
  } catch {
    // Not there, or of another owner, who decides.
  }
}
