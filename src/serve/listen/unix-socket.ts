// A socket in the file system: never in the place of another file, and for nobody but its user from the start.
import {chmodSync, lstatSync, mkdtempSync, renameSync, rmdirSync, unlinkSync} from 'node:fs';
import {connect, type Server} from 'node:net';
import {dirname, join} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {reasonOf} from '../../base/files/file-error.ts';

/** Its user alone; with keys also its group, as who gets in must have a key besides. */
const OWN = 0o600;
const GROUP = 0o660;

export interface SocketOptions {
  readonly path: string;
  /** Whether the server asks for keys. */
  readonly hasKeys: boolean;
}

/**
 * Lets `listen` bind a socket, and puts it at `path`. It gets its rights in a folder that nobody else can enter, before its own
 * name. A socket that nobody listens at any more is replaced.
 * @returns what takes it away again.
 * @throws EngineError `io` when somebody listens there, when it is another kind of file, or when it cannot be made.
 */
export async function bindSocket(
  {path, hasKeys}: SocketOptions,
  listen: (path: string) => Promise<Server>,
): Promise<() => void> {
  await checkFree(path);
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(dirname(path), '.m-'));
    const hidden = join(folder, 's');
    await listen(hidden);
    chmodSync(hidden, hasKeys ? GROUP : OWN);
    const {ino} = lstatSync(hidden);
    renameSync(hidden, path);
    return () => removeOwn(path, ino);
  } catch (cause) {
    throw new EngineError('io', `the socket ${path} cannot be made: ${reasonOf(cause)}`, {
      hint: 'Choose another --host unix:PATH, in a folder that you may write to.',
      cause,
    });
  } finally {
    if (folder !== undefined) rmdirSync(folder);
  }
}

async function checkFree(path: string): Promise<void> {
  const stats = lstatSync(path, {throwIfNoEntry: false});
  if (!stats) return;
  if (!stats.isSocket()) {
    throw new EngineError('io', `${path} is there already, and it is no socket`, {
      hint: 'Choose another --host unix:PATH; nothing was changed.',
    });
  }
  const code = await connectCode(path);
  if (code === 'ECONNREFUSED') return;
  const what = code === undefined ? 'is in use' : `is there already, and cannot be tried (${code})`;
  throw new EngineError('io', `the socket ${path} ${what}`, {hint: 'Choose another --host unix:PATH.'});
}

/** Why nobody can be reached there; undefined: somebody can. */
function connectCode(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', ({code}: NodeJS.ErrnoException) => resolve(code ?? 'unknown'));
  });
}

/** Another server may have taken the place. */
function removeOwn(path: string, ino: number): void {
  try {
    if (lstatSync(path, {throwIfNoEntry: false})?.ino === ino) unlinkSync(path);
  } catch {
    // The folder is gone, or no longer ours: the next server finds a socket that nobody listens at.
  }
}
