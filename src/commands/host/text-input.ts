// Text that a flag names: literal, from a file, or from stdin; bytes that are no UTF-8 are told on stderr.
import {readFileSync} from 'node:fs';
import {resolve} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {reasonOf} from '../../base/files/file-error.ts';
import {decodeText, readAll, readLines} from '../../base/read-lines.ts';
import {untilStopped} from '../../base/signals.ts';
import type {Io} from './io.ts';

/** The file's text, or stdin's for `-`. Throws EngineError `io` when it cannot be read. */
export async function readTextFile(io: Io, path: string): Promise<string> {
  if (path === '-') return readStdin(io);
  try {
    return decodeText(readFileSync(resolve(io.cwd, path)), () => warnInvalid(io, path));
  } catch (cause) {
    throw new EngineError('io', `cannot read ${path}: ${reasonOf(cause)}`, {cause});
  }
}

/** All of stdin. */
export function readStdin(io: Io): Promise<string> {
  return readAll(untilStopped(io.stdin, io.stop), () => warnInvalid(io, 'stdin'));
}

/** Stdin line by line, until it ends or the program is stopped. */
export function stdinLines(io: Io): AsyncGenerator<string> {
  return readLines(untilStopped(io.stdin, io.stop), (line) => warnInvalid(io, `line ${line} of stdin`));
}

/** `@file` stands for the file's text, anything else for itself. */
export async function textOrFile(io: Io, value: string): Promise<string> {
  return value.startsWith('@') ? withoutFinalNewline(await readTextFile(io, value.slice(1))) : value;
}

/** One prompt from the values of a repeated flag; `-` stands for stdin. Parts are joined by a blank line. */
export async function promptFrom(io: Io, values: readonly string[]): Promise<string> {
  const parts: string[] = [];
  for (const value of values) parts.push(value === '-' ? withoutFinalNewline(await readStdin(io)) : value);
  return parts.join('\n\n');
}

function withoutFinalNewline(text: string): string {
  return text.replace(/\r?\n$/, '');
}

function warnInvalid(io: Io, where: string): void {
  io.say(`note: ${where} is not valid UTF-8; unreadable bytes were replaced`);
}
