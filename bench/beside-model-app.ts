// The program that screen-model.ts measures: one model, one process, the same answer over and over, by turns with plain
// writes and with the chat screen around it. Arguments: JSON of BesideModelOptions.
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {processIo} from '../src/commands/host/io.ts';
import {screenHost} from '../src/commands/host/screen-host.ts';
import {toolHost} from '../src/commands/tools/tool-host.ts';
import type {Backend, GenerationEvent} from '../src/engine/contract/backend.ts';
import type {SamplingParams} from '../src/engine/contract/sampling.ts';
import {Conversation} from '../src/engine/conversation/conversation.ts';
import {newSessionInfo, Session} from '../src/engine/conversation/session.ts';
import type {LocalBackend} from '../src/engine/local/local-backend.ts';
import {openLocalBackend} from '../src/engine/local/open-local.ts';
import {createTheme} from '../src/ui/markdown/style.ts';
import {writeAnswer} from '../src/ui/plain/write-answer.ts';
import {History} from '../src/ui/prompt/input-history.ts';
import type {Host} from '../src/ui/screen/draw/terminal.ts';
import {runChat} from '../src/ui/screen/run-chat.ts';

export interface BesideModelOptions {
  readonly model: string;
  readonly threads: number;
  readonly tokens: number;
  /** The faces in the order of the answers. */
  readonly faces: readonly Face[];
  /** A folder for the result (`result.json`, a JSON of AnswerResult[]) and the session. */
  readonly folder: string;
}

export type Face = 'plain' | 'screen';

export interface AnswerResult {
  readonly face: Face;
  readonly tokensPerSecond: number;
  /** Milliseconds of CPU that the JavaScript thread took from the first token to the last. */
  readonly mainMs: number;
  /** How often that thread was given a core meanwhile. */
  readonly wakeUps: number;
}

const options = JSON.parse(process.argv[2] ?? '{}') as BesideModelOptions;
const {model, threads, tokens, faces, folder} = options;

/** What Linux counts of the main thread: nanoseconds on a core, nanoseconds of waiting for one, turns. */
function mainThread(): {ms: number; turns: number} {
  const [ns = 0, , turns = 0] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ').map(Number);
  return {ms: ns / 1e6, turns};
}

const results: AnswerResult[] = [];
let opened: Promise<LocalBackend> | undefined;

/** Loads the model at the first call: behind the screen when that comes first, as the real program does. */
function open(): Promise<LocalBackend> {
  opened ??= openLocalBackend({file: model, device: 'off', threads});
  return opened;
}

/** The same answer each time. A model of random weights may end at any token. */
function sampling({tokenizer}: LocalBackend): SamplingParams {
  return {temperature: 0.7, seed: 1, maxTokens: tokens, logitBias: new Map([[tokenizer.eos, -100]])};
}

async function* measured(face: Face, events: AsyncIterable<GenerationEvent>): AsyncGenerator<GenerationEvent> {
  let from: ReturnType<typeof mainThread> | undefined;
  for await (const event of events) {
    if (event.type === 'text') from ??= mainThread();
    if (event.type === 'finish') {
      const to = mainThread();
      const tokensPerSecond = event.timings.tokensPerSecond ?? 0;
      const since = from ?? to;
      results.push({face, tokensPerSecond, mainMs: to.ms - since.ms, wakeUps: to.turns - since.turns});
    }
    yield event;
  }
}

/** The model for one answer; it stays open for the next. */
async function forOne(face: Face, ended: () => void): Promise<Backend> {
  const backend = await open();
  const fixed = sampling(backend);
  return {
    model: backend.model,
    tokenizer: backend.tokenizer,
    async *chat(request, signal) {
      yield* measured(face, backend.chat({...request, sampling: fixed}, signal));
      ended();
    },
    complete: (request, signal) => backend.complete(request, signal),
    fim: (request, signal) => backend.fim(request, signal),
    close: async () => {},
  };
}

async function plainAnswer(): Promise<void> {
  const backend = await forOne('plain', () => {});
  const conversation = new Conversation({backend, settings: () => ({sampling: {temperature: 0}})});
  const events = conversation.send('go', new AbortController().signal) as AsyncIterable<GenerationEvent>;
  await writeAnswer(events, {to: processIo()}, 'text', backend.model);
}

/** The chat screen as it ships, on this terminal; nobody sits at it, so the keys come from here. */
async function screenAnswer(number: number): Promise<void> {
  const host = screenHost(new AbortController().signal, process.env);
  let type = (_keys: string) => {};
  const stdin: Host['stdin'] = {
    setRawMode: (raw) => host.stdin.setRawMode(raw),
    on: (event: string, listener: (chunk: Uint8Array) => void) => {
      if (event === 'data') type = (keys) => listener(Buffer.from(keys));
    },
    off() {},
    pause() {},
    resume() {},
  };
  await runChat({
    host: {...host, stdin, onHangup() {}},
    open: async () => {
      const backend = await forOne('screen', () => setTimeout(() => type('\x04'), 50));
      type('go\r');
      return backend;
    },
    sampling: {asked: {}, otherwise: {temperature: 0}},
    banner: () => ['bench'],
    stats: 'on',
    history: new History(undefined),
    session: new Session(newSessionInfo('bench'), join(folder, `session-${number}.jsonl`)),
    toolHost: toolHost({shell: false, timeoutMs: 30_000, cwd: process.cwd(), env: process.env}),
    theme: createTheme({color: true, unicode: true, hyperlinks: false}),
  });
}

for (const [number, face] of faces.entries()) await (face === 'plain' ? plainAnswer() : screenAnswer(number));
writeFileSync(join(folder, 'result.json'), JSON.stringify(results));
await (await open()).close();
process.exit(0);
