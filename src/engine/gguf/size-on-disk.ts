// The size of a model on disk, over all the files it is split into.
import {statSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {splitName, splitOf} from './model-files.ts';
import type {GgufFile} from './read-header.ts';

/** Bytes of all its parts that are there. */
export function modelBytes({path, fileSize}: GgufFile): number {
  const split = splitOf(basename(path));
  if (split === undefined) return fileSize;
  let bytes = 0;
  for (let part = 1; part <= split.count; part++) {
    bytes +=
      statSync(join(dirname(path), splitName(split.prefix, part, split.count)), {throwIfNoEntry: false})?.size ?? 0;
  }
  return bytes;
}
