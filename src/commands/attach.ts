// Servers on this machine find each other's clients: a running `mistral serve` leaves a note with its model and address.
import {existsSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import type {Backend} from '../engine/backend.ts';
import {EngineError} from '../engine/errors.ts';
import {makeFolder} from '../engine/make-folder.ts';
import {embeddedFile} from '../engine/models/embedded-file.ts';
import {openRemote} from '../engine/remote/backend.ts';
import type {Io} from './io.ts';
import type {EngineFlags} from './options.ts';
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
    makeFolder(folder(env), 0o700);
    writeFileSync(path, JSON.stringify({...note, model: realpathSync(note.model)}), {mode: 0o600});
  } catch {
    return () => {};
  }
  return () => rmSync(path, {force: true});
}

/** True when the flags ask for something a running server may not have. */
export function changesModel({gpu, gpuLayers, ctx, kvType, threads, template, loraPath}: EngineFlags): boolean {
  return [gpu, gpuLayers, ctx, kvType, threads, template, loraPath].some((flag) => flag !== undefined);
}

/**
 * The running server of this user for the model of the command line, found by names alone: without opening the model,
 * or loading what could. Undefined also where that takes more than a look, such as into a folder.
 */
export async function attachedBackend(
  io: Io,
  argument: string | undefined,
  flags: EngineFlags,
): Promise<Backend | undefined> {
  const elsewhere = flags.url ?? (argument === undefined ? io.env.MISTRAL_URL : undefined);
  if (elsewhere || changesModel(flags) || !existsSync(folder(io.env))) return undefined;
  const named = argument ?? (io.env.MISTRAL_MODEL || undefined);
  const file = named === undefined ? embeddedFile() : resolve(io.cwd, named);
  const isFile = file !== undefined && statSync(file, {throwIfNoEntry: false})?.isFile();
  return isFile ? await findServer(io.env, file, io.stop) : undefined;
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
    } catch (error) {
      stop.throwIfAborted();
      // It died without taking its note away. One that is only too busy to answer keeps it.
      if (error instanceof EngineError && error.code === 'backend_unreachable') rmSync(path, {force: true});
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
