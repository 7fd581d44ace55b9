// `mistral chat` on a terminal without a screen: the model loads first, then the prompt loop begins.

import {defined} from '../../base/defined.ts';
import {clipboardSequence} from '../../ui/clipboard.ts';
import {runPlainChat} from '../../ui/plain/plain-chat.ts';
import {BELL} from '../../ui/screen/notices.ts';
import {homeFolder} from '../host/folders.ts';
import {type Io, sendSequence} from '../host/io.ts';
import {notingIo} from '../host/screen-host.ts';
import {terminalAbilities} from '../host/terminal-abilities.ts';
import {stdinTexts} from '../host/text-input.ts';
import {meant} from '../open-model/meant.ts';
import {openBackend} from '../open-model/open-backend.ts';
import {offerSystem, samplingFor} from '../open-model/recommended.ts';
import {KeptChat, shellFor, type TerminalChat, toolsOf} from './kept-chat.ts';
import {otherModels} from './other-models.ts';

/** Chats until the person leaves or stdin ends; throws what loading the model throws. */
export async function chatInPlain(io: Io, options: TerminalChat): Promise<void> {
  const {model, flags, sampling, system, tools, thoughts, contextPolicy, reducedMotion, screenReader, stats, notify} =
    options;
  const kept = new KeptChat(io, options);
  const {session, sessions} = kept;
  if (screenReader) io.say('The model is being loaded.');
  try {
    // Without a spinner, which turns.
    const backend = await openBackend(io, model, flags, {chats: true, ...(reducedMotion && {onProgress() {}})});
    samplingFor(backend.model, sampling, io.say);
    if (system === undefined && session.messages[0]?.role !== 'system')
      offerSystem(backend.model, '/system default', io.say);
    await kept.warm(backend, io.say);
    const last = await runPlainChat({
      backend,
      models: otherModels({
        ...{meant: meant(io, model, flags), flags, sampling},
        noting: (note) => notingIo(io, note, io.stop),
        opened: (other) => kept.goOnWith(other),
      }),
      sampling,
      thoughts,
      contextPolicy,
      ...defined({stats, notify}),
      ...(system === undefined ? {} : {system}),
      terminal: {lines: stdinTexts(io), columns: () => io.stdout.columns, print: io.print, say: io.sayText},
      screenReader,
      unicode: terminalAbilities(io.env).unicode,
      session,
      ...(sessions === undefined ? {} : {sessions}),
      ...toolsOf(io, tools),
      toolSource: options.toolSource,
      ...shellFor(io, tools, false),
      cwd: io.cwd,
      home: homeFolder(io.env),
      stop: io.stop,
      captureInterrupt: (handler) => io.captureInterrupt(handler),
      copy: (text) => copy(io, text),
      bell: () => sendSequence(io, BELL),
      now: () => performance.now(),
    }).finally(() => kept.close());
    io.stop.throwIfAborted();
    await last.close();
  } finally {
    kept.release();
  }
}

function copy(io: Io, text: string): boolean {
  const sequence = io.env.TERM === 'dumb' ? undefined : clipboardSequence(text, io.env.TMUX !== undefined);
  if (sequence !== undefined) sendSequence(io, sequence);
  return sequence !== undefined;
}
