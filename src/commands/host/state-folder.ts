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

/** The saved chats, with this process as the one that writes them. */
export function sessionFolder(env: NodeJS.ProcessEnv): SessionFolder {
  return new SessionFolder(join(stateFolder(env), 'sessions'));
}
