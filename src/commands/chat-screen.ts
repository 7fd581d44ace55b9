// `mistral chat` on a terminal: the screen opens first, the model loads behind it.
import {join} from 'node:path';
import {Writable} from 'node:stream';
import type {OpenedLocalBackend} from '../engine/open-local.ts';
import type {SamplingParams} from '../engine/sampling.ts';
import {newSessionInfo, Session} from '../engine/session.ts';
import type {SessionFolder} from '../engine/session-folder.ts';
import {History} from '../ui/chat/history.ts';
import {runChat} from '../ui/chat/run-chat.ts';
import {createTheme} from '../ui/markdown/style.ts';
import {dieBySignal, type Io, type Output} from './io.ts';
import type {EngineFlags} from './options.ts';
import {screenHost} from './screen-host.ts';
import {sessionFolder, stateFolder} from './state-folder.ts';
import {toolHost} from './tool-host.ts';
import {versionText} from './version.ts';

export interface ScreenOptions {
  readonly model: string | undefined;
  readonly flags: EngineFlags;
  readonly sampling: SamplingParams;
  readonly system: string | undefined;
  /** True: the chat used last; a text: the session whose id begins so. */
  readonly resume: string | true | undefined;
  /** False: nothing of this chat is written anywhere. */
  readonly save: boolean;
  readonly tools: ToolFlags;
  /** Nothing moves by itself. */
  readonly still: boolean;
}

export interface ToolFlags {
  /** File of the tools to begin with. */
  readonly tools?: string;
  readonly exec?: readonly string[];
  readonly shell?: true;
  /** Seconds. */
  readonly timeout: number;
}

/** Chats until the person leaves; throws what loading the model throws. */
export async function chatOnScreen(io: Io, options: ScreenOptions): Promise<void> {
  const {model, flags, sampling, system, save, tools, still} = options;
  const state = stateFolder(io.env);
  const sessions = sessionFolder(io.env);
  const {session, stateOf} = openSession(sessions, options, (text) => io.stderr.write(`${text}\n`));
  const load = new AbortController();
  let backend: OpenedLocalBackend | undefined;
  const stop = AbortSignal.any([io.stop, load.signal]);
  const code = await runChat({
    host: screenHost(io.stop),
    open: async (note, onProgress) => {
      const {isLocal, openBackend} = await import('./open-backend.ts');
      const opened = await openBackend({...io, stop, stderr: notes(note)}, model, flags, {onProgress});
      if (!isLocal(opened)) return opened;
      backend = opened;
      if (stateOf !== undefined) await backend.loadState(sessions.stateOf(stateOf));
      return backend;
    },
    sampling,
    ...(system === undefined ? {} : {system}),
    banner: versionText('mistral-chat', false).trim(),
    history: new History(save ? join(state, 'history.jsonl') : undefined),
    session,
    ...(save ? {sessions} : {}),
    still,
    theme: createTheme(abilities(io.env)),
    toolHost: toolHost({shell: tools.shell === true, timeoutMs: tools.timeout * 1000, cwd: io.cwd}),
    ...(tools.tools === undefined ? {} : {tools: {file: tools.tools, commands: tools.exec ?? []}}),
  });
  load.abort();
  // Another session may be open by now.
  const {held} = sessions;
  if (backend !== undefined && held !== undefined && held.messages.length > 0) {
    await keepState(backend, sessions, held.info.id);
  }
  sessions.release();
  if (code === 129) dieBySignal('SIGHUP');
  if (code === 130) dieBySignal('SIGINT');
}

/** The session to go on with: a kept one, a copy of one that another chat has open, or a new one. */
function openSession(
  sessions: SessionFolder,
  {resume, save}: ScreenOptions,
  tell: (text: string) => void,
): {session: Session; stateOf: string | undefined} {
  const unkept = () => new Session(newSessionInfo(''), undefined);
  if (resume === undefined) return {session: save ? sessions.begin('') : unkept(), stateOf: undefined};
  const id = sessions.find(resume === true ? undefined : resume);
  if (!save) {
    const session = unkept();
    session.update(sessions.read(id).messages);
    return {session, stateOf: id};
  }
  const {session, copied} = sessions.enter(id);
  if (copied) tell(`session ${id} is open in another chat; this one goes on as ${session.info.id}`);
  return {session, stateOf: id};
}

/** Keeps the KV cache for the next start. Not being able to is no failure: the next start evaluates the messages. */
async function keepState(backend: OpenedLocalBackend, sessions: SessionFolder, id: string): Promise<void> {
  const saved = await backend.saveState(sessions.stateOf(id)).then(
    () => true,
    () => false,
  );
  try {
    if (saved) sessions.prune();
    else sessions.removeState(id);
  } catch {
    // A folder that takes no files holds no stale ones either.
  }
}

/** What the terminal can show. NO_COLOR counts when it is not empty (no-color.org). */
function abilities(env: NodeJS.ProcessEnv): {color: boolean; unicode: boolean; hyperlinks: boolean} {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return {
    color: !env.NO_COLOR && env.FORCE_COLOR !== '0',
    unicode: /utf-?8/i.test(locale) || process.platform === 'darwin',
    hyperlinks:
      /kitty|ghostty|wezterm|foot/.test(`${env.TERM} ${env.TERM_PROGRAM}`.toLowerCase()) ||
      Boolean(env.VTE_VERSION || env.WT_SESSION),
  };
}

/** A stream whose lines become notes in the chat: nothing else may write on the screen. */
function notes(note: (text: string) => void): Output {
  const stream = new Writable({
    write(chunk, _encoding, done) {
      note(String(chunk).replace(/\n$/, ''));
      done();
    },
  });
  return stream;
}
