// Where a model argument leads when it is a path. On its own: a program that finds a server with it open loads no more.
import {lstatSync, statSync} from 'node:fs';
import {join, resolve} from 'node:path';

/** What a name of a model is looked up in. */
export interface WhereToLook {
  /** Relative paths begin here. */
  readonly cwd: string;
  /** The user's own folder: `~`, and where other programs keep their models. */
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What this program made or fetched itself. */
  readonly cache: string;
}

/** The absolute path of what is there under this name, a dangling link too; undefined when nothing is. */
export function existingPath(name: string, where: Pick<WhereToLook, 'cwd' | 'home'>): string | undefined {
  const literal = resolve(where.cwd, name);
  if (isThere(literal)) return literal;
  // A shell leaves a ~ alone in `--model-path=~/m.gguf`, and nobody replaces it in an environment variable.
  const atHome = /^~(?=$|[\\/])/.test(name) ? join(where.home, name.slice(1)) : undefined;
  return atHome !== undefined && isThere(atHome) ? atHome : undefined;
}

/** A folder that may not be looked into counts: whoever opens the path says why not. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, {throwIfNoEntry: false}) !== undefined;
  } catch (error) {
    return ['EACCES', 'EPERM', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}

/** What a path is, its links followed; undefined for anything else, and where it cannot be seen: opening it says why. */
export function pathKind(path: string): 'file' | 'folder' | undefined {
  try {
    const stat = statSync(path, {throwIfNoEntry: false});
    return stat?.isDirectory() ? 'folder' : stat?.isFile() ? 'file' : undefined;
  } catch {
    return undefined;
  }
}
