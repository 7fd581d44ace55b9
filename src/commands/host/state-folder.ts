// Where chats, their history and their caches are kept: the XDG base directories.
import {homedir} from 'node:os';
import {isAbsolute, join} from 'node:path';
import {SessionFolder} from '../../engine/conversation/session-folder.ts';

/** `$MISTRAL_STATE_DIR`, else `mistral-chat` below `$XDG_STATE_HOME` (default `~/.local/state`). */
export function stateFolder(env: NodeJS.ProcessEnv): string {
  const own = env.MISTRAL_STATE_DIR;
  if (own) return own;
  const base = env.XDG_STATE_HOME ?? '';
  // The specification: a relative path is to be ignored.
  return join(isAbsolute(base) ? base : join(homedir(), '.local', 'state'), 'mistral-chat');
}

/** The kept chats, with this process as the one that writes them. */
export function sessionFolder(env: NodeJS.ProcessEnv): SessionFolder {
  return new SessionFolder(join(stateFolder(env), 'sessions'), {pid: process.pid, isAlive});
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
