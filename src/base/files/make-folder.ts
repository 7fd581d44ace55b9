// Makes a folder and those above it. Node's own recursive mkdir never returns below a file system that takes no folders,
// such as /proc: it is told ENOENT and tries the folder above, which is there, for ever.
import {existsSync, mkdirSync} from 'node:fs';
import {dirname, resolve} from 'node:path';

/** Throws the file system's error (EACCES, ENOENT, ENOTDIR, ...) where the folder cannot be made. */
export function makeFolder(path: string, mode = 0o777): void {
  const missing: string[] = [];
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.unshift(at);
  for (const folder of missing) {
    try {
      mkdirSync(folder, mode);
    } catch (error) {
      // Another process may have been faster.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
