// The sampling fields of a request in all the spellings of its dialects.

import {defined} from '../../base/defined.ts';
import {isJsonArray, isJsonNumber} from '../../base/json.ts';
import type {SamplingParams} from '../contract/sampling.ts';
import {
  httpRangeText,
  isTakenOverHttp,
  MAX_STOP_LENGTH,
  type NumberKey,
  type NumberRow,
  SAMPLING,
} from '../contract/sampling-table.ts';
import type {Fields} from './fields.ts';
import {type BiasRules, LIMIT_FIELDS, readLimits} from './read-limits.ts';

/** Every field `readSampling` looks at. */
export const SAMPLING_FIELDS: readonly string[] = [
  ...SAMPLING.flatMap(({wire}) => wire),
  ...LIMIT_FIELDS,
  'logit_bias',
  'stop',
  'logprobs',
  'top_logprobs',
];

/** Those of them that only a chat has. */
export const CHAT_SAMPLING_FIELDS: readonly string[] = SAMPLING.flatMap(({chatOnly, wire}) => (chatOnly ? wire : []));

/** The members of one dialect that mean a row, in order of precedence, where they are not those of the table. */
export type OtherNames = {readonly [Key in NumberKey]?: readonly string[]};

/** What the request says over `defaults`. @throws Refusal with the path of the field at fault. */
export function readSampling(
  request: Fields,
  defaults: SamplingParams,
  names: OtherNames = {},
  rules: BiasRules = {},
): SamplingParams {
  const read = SAMPLING.map((row) => [row.key, readFirst(request, row, names[row.key] ?? row.wire)] as const);
  const numbers: {[Key in NumberKey]?: number | undefined} = Object.fromEntries(
    read.map(([key, value]) => [key, value === 'off' ? undefined : value]),
  );
  // Whoever says that it is not set does not want what the server was started with either.
  const unset = new Set<string>(read.flatMap(([key, value]) => (value === 'off' ? [key] : [])));
  const standing = Object.fromEntries(Object.entries(defaults).filter(([key]) => !unset.has(key)));
  // Both say: the likeliest token alone.
  const isGreedy = numbers.topP === 0 || numbers.minP === 1;
  const greedy = isGreedy ? {topP: undefined, minP: undefined, topK: 1} : {};
  const given = {
    ...numbers,
    ...greedy,
    ...readLimits(request, rules),
    stop: readStop(request),
    topLogprobs: readLogprobs(request),
  };
  return {temperature: defaults.temperature, ...standing, ...defined(given)};
}

/** What a member says: a number, that it is not set whatever the server was started with (`off`), or nothing. */
type Said = number | 'off' | undefined;

/** Every member is checked; of several that are set the first number counts. */
function readFirst(request: Fields, row: NumberRow, names: readonly string[]): Said {
  const said = names.map((name) => readNumber(request, row, name));
  return said.find((value) => typeof value === 'number') ?? said.find((value) => value !== undefined);
}

function readNumber(request: Fields, row: NumberRow, name: string): Said {
  const json = request.get(name);
  if (json === undefined) return undefined;
  const source = isJsonNumber(json) ? json.source : '';
  const value = source === '' ? Number.NaN : Number(source);
  if (!isTakenOverHttp(row, value)) throw request.wrong(name, httpRangeText(row));
  if (row.off?.includes(value)) return 'off';
  if (row.key === 'seed') return lowBits(source, value);
  // No context is as long as the longest answer of the table.
  const isLength = row.key === 'maxTokens' || row.key === 'thinkingBudget';
  return Math.min(value, isLength ? (row.max ?? value) : value);
}

/** The low 32 bits of an integer of any size. */
function lowBits(source: string, value: number): number {
  return Number(BigInt.asUintN(32, BigInt(/^-?\d+$/.test(source) ? source : value)));
}

/** One stop string or a list of them; empty ones are none. @throws Refusal with the path of the field. */
export function readStop(request: Fields, name = 'stop'): readonly string[] | undefined {
  const stop = request.get(name);
  if (stop === undefined) return undefined;
  const list = isJsonArray(stop) ? stop : [stop];
  const texts = list.filter((item) => typeof item === 'string');
  if (texts.length < list.length) throw request.wrong(name, 'a string or a list of strings');
  if (texts.reduce((length, text) => length + text.length, 0) > MAX_STOP_LENGTH)
    throw request.wrong(name, `of ${MAX_STOP_LENGTH} characters at most, all stop strings together`);
  return texts.filter((text) => text !== '');
}

/** `logprobs: true` reports the tokens themselves, `top_logprobs` that many alternatives too. */
function readLogprobs(request: Fields): number | undefined {
  if (typeof request.get('logprobs') !== 'boolean') return undefined;
  const top = request.number('top_logprobs', {integer: true, min: 0, max: 20});
  return request.boolean('logprobs') ? (top ?? 0) : undefined;
}
