// The program that the benchmarks of the screen measure: the chat screen, or plain writes, over tokens at a steady pace
// or those of a real model. Arguments: JSON of ScreenAppOptions.
import {readFileSync, writeFileSync} from 'node:fs';
import {screenHost} from '../src/commands/screen-host.ts';
import {toolHost} from '../src/commands/tool-host.ts';
import type {Backend, GenerationEvent} from '../src/engine/backend.ts';
import {openLocalBackend} from '../src/engine/open-local.ts';
import type {SamplingParams} from '../src/engine/sampling.ts';
import {newSessionInfo, Session} from '../src/engine/session.ts';
import {History} from '../src/ui/chat/history.ts';
import {runChat} from '../src/ui/chat/run-chat.ts';
import {createTheme} from '../src/ui/markdown/style.ts';
import {writeAnswer} from '../src/ui/plain.ts';
import {pacedBackend} from '../test/fakes/paced-backend.ts';

export interface ScreenAppOptions {
  readonly plain: boolean;
  readonly tokens: number;
  /** File for the result, a JSON of ScreenAppResult. */
  readonly result: string;
  /** Text to stream, and tokens a second. */
  readonly corpus?: string;
  readonly rate?: number;
  /** In place of the two: a GGUF file, on 2 threads. */
  readonly model?: string;
}

export interface ScreenAppResult {
  /** Microseconds of CPU, all threads, at the first token, after each of PARTS parts of the answer, and at its end. */
  readonly marks: readonly number[];
  /** Bytes. */
  readonly rss: number;
  readonly tokensPerSecond: number;
}

/** Parts of an answer whose cost is told apart. */
export const PARTS = 40;

const options = JSON.parse(process.argv[2] ?? '{}') as ScreenAppOptions;
const marks: number[] = [];
let tokensPerSecond = 0;

/** Microseconds. */
function cpu(): number {
  const {user, system} = process.cpuUsage();
  return user + system;
}

async function* counted(events: AsyncIterable<GenerationEvent>): AsyncGenerator<GenerationEvent> {
  let count = 0;
  for await (const event of events) {
    if (event.type === 'text' && count++ % Math.ceil(options.tokens / PARTS) === 0) marks.push(cpu());
    if (event.type === 'finish') {
      marks.push(cpu());
      tokensPerSecond = event.timings.tokensPerSecond ?? 0;
    }
    yield event;
  }
}

const {tokens, model, corpus = '', rate = 200} = options;
const logitBias = new Map<number, number>();
const sampling: SamplingParams =
  model === undefined ? {temperature: 0} : {temperature: 0.7, seed: 1, maxTokens: tokens, logitBias};

/** Opens the model as the real program does: behind the screen, which loads its own parts meanwhile. */
async function open(): Promise<Backend> {
  const backend = model === undefined ? paced() : await openLocalBackend({file: model, gpu: false, threads: 2});
  // A model of random weights may end at any token.
  if (backend.tokenizer !== undefined) logitBias.set(backend.tokenizer.eos, -100);
  return {
    model: backend.model,
    chat: (request, signal) => counted(backend.chat(request, signal)),
    complete: (request, signal) => backend.complete(request, signal),
    fim: (request, signal) => backend.fim(request, signal),
    close: () => backend.close(),
  };
}

function paced(): Backend {
  const text = readFileSync(corpus, 'utf8');
  const reply = text.repeat(Math.ceil((tokens * 4) / text.length)).slice(0, tokens * 4);
  return pacedBackend(() => reply, {tokensPerSecond: rate});
}

if (options.plain) {
  const backend = await open();
  const request = {messages: [{role: 'user' as const, content: 'go'}], sampling};
  const events = backend.chat(request, new AbortController().signal);
  await writeAnswer(events, {out: process.stdout, notes: process.stderr}, 'text', backend.model);
} else {
  await runChat({
    host: screenHost(new AbortController().signal),
    open,
    sampling,
    banner: 'bench',
    history: new History(undefined),
    session: new Session(newSessionInfo('bench'), undefined),
    toolHost: toolHost({shell: false, timeoutMs: 30_000, cwd: process.cwd()}),
    theme: createTheme({color: true, unicode: true, hyperlinks: false}),
  });
}
const result: ScreenAppResult = {marks, rss: process.memoryUsage().rss, tokensPerSecond};
writeFileSync(options.result, JSON.stringify(result));
process.exit(0);
