// The engines that compute on this machine: the only place outside their folders that knows which there are.
import {EngineError} from '../../base/errors.ts';
import type {Device, LibraryChoice, LocalEngine, Machine, UsualCalls} from '../contract/local-engine.ts';
import type {GgufFile} from '../gguf/read-header.ts';

export interface EngineEntry {
  readonly name: string;
  /** Called when it is asked for the first time: an engine that nobody asks is not loaded. */
  load(): Promise<LocalEngine>;
}

/** The first one that opens a file takes it; the first one's view of the machine counts before a file is chosen. */
const entries: EngineEntry[] = [{name: 'llama', load: async () => (await import('../llama/engine.ts')).llamaEngine}];

/** Adds an engine behind those there are. Returns what takes it out again. */
export function registerEngine(entry: EngineEntry): () => void {
  entries.push(entry);
  return () => void entries.splice(entries.indexOf(entry), 1);
}

/** The engine that opens this file. @throws EngineError `model_invalid` when none does, with the engines that were asked. */
export async function engineFor(file: GgufFile, choice: LibraryChoice = {}): Promise<LocalEngine> {
  const asked: string[] = [];
  const architecture = file.metadata.string('general.architecture') ?? '';
  for (const entry of entries) {
    const engine = await entry.load();
    if (engine.runs(architecture, choice)) return engine;
    asked.push(engine.name);
  }
  const who = asked.length === 1 ? `this engine (${asked[0]})` : `these engines (${asked.join(', ')})`;
  throw new EngineError('model_invalid', `${file.path} is of architecture "${architecture}", unknown to ${who}`, {
    hint: 'For a model newer than this program, update mistral-chat.',
  });
}

/** Whether any engine computes models of this `general.architecture`. */
export async function runsHere(architecture: string): Promise<boolean> {
  for (const entry of entries) if ((await entry.load()).runs(architecture, {})) return true;
  return false;
}

/** This machine with the memory of the device, before a file is chosen. @throws EngineError `unsupported` without it. */
export async function localMachine(device: Device): Promise<Machine> {
  const [first] = entries;
  if (first === undefined) throw new EngineError('unsupported', 'there is no engine on this machine');
  return await (await first.load()).machine(device);
}

/** How the first engine opens models when nobody says how; undefined where it has one way only. */
export async function usualCalls(): Promise<UsualCalls | undefined> {
  const engine = await entries[0]?.load();
  return await engine?.usualCalls?.();
}
