// Where files of this program go: the XDG folders, or their defaults.
import {homedir} from 'node:os';
import {join} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {KeptResults} from '../../base/files/kept-results.ts';
import {xdgFolder} from '../../base/files/xdg-folder.ts';
import type {Io} from './io.ts';

/** The user's home folder. @throws EngineError `io` for a user who has none, as in a container. */
export function homeFolder(env: Io['env']): string {
  try {
    return env.HOME || homedir();
  } catch (cause) {
    throw new EngineError('io', 'this user has no home folder', {hint: 'Set HOME to a folder.', cause});
  }
}

/** What can be made again: converted models. */
export function cacheFolder({env}: Pick<Io, 'env'>): string {
  return join(
    xdgFolder('cache', env, () => homeFolder(env)),
    'mistral-chat',
  );
}

/** What chat templates printed in earlier runs; undefined for a user without a home folder. */
export function keptRenderings(io: Pick<Io, 'env'>): KeptResults | undefined {
  try {
    return new KeptResults(join(cacheFolder(io), 'renderings'));
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

/** Models fetched from an address: what no other store has a place for. */
export function modelsFolder({env}: Pick<Io, 'env'>): string {
  return join(cacheFolder({env}), 'models', 'fetched');
}
