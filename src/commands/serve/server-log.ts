// The log of a server: a line of JSON each, on stderr.
import {type Logger, pino} from 'pino';
import type {Io} from '../host/io.ts';

/** Silent until its level is set. `about` is in every line. */
export function serverLog(io: Pick<Io, 'logJson'>, about: object | null = null): Logger {
  return pino({level: 'silent', base: about as Record<string, unknown> | null}, {write: io.logJson});
}
