// Where files of this program go: the XDG folders, or their defaults.
import {homedir} from 'node:os';
import {isAbsolute, join} from 'node:path';
import type {Io} from './io.ts';

/** What can be made again: converted models. */
export function cacheFolder({env}: Pick<Io, 'env'>): string {
  const given = env.XDG_CACHE_HOME;
  const base = given !== undefined && isAbsolute(given) ? given : join(env.HOME || homedir(), '.cache');
  return join(base, 'mistral-chat');
}
