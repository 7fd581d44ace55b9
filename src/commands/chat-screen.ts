// `mistral chat` on a terminal: the screen opens first, the model loads behind it.
import {join} from 'node:path';
import {Writable} from 'node:stream';
import type {SamplingParams} from '../engine/sampling.ts';
import {History} from '../ui/chat/history.ts';
import {runChat} from '../ui/chat/run-chat.ts';
import {createTheme} from '../ui/markdown/style.ts';
import {dieBySignal, type Io, type Output} from './io.ts';
import type {EngineFlags} from './options.ts';
import {screenHost} from './screen-host.ts';
import {stateFolder} from './state-folder.ts';
import {versionText} from './version.ts';

export interface ScreenOptions {
  readonly model: string | undefined;
  readonly flags: EngineFlags;
  readonly sampling: SamplingParams;
  readonly system: string | undefined;
}

/** Chats until the person leaves; throws what loading the model throws. */
export async function chatOnScreen(io: Io, {model, flags, sampling, system}: ScreenOptions): Promise<void> {
  const load = new AbortController();
  const stop = AbortSignal.any([io.stop, load.signal]);
  const code = await runChat({
    host: screenHost(io.stop),
    open: async (note, onProgress) => {
      const {openBackend} = await import('./open-backend.ts');
      return await openBackend({...io, stop, stderr: notes(note)}, model, flags, {onProgress});
    },
    sampling,
    ...(system === undefined ? {} : {system}),
    banner: versionText('mistral-chat', false).trim(),
    history: new History(join(stateFolder(io.env), 'history.jsonl')),
    theme: createTheme(abilities(io.env)),
  });
  load.abort();
  if (code === 129) dieBySignal('SIGHUP');
  if (code === 130) dieBySignal('SIGINT');
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
