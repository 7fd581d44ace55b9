// Where chats, their history and their caches are kept: the XDG base directories.
import {join} from 'node:path';
import {xdgFolder} from '../../base/files/xdg-folder.ts';
import {SessionFolder} from '../../engine/conversation/session-folder.ts';
import {homeFolder} from './folders.ts';

/** `$MISTRAL_STATE_DIR`, else `mistral-chat` below `$XDG_STATE_HOME` (default `~/.local/state`). */
export function stateFolder(env: NodeJS.ProcessEnv): string {
  const own = env.MISTRAL_STATE_DIR;
  if (own) return own;
  return join(
    xdgFolder('state', env, () => homeFolder(env)),
    'mistral-chat',
  );
}

/** The saved chats, with this process as the one that writes them. */
export function sessionFolder(env: NodeJS.ProcessEnv): SessionFolder {
  return new SessionFolder(join(stateFolder(env), 'sessions'));
}
