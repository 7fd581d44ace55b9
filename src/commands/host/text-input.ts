// Text that a flag names: literal, from a file, or from stdin; bytes that are no UTF-8 are told on stderr.
import {closeSync, createReadStream, openSync, readSync} from 'node:fs';
import {resolve} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {reasonOf} from '../../base/files/file-error.ts';
import {type Line, readAll, readLines} from '../../base/read-lines.ts';
import {untilStopped} from '../../base/signals.ts';
import type {Decoded} from '../../base/text-encoding.ts';
import type {Io} from './io.ts';

const PIECE = 1 << 20;

/**
 * The file's text, or stdin's for `-`.
 * @throws EngineError `io` when it cannot be read, `context_length_exceeded` when no model could read so much, `usage` for
 * an encoding that is not read or for a second use of stdin.
 */
export async function readTextFile(io: Io, path: string): Promise<string> {
  if (path === '-') return readStdin(io);
  return told(io, path, await readAll(bytesOf(resolve(io.cwd, path), path), {name: path}));
}

/** The file that a flag names and that has to say something. @throws EngineError `usage` when it is empty, and as above. */
export async function readFlagFile(io: Io, flag: string, path: string): Promise<string> {
  const text = await readTextFile(io, path);
  if (text.trim() !== '') return text;
  throw new EngineError('usage', `${flag}: ${path} is empty`);
}

/** All of stdin. @throws EngineError as `readTextFile` does. */
export async function readStdin(io: Io): Promise<string> {
  return told(io, 'stdin', await readAll(stdinBytes(io), {name: 'stdin'}));
}

/** Stdin line by line, until it ends or the program is stopped. @throws EngineError as `readTextFile` does. */
export async function* stdinLines(io: Io): AsyncGenerator<Line, void, undefined> {
  yield* readLines(stdinBytes(io), {name: 'stdin'});
}

/**
 * The lines of a file, or of stdin for `-`, of at most `limit` bytes each, as they come: a pipe of that name may have no end.
 * @throws EngineError `io` when it cannot be read, and as `readLines`.
 */
export async function* inputLines(io: Io, path: string, limit: number): AsyncGenerator<Line, void, undefined> {
  if (path === '-') yield* readLines(stdinBytes(io), {name: 'stdin', limit});
  else yield* readLines(fileStream(resolve(io.cwd, path), path), {name: path, limit});
}

async function* fileStream(file: string, path: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* createReadStream(file, {highWaterMark: PIECE}) as AsyncIterable<Buffer>;
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** The lines of stdin for people: what could not be read is told, and replaced; a line that is too long is told. */
export async function* stdinTexts(io: Io): AsyncGenerator<string, void, undefined> {
  for await (const line of stdinLines(io)) {
    if (line.problem) io.say(`line ${line.number} of stdin: ${line.problem.message}`);
    else yield told(io, `line ${line.number} of stdin`, line);
  }
}

/** `@file` stands for the file's text, anything else for itself. */
export async function textOrFile(io: Io, value: string): Promise<string> {
  return value.startsWith('@') ? withoutFinalNewline(await readTextFile(io, value.slice(1))) : value;
}

/**
 * One prompt from the values of a repeated flag; `-` stands for stdin. Parts are joined by a blank line.
 * @throws EngineError `usage` for a part that says nothing: behind a command that failed, or a variable that is not set,
 * a model would answer what nobody asked; else as `readTextFile` does.
 */
export async function promptFrom(io: Io, values: readonly string[]): Promise<string> {
  const parts: string[] = [];
  for (const value of values) {
    const part = value === '-' ? withoutFinalNewline(await readStdin(io)) : value;
    if (part.trim() === '') throw value === '-' ? nothingOnStdin() : emptyPrompt(values.length);
    parts.push(part);
  }
  return parts.join('\n\n');
}

function nothingOnStdin(): EngineError {
  return new EngineError('usage', 'nothing came on stdin, for which - stands in the prompt', {
    hint: 'The command before the pipe may have failed.',
  });
}

function emptyPrompt(parts: number): EngineError {
  return new EngineError('usage', parts > 1 ? 'a part of the prompt is empty' : 'the prompt is empty', {
    hint: 'Give a text with --prompt (a variable may not be set).',
  });
}

/** The text; that bytes of it were replaced is told on stderr. */
export function told(io: Io, name: string, {text, valid}: Decoded): string {
  if (!valid) io.say(`note: ${name} is not valid UTF-8; unreadable bytes were replaced`);
  return text;
}

/** Streams of stdin that somebody reads or has read. */
const taken = new WeakSet<object>();

async function* stdinBytes(io: Io): AsyncGenerator<string | Uint8Array, void, undefined> {
  const {stdin, stop} = io;
  if (taken.has(stdin)) {
    throw new EngineError('usage', 'stdin can be only one of the texts, and - stands for it twice', {
      hint: 'Give one of them as a file.',
    });
  }
  taken.add(stdin);
  try {
    yield* untilStopped(stdin, stop);
  } catch (error) {
    stop.throwIfAborted();
    throw unreadable('stdin', error);
  }
}

/** A file's bytes; `path` is its name for people. Read as they are asked for: a device may have no end. */
async function* bytesOf(file: string, path: string): AsyncGenerator<Uint8Array, void, undefined> {
  let handle: number | undefined;
  try {
    handle = openSync(file, 'r');
    for (;;) {
      const piece = Buffer.allocUnsafe(PIECE);
      const size = readSync(handle, piece);
      if (size === 0) return;
      yield piece.subarray(0, size);
    }
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

function unreadable(name: string, cause: unknown): EngineError {
  return new EngineError('io', `cannot read ${name}: ${reasonOf(cause)}`, {cause});
}

function withoutFinalNewline(text: string): string {
  return text.replace(/\r?\n$/, '');
}
