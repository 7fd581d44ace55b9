// Servers on this machine find each other's clients: a running `mistral serve` leaves a note with its model and address.
import {mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Backend} from '../engine/backend.ts';
import {openRemote} from '../engine/remote/backend.ts';
import {stateFolder} from './state-folder.ts';

export interface ServerNote {
  readonly url: string;
  /** The model's file. */
  readonly model: string;
  /** Lets this user's programs in; made for each run, and readable by this user alone. */
  readonly key?: string;
}

/** A server that is there answers at once; one that hangs is not waited for. */
const ANSWER_MS = 1000;

const folder = (env: NodeJS.ProcessEnv) => join(stateFolder(env), 'servers');

/** Leaves a note for this process. Returns what takes it away again. A folder that cannot be written is no failure. */
export function announceServer(env: NodeJS.ProcessEnv, pid: number, note: ServerNote): () => void {
  const path = join(folder(env), `${pid}.json`);
  try {
    mkdirSync(folder(env), {recursive: true, mode: 0o700});
    writeFileSync(path, JSON.stringify({...note, model: realpathSync(note.model)}), {mode: 0o600});
  } catch {
    return () => {};
  }
  return () => rmSync(path, {force: true});
}

/** The running server of this user that has the model open, as a backend; undefined when there is none. */
export async function findServer(
  env: NodeJS.ProcessEnv,
  model: string,
  stop: AbortSignal,
): Promise<Backend | undefined> {
  for (const {url, key, path} of notes(env, model)) {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(ANSWER_MS)]);
    try {
      return await openRemote({url: `${url}/v1`, retries: 0, signal, ...(key !== undefined && {apiKey: key})});
    } catch {
      stop.throwIfAborted();
      // It died without taking its note away.
      rmSync(path, {force: true});
    }
  }
  return undefined;
}

function notes(env: NodeJS.ProcessEnv, model: string): (ServerNote & {readonly path: string})[] {
  try {
    const file = realpathSync(model);
    const paths = readdirSync(folder(env)).map((name) => join(folder(env), name));
    const all = paths.map((path) => ({...(JSON.parse(readFileSync(path, 'utf8')) as ServerNote), path}));
    return all.filter((note) => note.model === file);
  } catch {
    return [];
  }
}
