// Which settings files of projects this user has read and trusts: each by its path and by what stood in it then.
import {createHash} from 'node:crypto';
import {realpathSync} from 'node:fs';
import {join} from 'node:path';
import {readRegularText} from '../../base/files/regular-file.ts';
import {writeWholeSync} from '../../base/files/whole-file.ts';
import {parsePlainJson} from '../../base/plain-json.ts';
import {stateFolder} from '../host/state-folder.ts';

type Env = NodeJS.ProcessEnv;

/** Whether this file was trusted as it is now. */
export function isTrusted(env: Env, path: string, text: string): boolean {
  return trusted(env).get(realpathSync(path)) === digest(text);
}

/** Trusts the file as it is now. @throws EngineError `io` when that cannot be noted down. */
export function trust(env: Env, path: string, text: string): void {
  const all = trusted(env).set(realpathSync(path), digest(text));
  writeWholeSync(listOf(env), `${JSON.stringify(Object.fromEntries(all), undefined, 2)}\n`, {mode: 0o600});
}

const listOf = (env: Env) => join(stateFolder(env), 'trusted-settings.json');
const digest = (text: string) => createHash('sha256').update(text).digest('hex');

/** A list that cannot be read trusts nobody. */
function trusted(env: Env): Map<string, unknown> {
  try {
    const list: unknown = parsePlainJson(readRegularText(listOf(env)));
    return new Map(typeof list === 'object' && list !== null ? Object.entries(list) : []);
  } catch {
    return new Map();
  }
}
