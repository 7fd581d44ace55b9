// Watches over the files whose weights are mapped: reading behind the end of one that became shorter ends the process.
import {closeSync, fstatSync, openSync} from 'node:fs';
import {EngineError} from '../../base/errors.ts';
import {formatBytes} from '../../base/units.ts';

interface Mapped {
  readonly path: string;
  readonly fd: number;
  readonly size: number;
}

/** Open as long as the model is: the mapped file is looked at, not another that took over its name. */
export class MappedFiles {
  readonly #files: Mapped[] = [];

  /** @throws the file system's error for a path that cannot be opened. */
  constructor(paths: readonly string[]) {
    try {
      for (const path of paths) {
        const fd = openSync(path, 'r');
        this.#files.push({path, fd, size: fstatSync(fd).size});
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** A few microseconds. @throws EngineError `engine_failed` when a file is shorter than it was. */
  check(): void {
    for (const {path, fd, size} of this.#files) {
      const now = fstatSync(fd).size;
      if (now >= size) continue;
      const sizes = `it had ${formatBytes(size)} and now has ${formatBytes(now)}`;
      throw new EngineError('engine_failed', `${path} was written over while it was in use: ${sizes}`, {
        hint: 'Start again with a whole file. To replace a model that is in use, rename the new file over it.',
      });
    }
  }

  close(): void {
    for (const {fd} of this.#files.splice(0)) closeSync(fd);
  }
}
