// Opens thousands of damaged models and has each write two tokens: nothing may end by a signal, hang or show a stack.
import {type ChildProcess, fork} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {setPriority, tmpdir} from 'node:os';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {EngineError} from '../src/base/errors.ts';
import {preflight} from '../src/engine/gguf/preflight.ts';
import {openLocalBackend} from '../src/engine/local/open-local.ts';
import {MICRO_NAMES, microModel} from '../test/fixtures/micro-models.ts';
import {type ModelMutant, randomMutant, targetedMutants} from './make-model-mutants.ts';

/** A mutant that takes more of the processor counts as a fault, in milliseconds; a sound model takes 0.1 s. */
const LIMIT_MS = 5000;
/** One that comes to no end, in milliseconds: a busy machine may let a process wait for long. */
const NO_END_MS = 60_000;

type Outcome = 'refused before' | 'refused by the engine' | 'answered' | 'fault';

interface Report {
  readonly outcome: Outcome;
  readonly what: string;
  /** Milliseconds of the processor, of all threads. */
  readonly cpuMs: number;
}

/** In the child: one file, and what it took. */
async function measured(path: string): Promise<Report> {
  const before = process.cpuUsage();
  const {outcome, what} = await tryFile(path);
  const {user, system} = process.cpuUsage(before);
  const cpuMs = (user + system) / 1000;
  return cpuMs < LIMIT_MS
    ? {outcome, what, cpuMs}
    : {outcome: 'fault', what: `${(cpuMs / 1000).toFixed(1)} s of the processor`, cpuMs};
}

/** In the child: what became of one file. */
async function tryFile(path: string): Promise<Pick<Report, 'outcome' | 'what'>> {
  try {
    preflight(path);
  } catch (error) {
    return {outcome: error instanceof EngineError ? 'refused before' : 'fault', what: told(error)};
  }
  try {
    const backend = await openLocalBackend({file: path, device: 'off', threads: 1, contextSize: 256});
    const request = {prompt: 'Hello', sampling: {temperature: 0, maxTokens: 2}};
    for await (const _ of backend.complete(request, new AbortController().signal));
    await backend.close();
    return {outcome: 'answered', what: ''};
  } catch (error) {
    return {
      outcome: error instanceof EngineError && error.code !== 'internal' ? 'refused by the engine' : 'fault',
      what: told(error),
    };
  }
}

const told = (error: unknown) =>
  error instanceof EngineError ? error.message : String((error as Error).stack ?? error);

function startChild(): ChildProcess {
  return fork(process.argv[1] as string, ['--child'], {stdio: ['ignore', 'ignore', 'ignore', 'ipc']});
}

/** What the child says of the file, or how it ended over it. */
function ask(child: ChildProcess, path: string): Promise<Report> {
  return new Promise((done) => {
    const end = (report: Report) => {
      clearTimeout(timer);
      child.removeAllListeners();
      done(report);
    };
    let hangs = false;
    const timer = setTimeout(() => {
      hangs = true;
      child.kill('SIGKILL');
    }, NO_END_MS);
    child.once('message', (report: Report) => end(report));
    child.once('exit', (code, signal) => {
      const what = hangs ? `no end in ${NO_END_MS / 1000} s` : `ended by ${signal ?? `code ${code}`}`;
      end({outcome: 'fault', what, cpuMs: 0});
    });
    child.send(path);
  });
}

/** A generator of numbers from 0 to 1 that gives the same ones for the same seed (xorshift32). */
function randomFrom(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Every k-th of the targeted ones, so that `count` remain, and random ones for a quarter. */
function mutantsOf(model: Buffer, count: number, seed: number): ModelMutant[] {
  const all = [...targetedMutants(model)];
  const targeted = Math.min(all.length, Math.ceil(count * 0.75));
  const chosen = Array.from({length: targeted}, (_, i) => all[Math.floor((i * all.length) / targeted)] as ModelMutant);
  const random = randomFrom(seed);
  return [...chosen, ...Array.from({length: count - targeted}, () => randomMutant(model, random))];
}

async function main(): Promise<void> {
  const {values} = parseArgs({
    options: {count: {type: 'string', default: '4000'}, seed: {type: 'string', default: '1'}},
  });
  setPriority(10);
  const folder = mkdtempSync(join(tmpdir(), 'model-mutants-'));
  process.once('exit', () => rmSync(folder, {recursive: true, force: true}));
  const tally = new Map<Outcome, number>();
  let slowest = 0;
  let child: ChildProcess | undefined;
  for (const name of MICRO_NAMES) {
    const path = join(folder, `${name}.gguf`);
    const model = microModel(name);
    const sound: ModelMutant = {recipe: 'nothing', bytes: model};
    const each = Math.ceil(Number(values.count) / MICRO_NAMES.length);
    for (const {recipe, bytes} of [sound, ...mutantsOf(model, each, Number(values.seed))]) {
      writeFileSync(path, bytes);
      if (child?.connected !== true || child.exitCode !== null || child.signalCode !== null) {
        child = startChild();
        // The engine's library is loaded by the first file: not the mutant's time.
        const warm = join(folder, 'warm.gguf');
        writeFileSync(warm, microModel('llama'));
        await ask(child, warm);
      }
      const {outcome, what, cpuMs} = await ask(child, path);
      slowest = Math.max(slowest, cpuMs);
      tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
      const isWrong = outcome === 'fault' || (recipe === 'nothing' && outcome !== 'answered');
      if (isWrong) console.log(`${name}: ${recipe}: ${outcome}: ${what}`);
    }
    console.log(`${name}: ${[...tally].map(([outcome, count]) => `${count} ${outcome}`).join(', ')}`);
  }
  child?.kill();
  console.log(`slowest ${(slowest / 1000).toFixed(1)} s of the processor`);
  process.exitCode = (tally.get('fault') ?? 0) > 0 ? 1 : 0;
}

if (process.argv[2] === '--child') {
  process.on('message', (path: string) => void measured(path).then((report) => process.send?.(report)));
} else await main();
