// Why a model or context did not load, in one line: llama.cpp says "Failed to load model" and the reason in its log.

import {basename} from 'node:path';
import {EngineError, type ErrorCode} from '../../../base/errors.ts';
import {reasonOf} from '../../../base/files/file-error.ts';

interface Reason {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly say: (match: RegExpMatchArray) => string;
  readonly hint: string;
}

const REASONS: readonly Reason[] = [
  {
    pattern: /unknown model architecture: '?([^'\s]+)'?/,
    code: 'model_unsupported',
    say: ([, name]) => `its architecture "${name}" is not one this engine knows`,
    hint: 'A vision projector or adapter is not a model; a newer model needs a newer mistral-chat.',
  },
  {
    pattern: /not within (?:the )?file bounds|corrupted or incomplete|failed to read|unexpectedly reached end of file/i,
    code: 'model_invalid',
    say: () => 'the file ends before its last tensor',
    hint: 'The download is incomplete: get the file again.',
  },
  {
    pattern: /illegal split file idx|must load the model by (?:the )?first split|first split/i,
    code: 'model_invalid',
    say: () => 'it is a later part of a split model',
    hint: 'Give the first part (-00001-of-...); the others are found beside it.',
  },
  {
    pattern: /key not found in model: (\S+)/,
    code: 'model_invalid',
    say: ([, key]) => `its header lacks "${key}"`,
    hint: 'Convert the model again with a current converter.',
  },
  {
    pattern: /invalid magic|bad magic|Invalid GGUF magic/i,
    code: 'model_invalid',
    say: () => 'it is not a GGUF file',
    hint: 'Give a .gguf file or a folder with one.',
  },
  {
    pattern: /(?:unsupported|bad) (?:GGUF )?version|GGUF\w* version/i,
    code: 'model_invalid',
    say: () => 'its GGUF version is not supported',
    hint: 'Convert the model again with a current converter.',
  },
  {
    pattern: /missing tensor '([^']+)'/,
    code: 'model_invalid',
    say: ([, name]) => `the tensor "${name}" is missing`,
    hint: 'Convert the model again with a current converter.',
  },
  {
    pattern: /tensor '([^']+)' has wrong shape/,
    code: 'model_invalid',
    say: ([, name]) => `the tensor "${name}" has another shape than the header says`,
    hint: 'Convert the model again with a current converter.',
  },
  {
    pattern: /expect general\.type to be 'adapter'/,
    code: 'model_invalid',
    say: () => 'it is a model, not an adapter',
    hint: 'Give a LoRA adapter in GGUF form.',
  },
  {
    pattern: /out of memory|failed to allocate|unable to allocate|cannot allocate|insufficient memory|too large for/i,
    code: 'out_of_memory',
    say: () => 'there is not enough memory for it',
    hint: 'Use a smaller quantisation, a smaller --ctx, or fewer --gpu-layers.',
  },
];

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

function findReason(error: unknown, lines: readonly string[]): {reason: Reason; match: RegExpMatchArray} | undefined {
  for (const line of [reasonOf(error), ...lines.toReversed()]) {
    for (const reason of REASONS) {
      const match = line.match(reason.pattern);
      if (match) return {reason, match};
    }
  }
  return undefined;
}
