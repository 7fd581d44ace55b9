// Which llama.cpp library computes, and how it is called: by flags, else by the environment.
import {resolve} from 'node:path';
import {EngineError} from '../base/errors.ts';
import {ENGINE_CALLS, type LibraryChoice} from '../engine/contract/local-engine.ts';
import type {Io} from './host/io.ts';
import type {EngineFlags} from './options.ts';

/** An empty variable is none. @throws EngineError `usage` for an engine that is not one of the two. */
export function libraryChoice(
  {env, cwd}: Pick<Io, 'env' | 'cwd'>,
  flags: Pick<EngineFlags, 'engine' | 'library'>,
): Pick<LibraryChoice, 'calls' | 'library'> {
  const named = flags.engine ?? (env.MISTRAL_ENGINE || undefined);
  const calls = ENGINE_CALLS.find((known) => known === named);
  if (named !== undefined && calls === undefined) {
    throw new EngineError('usage', `MISTRAL_ENGINE is "${named}"`, {hint: `Say ${ENGINE_CALLS.join(' or ')}.`});
  }
  const library = flags.library || env.MISTRAL_LLAMA_LIBRARY || undefined;
  return {
    ...(calls !== undefined && {calls}),
    ...(library !== undefined && {library: resolve(cwd, library)}),
  };
}
