// The chat screen on the real terminal with a paced backend: what the pty tests and the benchmark run.
// Arguments: JSON of ChatAppOptions.
import {existsSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {screenHost} from '../../src/commands/screen-host.ts';
import {newSessionInfo, Session} from '../../src/engine/session.ts';
import {History} from '../../src/ui/chat/history.ts';
import {runChat} from '../../src/ui/chat/run-chat.ts';
import {createTheme} from '../../src/ui/markdown/style.ts';
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
}

const options = JSON.parse(process.argv[2] ?? '{}') as ChatAppOptions;

async function open() {
  await sleep(options.loadMs ?? 0);
  return pacedBackend(({messages}) => options.reply ?? `You said: ${String(messages.at(-1)?.content)}`, {
    tokensPerSecond: options.tokensPerSecond ?? 1000,
    ...(options.prefillMs === undefined ? {} : {prefillMs: options.prefillMs}),
  });
}

const code = await runChat({
  host: screenHost(new AbortController().signal),
  open,
  sampling: {temperature: 0.7},
  banner: 'mistral-chat test',
  session:
    options.session !== undefined && existsSync(options.session)
      ? Session.read(options.session)
      : new Session(newSessionInfo('paced'), options.session),
  history: new History(options.history),
  theme: createTheme({color: process.env.NO_COLOR === undefined, unicode: true, hyperlinks: false}),
});
process.exit(code);
