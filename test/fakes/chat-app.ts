// The chat screen on the real terminal with a paced backend: what the pty tests and the benchmark run.
// Arguments: JSON of ChatAppOptions.
import {existsSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {screenHost} from '../../src/commands/host/screen-host.ts';
import {toolHost} from '../../src/commands/tools/tool-host.ts';
import type {ChatCompletionRequest} from '../../src/engine/contract/requests.ts';
import {newSessionInfo, Session} from '../../src/engine/conversation/session.ts';
import {createTheme} from '../../src/ui/markdown/style.ts';
import {History} from '../../src/ui/prompt/input-history.ts';
import {runChat} from '../../src/ui/screen/run-chat.ts';
import {pacedBackend} from './paced-backend.ts';

export interface ChatAppOptions {
  /** The answer to everything; absent = the last message comes back. */
  readonly reply?: string;
  readonly tokensPerSecond?: number;
  readonly prefillMs?: number;
  readonly loadMs?: number;
  readonly history?: string;
  /** File of a session to keep, and to resume when it is there. */
  readonly session?: string;
  /** Reduced motion. */
  readonly still?: boolean;
  readonly stats?: 'off' | 'on' | 'full';
  readonly notify?: 'off' | 'auto' | 'bell' | 'always';
  readonly title?: boolean;
  /** What the model calls after a message, when it was given tools. */
  readonly call?: {readonly name: string; readonly arguments: string};
}

const options = JSON.parse(process.argv[2] ?? '{}') as ChatAppOptions;

async function open() {
  await sleep(options.loadMs ?? 0);
  const reply = ({messages, tools}: ChatCompletionRequest) => {
    const last = messages.at(-1);
    if (options.call && tools && last?.role === 'user') return {id: 'abcdefghi', ...options.call};
    return options.reply ?? `${last?.role === 'tool' ? 'It' : 'You'} said: ${String(last?.content)}`;
  };
  return pacedBackend(reply, {
    tokensPerSecond: options.tokensPerSecond ?? 1000,
    ...(options.prefillMs === undefined ? {} : {prefillMs: options.prefillMs}),
  });
}

const code = await runChat({
  host: screenHost(new AbortController().signal, process.env),
  open,
  sampling: {asked: {}, otherwise: {temperature: 0.7}},
  banner: (model) => ['mistral-chat test', ...(model === undefined ? [] : [model.id])],
  ...(options.stats === undefined ? {} : {stats: options.stats}),
  ...(options.notify === undefined ? {} : {notify: options.notify}),
  title: options.title !== false,
  session:
    options.session !== undefined && existsSync(options.session)
      ? Session.read(options.session)
      : new Session(newSessionInfo('paced'), options.session),
  history: new History(options.history),
  toolHost: toolHost({shell: false, timeoutMs: 30_000, cwd: process.cwd(), env: process.env}),
  reducedMotion: options.still === true,
  theme: createTheme({color: process.env.NO_COLOR === undefined, unicode: true, hyperlinks: false}),
});
process.exit(code);
