// Why a model or context did not load, in one line: llama.cpp says "Failed to load model" and the reason in its log.

import {basename} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {reasonOf} from '../../base/files/file-error.ts';
import {LOAD_REASONS, type LoadReason} from './load-reasons.ts';

/** How long the log may lag behind the rejection, and how often we look, in milliseconds. */
const LOG_DELAY_MS = 400;
const LOOK_EVERY_MS = 25;

/** Waits until the log holds a reason we know, a short while at most, then names it. */
export async function explainLoadFailure(
  path: string,
  error: unknown,
  lines: () => readonly string[],
): Promise<EngineError> {
  for (let waited = 0; waited < LOG_DELAY_MS && !findReason(error, lines()); waited += LOOK_EVERY_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return loadFailure(path, error, lines());
}

/** The reason found in the error's own text or the log; else the last log line that speaks of an error. */
export function loadFailure(path: string, error: unknown, lines: readonly string[]): EngineError {
  const said = reasonOf(error);
  const name = basename(said.match(/LoRA adapter "([^"]+)"/)?.[1] ?? path);
  const found = findReason(error, lines);
  if (found) {
    const {reason, match} = found;
    const {code, hint} = reason;
    return new EngineError(code, `${name} cannot be loaded: ${reason.say(match)}`, {hint, cause: error});
  }
  const clue = lines.findLast((line) => /error|fail/i.test(line) && !/failed to load model|falling back/i.test(line));
  return new EngineError('model_invalid', `${name} cannot be loaded: ${clue?.trim() ?? said}`, {
    hint: 'Run again with --verbose to see the whole log of the engine.',
    cause: error,
  });
}

/**
 * The error's own text first. In the log the more particular reason counts wherever it stands: behind its cause llama.cpp
 * often says in general what could not be read.
 */
function findReason(
  error: unknown,
  lines: readonly string[],
): {reason: LoadReason; match: RegExpMatchArray} | undefined {
  const newestFirst = lines.toReversed();
  return firstMatch([reasonOf(error)]) ?? firstMatch(newestFirst);
}

function firstMatch(lines: readonly string[]): {reason: LoadReason; match: RegExpMatchArray} | undefined {
  for (const reason of LOAD_REASONS) {
    for (const line of lines) {
      const match = line.match(reason.pattern);
      if (match) return {reason, match};
    }
  }
  return undefined;
}
