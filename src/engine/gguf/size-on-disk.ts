// The size of a model on disk, over all the files it is split into.
import {statSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {splitName, splitOf} from './model-files.ts';
import type {GgufFile} from './read-header.ts';

/** Paths of all parts of the model whose first part this is, also of those that are missing; of an unsplit one its own. */
export function partPaths(path: string): string[] {
  const split = splitOf(basename(path));
  if (split === undefined) return [path];
  const {prefix, count} = split;
  return Array.from({length: count}, (_, part) => join(dirname(path), splitName(prefix, part + 1, count)));
}

/** Bytes of all its parts that are there. */
export function modelBytes({path, fileSize}: GgufFile): number {
  const parts = partPaths(path);
  if (parts.length === 1) return fileSize;
  return parts.reduce((sum, part) => sum + (statSync(part, {throwIfNoEntry: false})?.size ?? 0), 0);
}
