// What the model in a folder is called when nothing else names it.
import {basename, dirname, resolve} from 'node:path';

/** The folder's own name; of a snapshot in the hub's cache (`models--USER--NAME/snapshots/COMMIT`) the repository's. */
export function folderName(folder: string): string {
  const path = resolve(folder);
  const repository = basename(dirname(dirname(path))).split('--');
  const isSnapshot = basename(dirname(path)) === 'snapshots' && repository[0] === 'models' && repository.length > 1;
  return isSnapshot ? repository.slice(Math.min(2, repository.length - 1)).join('--') : basename(path);
}
