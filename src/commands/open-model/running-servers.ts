// Servers on this machine find each other's clients: a running `mistral serve` leaves a note with its model and address.
import {existsSync, readdirSync, realpathSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {isMissing, reasonOf} from '../../base/files/file-error.ts';
import {makeFolder} from '../../base/files/make-folder.ts';
import {readRegularText} from '../../base/files/regular-file.ts';
import {writeWholeSync} from '../../base/files/whole-file.ts';
import {isHttpAddress} from '../../base/http/address/host-kinds.ts';
import {parsePlainJson} from '../../base/plain-json.ts';
import {count, object, optional, text} from '../../base/shape.ts';
import {within} from '../../base/signals.ts';
import type {Backend} from '../../engine/contract/backend.ts';
import {embeddedFile} from '../../engine/models/embedded-file.ts';
import {existingPath, pathKind} from '../../engine/models/existing-path.ts';
import {openRemote} from '../../engine/remote/remote-backend.ts';
import type {Io} from '../host/io.ts';
import {stateFolder} from '../host/state-folder.ts';
import type {EngineFlags} from '../options.ts';
import {ANSWER_MS, AttachedFim, access, type ServerNote} from './fim-by-server.ts';
import {meant, whereToLook} from './meant.ts';

type Say = (line: string) => void;

const folder = (env: NodeJS.ProcessEnv) => join(stateFolder(env), 'servers');

/** Leaves a note for this process. Returns what takes it away again. A folder that cannot be written is no failure. */
export function announceServer(env: NodeJS.ProcessEnv, pid: number, note: ServerNote): () => void {
  const path = join(folder(env), `${pid}.json`);
  try {
    makeFolder(folder(env), 0o700);
    writeWholeSync(path, JSON.stringify({...note, model: realpathSync(note.model)}), {mode: 0o600, sync: false});
  } catch {
    return () => {};
  }
  return () => rmSync(path, {force: true});
}

/**
 * What each flag means to an answer: `answers` change it, `engine` how it is computed, `others` neither. A new flag has
 * to be placed here before it compiles.
 */
const MEANING = {
  loraPath: 'answers',
  template: 'answers',
  chatTemplate: 'answers',
  setting: 'answers',
  reasoningEffort: 'answers',
  modelDefaults: 'answers',
  gpu: 'engine',
  gpuLayers: 'engine',
  devices: 'engine',
  gpuSplit: 'engine',
  splitMode: 'engine',
  mainGpu: 'engine',
  ctx: 'engine',
  kvType: 'engine',
  threads: 'engine',
  engine: 'engine',
  library: 'engine',
  // Goes with --lora-path.
  loraScale: 'others',
  // Of another way to a model than a running server's.
  url: 'others',
  apiKeyEnv: 'others',
  keyOverHttp: 'others',
  remoteModel: 'others',
  tokenizer: 'others',
  connectTimeout: 'others',
  replyTimeout: 'others',
  idleTimeout: 'others',
  // Chooses the file, by which a server is found.
  quant: 'others',
  // Without it such a model is not served either.
  foreign: 'others',
  memoryCheck: 'others',
  verbose: 'others',
  yes: 'others',
} as const satisfies Record<keyof EngineFlags, 'answers' | 'engine' | 'others'>;

function hasFlag(flags: EngineFlags, ...meanings: readonly string[]): boolean {
  const names = Object.keys(MEANING) as (keyof typeof MEANING)[];
  // Commander's value of an absent --no-… option is true; no flag that is asked about is true when it is given.
  const isGiven = (name: keyof EngineFlags) => flags[name] !== undefined && flags[name] !== true;
  return names.some((name) => meanings.includes(MEANING[name]) && isGiven(name));
}

/** True when the flags ask for something a running server may not have. */
export function changesModel(flags: EngineFlags): boolean {
  return hasFlag(flags, 'answers', 'engine');
}

/** True when a server with these flags gives other answers than its model's file: nobody who names the file means it. */
export function changesAnswers(flags: EngineFlags): boolean {
  return hasFlag(flags, 'answers');
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
  const file = fileToAttach(io, argument, flags);
  return file === undefined ? undefined : await findServer(io.env, file, io.stop, io.say);
}

/** The same for one fill-in: the server is not even asked whether it is there. */
export function attachedFim(io: Io, argument: string | undefined, flags: EngineFlags): AttachedFim | undefined {
  const file = fileToAttach(io, argument, flags);
  const [note] = file === undefined ? [] : notes(io.env, file, io.say);
  return note && new AttachedFim(note);
}

/** The model file of the command line, where a server that has it open would do. */
function fileToAttach(io: Io, argument: string | undefined, flags: EngineFlags): string | undefined {
  const model = meant(io, argument, flags);
  if (model.kind === 'url' || changesModel(flags) || !existsSync(folder(io.env))) return undefined;
  const file = model.name === undefined ? embeddedFile() : existingPath(model.name, whereToLook(io));
  return file !== undefined && pathKind(file) === 'file' ? file : undefined;
}

/** The running server of this user that has the model open, as a backend; undefined when there is none. */
export async function findServer(
  env: NodeJS.ProcessEnv,
  model: string,
  stop: AbortSignal,
  say?: Say,
): Promise<Backend | undefined> {
  for (const {path, ...note} of notes(env, model, say)) {
    try {
      return await within({of: [stop], ms: ANSWER_MS}, (signal) => openRemote({...access(note), signal}));
    } catch (error) {
      stop.throwIfAborted();
      // It died without taking its note away. One that is only too busy to answer keeps it.
      if (error instanceof EngineError && error.code === 'backend_unreachable') rmSync(path, {force: true});
    }
  }
  return undefined;
}

type FoundNote = ServerNote & {readonly path: string};

/** The notes of the servers that have this model open. A damaged one hides no other: it is removed, and `say` hears of it. */
function notes(env: NodeJS.ProcessEnv, model: string, say?: Say): FoundNote[] {
  let file: string;
  let names: string[];
  try {
    file = realpathSync(model);
    names = readdirSync(folder(env)).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const path = join(folder(env), name);
    try {
      const note = readNote(readRegularText(path));
      return note.model === file ? [{...note, path}] : [];
    } catch (error) {
      // A server that has ended meanwhile took it away.
      if (isMissing(error)) return [];
      say?.(`note: ${path}, which should name a running server, is damaged (${reasonOf(error)}) and removed`);
      rmSync(path, {force: true, recursive: true});
      return [];
    }
  });
}

/** @throws Error for what no server writes. */
function readNote(json: string): ServerNote {
  const {url, model, id, contextSize, key} = noteShape(parsePlainJson(json));
  if (url === undefined || !isHttpAddress(url)) throw new Error('it has no address');
  if (model === undefined || id === undefined) throw new Error('it names no model');
  return {url, model, id, ...(contextSize && {contextSize}), ...(key !== undefined && {key})};
}

const noteShape = object({
  url: optional(text),
  model: optional(text),
  id: optional(text),
  contextSize: optional(count),
  key: optional(text),
});
