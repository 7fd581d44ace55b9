// The program that the benchmarks of the screen measure: the chat screen, or plain writes, over tokens at a steady
// pace. Arguments: JSON of ScreenAppOptions.
import {readFileSync, writeFileSync} from 'node:fs';
import {processIo} from '../src/commands/host/io.ts';
import {screenHost} from '../src/commands/host/screen-host.ts';
import {toolHost} from '../src/commands/tools/tool-host.ts';
import type {Backend, GenerationEvent} from '../src/engine/contract/backend.ts';
import {newSessionInfo, Session} from '../src/engine/conversation/session.ts';
import {createTheme} from '../src/ui/markdown/style.ts';
import {writeAnswer} from '../src/ui/plain/write-answer.ts';
import {History} from '../src/ui/prompt/input-history.ts';
import {runChat} from '../src/ui/screen/run-chat.ts';
import {pacedBackend} from '../test/fakes/paced-backend.ts';

export interface ScreenAppOptions {
  readonly plain: boolean;
  readonly tokens: number;
  /** File for the result, a JSON of ScreenAppResult. */
  readonly result: string;
  /** Text to stream, and tokens a second. */
  readonly corpus: string;
  readonly rate: number;
}

export interface ScreenAppResult {
  /** Microseconds of CPU, all threads, at the first token, after each of PARTS parts of the answer, and at its end. */
  readonly marks: readonly number[];
  /** Bytes. */
  readonly rss: number;
}

/** Parts of an answer whose cost is told apart. */
export const PARTS = 40;

const options = JSON.parse(process.argv[2] ?? '{}') as ScreenAppOptions;
const marks: number[] = [];

/** Microseconds. */
function cpu(): number {
  const {user, system} = process.cpuUsage();
  return user + system;
}

async function* counted(events: AsyncIterable<GenerationEvent>): AsyncGenerator<GenerationEvent> {
  let count = 0;
  for await (const event of events) {
    if (event.type === 'text' && count++ % Math.ceil(options.tokens / PARTS) === 0) marks.push(cpu());
    if (event.type === 'finish') marks.push(cpu());
    yield event;
  }
}

const {tokens, corpus, rate} = options;
const sampling = {temperature: 0};

function open(): Backend {
  const text = readFileSync(corpus, 'utf8');
  const reply = text.repeat(Math.ceil((tokens * 4) / text.length)).slice(0, tokens * 4);
  const backend = pacedBackend(() => reply, {tokensPerSecond: rate});
  const chat = backend.chat.bind(backend);
  return Object.assign(backend, {chat: ((request, signal) => counted(chat(request, signal))) as Backend['chat']});
}

if (options.plain) {
  const backend = open();
  const request = {messages: [{role: 'user' as const, content: 'go'}], sampling};
  const events = backend.chat(request, new AbortController().signal);
  await writeAnswer(events, {to: processIo()}, 'text', backend.model);
} else {
  await runChat({
    host: screenHost(new AbortController().signal, process.env),
    open: async () => open(),
    sampling: {asked: {}, otherwise: sampling},
    banner: () => ['bench'],
    stats: 'on',
    history: new History(undefined),
    session: new Session(newSessionInfo('bench'), undefined),
    toolHost: toolHost({shell: false, timeoutMs: 30_000, cwd: process.cwd(), env: process.env}),
    theme: createTheme({color: true, unicode: true, hyperlinks: false}),
  });
}
const result: ScreenAppResult = {marks, rss: process.memoryUsage().rss};
writeFileSync(options.result, JSON.stringify(result));
process.exit(0);
