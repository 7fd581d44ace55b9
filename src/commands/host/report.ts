// Turns a failure into the lines a person reads and the object a program reads.
import type {CommanderError} from 'commander';
import {EngineError, type PartialAnswer} from '../../base/errors.ts';
import {wayOut} from '../../base/files/file-error.ts';
import {oneLine} from '../../base/terminal-text.ts';
import {type Io, STREAMS} from './io.ts';

/** The exit code of answers that were cut under a schema, and of lines that failed alone. */
export const SOME_FAILED = 6;

/** Ends the program with the code of failures that were reported where they happened. */
export class ReportedError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super('reported already');
    this.exitCode = exitCode;
  }
}

/** Writes `error: …` and the hint to stderr, in JSON mode an object to stdout too. Returns the exit code. */
export async function reportError(io: Io, error: unknown, json: boolean): Promise<number> {
  if (error instanceof ReportedError) return error.exitCode;
  const known = error instanceof EngineError ? error : asEngineError(error);
  await sayError(io, known.message);
  if (known.hint !== undefined) io.say(known.hint);
  if (known.code === 'internal') {
    io.sayText(`${error instanceof Error ? (error.stack ?? '') : ''}\nThis is a bug; please report it.`);
  }
  const {partial} = known;
  if (json) io.json({error: errorObject(known), ...(partial && {partial: partialObject(partial)})});
  return known.exitCode;
}

/** What commander refused. */
export async function reportUsage(io: Io, error: CommanderError, json: boolean): Promise<number> {
  const message = error.message.replace(/^error: /, '');
  if (error.code !== 'commander.help') await sayError(io, message);
  if (json) io.json({error: {code: 'usage', message}});
  return 2;
}

async function sayError(io: Io, message: string): Promise<void> {
  const painted = await label(io);
  io[STREAMS].stderr.write(`${painted} ${oneLine(message)}\n`);
}

async function label({stderr, env}: Io): Promise<string> {
  const {usesColour} = await import('./terminal-abilities.ts');
  if (!usesColour(env, stderr.isTTY === true)) return 'error:';
  const {Chalk} = await import('chalk');
  return new Chalk({level: 1}).red.bold('error:');
}

/** The wire form of a failure. */
function errorObject(error: EngineError): {code: string; message: string; hint?: string; param?: string} {
  const {code, message, hint, param} = error;
  return {code, message, ...(hint === undefined ? {} : {hint}), ...(param === undefined ? {} : {param})};
}

/** As in an answer, of which this is the beginning. */
function partialObject({content, reasoning}: PartialAnswer): object {
  return {content, ...(reasoning === '' ? {} : {reasoning})};
}

function asEngineError(error: unknown): EngineError {
  const {code, message = String(error)} = (error ?? {}) as NodeJS.ErrnoException;
  const fromSystem = typeof code === 'string' && /^E[A-Z]+$/.test(code);
  const hint = wayOut(error);
  return new EngineError(fromSystem ? 'io' : 'internal', message, {cause: error, ...(hint !== undefined && {hint})});
}
