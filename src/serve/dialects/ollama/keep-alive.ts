// How long a model stays loaded when nobody asks it: Ollama's keep_alive, a number of seconds or a duration as Go writes it.
import type {Fields} from '../../../engine/wire/fields.ts';

/** Milliseconds of Go's units. Both letters mu are taken. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  '\u00B5s': 1e-3,
  '\u03BCs': 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const PART = /(\d+\.?\d*|\.\d+)(ns|us|\u00B5s|\u03BCs|ms|s|m|h)/y;
/** A duration is a signed 64-bit number of nanoseconds in Go. */
const LONGEST_MS = 2 ** 63 / 1e6;
/** Decimal digits of a fraction and of a number; more say nothing and cost time. */
const MOST_CHARACTERS = 100;

/**
 * A duration as Go's time.ParseDuration takes it (`300ms`, `1.5h`, `2h45m`, `-1m`, `0`), in milliseconds; undefined for any
 * other text: no unit, spaces, days.
 */
export function parseGoDuration(text: string): number | undefined {
  const sign = text.startsWith('-') ? -1 : 1;
  const bare = text.replace(/^[+-]/, '');
  if (bare === '0') return 0;
  if (bare === '' || bare.length > MOST_CHARACTERS) return undefined;
  let sum = 0;
  for (PART.lastIndex = 0; PART.lastIndex < bare.length; ) {
    const [, number, unit] = PART.exec(bare) ?? [];
    if (number === undefined || unit === undefined) return undefined;
    sum += Number(number) * (UNITS[unit] as number);
  }
  return sum < LONGEST_MS ? sign * sum : undefined;
}

/** Milliseconds; a negative time is for ever. */
const orForEver = (ms: number) => (ms < 0 ? Number.POSITIVE_INFINITY : ms);

/** The flag: a duration of Go's, or a number of seconds as `OLLAMA_KEEP_ALIVE` takes it. Undefined for anything else. */
export function parseKeepAlive(text: string): number | undefined {
  const ms = /^[+-]?\d{1,12}$/.test(text) ? Number(text) * 1000 : parseGoDuration(text);
  return ms === undefined ? undefined : orForEver(ms);
}

/**
 * Milliseconds for which the model stays loaded behind its last answer: 0 is not at all, Infinity for ever; undefined when
 * the request does not say.
 * @throws Refusal for what is neither a number nor a duration.
 */
export function readKeepAlive(fields: Fields): number | undefined {
  const value = fields.get('keep_alive');
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') return orForEver((fields.number('keep_alive', {}) ?? 0) * 1000);
  const ms = parseGoDuration(value);
  if (ms === undefined) throw fields.wrong('keep_alive', 'a number of seconds or a duration such as 5m');
  return orForEver(ms);
}
