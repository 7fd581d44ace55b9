// Where files of this program go: the XDG folders, or their defaults.
import {readFileSync} from 'node:fs';
import {homedir} from 'node:os';
import {isAbsolute, join} from 'node:path';
import type {Io} from './io.ts';

/** What can be made again: converted models. */
export function cacheFolder({env}: Pick<Io, 'env'>): string {
  const given = env.XDG_CACHE_HOME;
  const base = given !== undefined && isAbsolute(given) ? given : join(env.HOME || homedir(), '.cache');
  return join(base, 'mistral-chat');
}

/** Models fetched from an address: what no other store has a place for. */
export function modelsFolder({env}: Pick<Io, 'env'>): string {
  return join(cacheFolder({env}), 'models', 'fetched');
}

/** The hub's token: HF_TOKEN, else the file its own tools keep it in. */
export function hubToken({env}: Pick<Io, 'env'>): string | undefined {
  if (env.HF_TOKEN) return env.HF_TOKEN;
  const home = env.HF_HOME || join(env.HOME || homedir(), '.cache', 'huggingface');
  try {
    return readFileSync(env.HF_TOKEN_PATH || join(home, 'token'), 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}
