// A text under a name that a person asked for: whole or not at all, or into the pipe or device of that name.
import {closeSync, constants, fstatSync, openSync, statSync, writeFileSync} from 'node:fs';
import {dirname} from 'node:path';
import {EngineError} from '../errors.ts';
import {fileError} from './file-error.ts';
import {writeWholeSync} from './whole-file.ts';

/**
 * Writes `text` to `path`. A new file is readable for its owner alone, one that is replaced keeps its permissions. No folder
 * is made: a slip in a name would.
 * @throws EngineError `disk_full` or `io`; the file that was there is as it was then, and no part is left.
 */
export function writeAsked(path: string, text: string): void {
  try {
    const there = statSync(path, {throwIfNoEntry: false});
    if (there !== undefined && !there.isFile() && !there.isDirectory()) {
      writeInto(path, text);
      return;
    }
    const folder = dirname(path);
    if (statSync(folder, {throwIfNoEntry: false}) === undefined) {
      throw new EngineError('io', `${path} cannot be written: there is no folder ${folder}`, {
        hint: 'Make it, or choose another place.',
      });
    }
    writeWholeSync(path, text, there === undefined ? {mode: 0o600} : {});
  } catch (error) {
    throw fileError(error, path, 'write');
  }
}

/** A pipe that nobody reads is refused: opening it would wait for ever. */
function writeInto(path: string, text: string): void {
  let probe: number;
  try {
    probe = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENXIO') throw cause;
    throw new EngineError('io', `${path} cannot be written: nobody reads it`, {
      hint: 'Start what reads it first, or give the name of a file.',
      cause,
    });
  }
  try {
    // Whole texts need a writer that waits.
    const fd = fstatSync(probe).isFIFO() ? openSync(path, constants.O_WRONLY) : probe;
    try {
      writeFileSync(fd, text);
    } finally {
      if (fd !== probe) closeSync(fd);
    }
  } finally {
    closeSync(probe);
  }
}
