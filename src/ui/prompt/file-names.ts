// File names for @file completion: the working folder's tree without what nobody means to attach.
import {opendir} from 'node:fs/promises';
import {join} from 'node:path';
import {sanitise} from '../../base/terminal-text.ts';

const LIMIT = 20_000;
const SKIPPED = new Set(['node_modules', '__pycache__', 'dist', 'build', 'target', 'venv']);

/** Paths below `folder`, relative to it, shallow ones first; hidden and generated folders are left out. */
export async function listFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  const folders = [''];
  for (let index = 0; index < folders.length && files.length < LIMIT; index += 1) {
    const parent = folders[index] ?? '';
    try {
      for await (const entry of await opendir(join(folder, parent))) {
        const path = join(parent, entry.name);
        // A name that a terminal would show as something else cannot be chosen from a list.
        if (entry.name.startsWith('.') || sanitise(path) !== path || /\s/.test(path)) continue;
        if (entry.isDirectory() && !SKIPPED.has(entry.name)) folders.push(path);
        else if (entry.isFile()) files.push(path);
        if (files.length >= LIMIT) break;
      }
    } catch {
      // A folder that may not be read has nothing to offer.
    }
  }
  return files;
}
