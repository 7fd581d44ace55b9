// Turns a failure into the lines a person reads and the object a program reads.
import type {CommanderError} from 'commander';
import {EngineError} from '../engine/errors.ts';
import {sanitise} from '../ui/sanitise.ts';
import type {Io} from './io.ts';

/** Writes `error: …` and the hint to stderr, in JSON mode an object to stdout too. Returns the exit code. */
export function reportError(io: Io, error: unknown, json: boolean): number {
  const known = error instanceof EngineError ? error : asEngineError(error);
  const hint = known.hint === undefined ? '' : `${sanitise(known.hint)}\n`;
  io.stderr.write(`error: ${sanitise(known.message)}\n${hint}`);
  if (known.code === 'internal') {
    io.stderr.write(
      `${sanitise(error instanceof Error ? (error.stack ?? '') : '')}\nThis is a bug; please report it.\n`,
    );
  }
  if (json) io.stdout.write(`${JSON.stringify({error: errorObject(known)})}\n`);
  return known.exitCode;
}

/** Commander has written its own line already; a JSON reader gets the object. Returns the exit code. */
export function reportUsage(io: Io, error: CommanderError, json: boolean): number {
  if (error.exitCode === 0) return 0;
  const message = error.message.replace(/^error: /, '');
  if (json) io.stdout.write(`${JSON.stringify({error: {code: 'usage', message}})}\n`);
  return 2;
}

/** The wire form of a failure. */
function errorObject(error: EngineError): {code: string; message: string; hint?: string; param?: string} {
  const {code, message, hint, param} = error;
  return {code, message, ...(hint === undefined ? {} : {hint}), ...(param === undefined ? {} : {param})};
}

function asEngineError(error: unknown): EngineError {
  const {code, message = String(error)} = (error ?? {}) as NodeJS.ErrnoException;
  const fromSystem = typeof code === 'string' && /^E[A-Z]+$/.test(code);
  return new EngineError(fromSystem ? 'io' : 'internal', message, {cause: error});
}
