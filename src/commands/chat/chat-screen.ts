// `mistral chat` on a terminal: the screen opens first, the model loads behind it.
import {join} from 'node:path';
import {defined} from '../../base/defined.ts';
import {createTheme} from '../../ui/markdown/style.ts';
import {History} from '../../ui/prompt/input-history.ts';
import {runChat} from '../../ui/screen/run-chat.ts';
import type {Io} from '../host/io.ts';
import {notingIo, screenHost} from '../host/screen-host.ts';
import {stateFolder} from '../host/state-folder.ts';
import {terminalAbilities} from '../host/terminal-abilities.ts';
import {meant} from '../open-model/meant.ts';
import {offerSystem, samplingFor} from '../open-model/recommended.ts';
import {dieBySignal} from '../processes/before-death.ts';
import {firstLine} from './first-line.ts';
import {commandEnvironment, KeptChat, shellFor, type TerminalChat, toolsOf} from './kept-chat.ts';
import {otherModels} from './other-models.ts';

/** Chats until the person leaves; throws what loading the model throws. */
export async function chatOnScreen(io: Io, options: TerminalChat): Promise<void> {
  const {model, flags, sampling, system, save, tools, thoughts, contextPolicy, reducedMotion, stats, notify, title} =
    options;
  const named = meant(io, model, flags);
  const state = stateFolder(io.env);
  const kept = new KeptChat(io, options);
  const {session, sessions} = kept;
  const load = new AbortController();
  const stop = AbortSignal.any([io.stop, load.signal]);
  const code = await runChat({
    host: screenHost(io.stop, commandEnvironment(io, tools)),
    open: async (note, onProgress) => {
      const {openBackend} = await import('../open-model/open-backend.ts');
      const backend = await openBackend(notingIo(io, note, stop), model, flags, {
        onProgress,
        chats: true,
        saysEmbedded: false,
      });
      samplingFor(backend.model, sampling, note);
      if (system === undefined && session.messages[0]?.role !== 'system')
        offerSystem(backend.model, '/system default', note);
      await kept.warm(backend, note);
      return backend;
    },
    models: otherModels({
      ...{meant: named, flags, sampling},
      noting: (note) => notingIo(io, note, stop),
      opened: (backend) => kept.goOnWith(backend),
    }),
    sampling,
    thoughts,
    contextPolicy,
    ...(system === undefined ? {} : {system}),
    banner: firstLine(named),
    ...defined({stats, notify}),
    title,
    history: new History(save ? join(state, 'history.jsonl') : undefined),
    session,
    ...(sessions === undefined ? {} : {sessions}),
    reducedMotion,
    theme: createTheme(terminalAbilities(io.env)),
    ...toolsOf(io, tools),
    toolSource: options.toolSource,
    ...shellFor(io, tools, true),
  });
  load.abort();
  await kept.close();
  if (code === 129) dieBySignal('SIGHUP');
  if (code === 130) dieBySignal('SIGINT');
}
