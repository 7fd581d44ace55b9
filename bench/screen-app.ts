// The program that screen.ts measures: a chat screen, or plain writes, over tokens at a steady pace.
// Arguments: mode (screen or plain), tokens, tokens per second, file for the result.
import {readFileSync, writeFileSync} from 'node:fs';
import {screenHost} from '../src/commands/screen-host.ts';
import {toolHost} from '../src/commands/tool-host.ts';
import type {Backend, GenerationEvent} from '../src/engine/backend.ts';
import {newSessionInfo, Session} from '../src/engine/session.ts';
import {History} from '../src/ui/chat/history.ts';
import {runChat} from '../src/ui/chat/run-chat.ts';
import {createTheme} from '../src/ui/markdown/style.ts';
import {pacedBackend} from '../test/fakes/paced-backend.ts';

const [mode = 'screen', tokens = '2000', rate = '200', result = '', corpus = ''] = process.argv.slice(2);
const wanted = Number(tokens);
const text = readFileSync(corpus, 'utf8');
const reply = text.repeat(Math.ceil((wanted * 4) / text.length)).slice(0, wanted * 4);
const paced = pacedBackend(() => reply, {tokensPerSecond: Number(rate)});

/** Microseconds of CPU, all threads, at each quarter of the answer. */
const marks: number[] = [];
const cpu = () => {
  const {user, system} = process.cpuUsage();
  return user + system;
};

async function* counted(events: AsyncIterable<GenerationEvent>): AsyncGenerator<GenerationEvent> {
  let count = 0;
  for await (const event of events) {
    if (event.type === 'text' && count++ % Math.ceil(wanted / 4) === 0) marks.push(cpu());
    if (event.type === 'finish') marks.push(cpu());
    yield event;
  }
}

const backend: Backend = {...paced, chat: (request, signal) => counted(paced.chat(request, signal))};

if (mode === 'plain') {
  const request = {messages: [], sampling: {temperature: 0}};
  for await (const event of backend.chat(request, new AbortController().signal)) {
    if (event.type === 'text') process.stdout.write(event.text);
  }
} else {
  await runChat({
    host: screenHost(new AbortController().signal),
    open: async () => backend,
    sampling: {temperature: 0},
    banner: 'bench',
    history: new History(undefined),
    session: new Session(newSessionInfo('bench'), undefined),
    toolHost: toolHost({shell: false, timeoutMs: 30_000, cwd: process.cwd()}),
    theme: createTheme({color: true, unicode: true, hyperlinks: false}),
  });
}
writeFileSync(result, JSON.stringify({marks, rss: process.memoryUsage().rss}));
process.exit(0);
