// The sampling fields of a request in all the spellings of its dialects.

import {isJsonArray, isJsonNumber, isJsonObject} from '../../base/json.ts';
import type {SamplingParams} from '../contract/sampling.ts';
import {type NumberRow, SAMPLING} from '../contract/sampling-table.ts';
import type {Fields} from './fields.ts';

/** Every field `readSampling` looks at. */
export const SAMPLING_FIELDS: readonly string[] = [
  ...SAMPLING.flatMap(({wire}) => wire),
  'logit_bias',
  'stop',
  'logprobs',
  'top_logprobs',
];

/** What the request says over `defaults`. @throws Refusal with the path of the field at fault. */
export function readSampling(request: Fields, defaults: SamplingParams): SamplingParams {
  const numbers = Object.fromEntries(SAMPLING.map((row) => [row.key, readNumber(request, row)]));
  const given = {
    ...numbers,
    logitBias: readLogitBias(request),
    stop: readStop(request),
    topLogprobs: readLogprobs(request),
  };
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return {...defaults, ...set};
}

function readNumber(request: Fields, row: NumberRow): number | undefined {
  if (row.key === 'seed') return readSeed(request);
  const name = request.first(row.wire);
  const {min, max, above, below} = row;
  // As the JSON APIs have it: a nucleus of 0 and a top_k of -1 are no mistakes.
  const value = request.number(
    name,
    Math.min(min ?? above ?? 0, ...(row.off ?? [])),
    Math.max(max ?? below ?? 0, ...(row.off ?? [])),
  );
  if (value === undefined) return undefined;
  if (row.integer && !Number.isInteger(value)) throw request.wrong(name, 'a whole number');
  return value;
}

/** Any integer: 64-bit seeds keep their low 32 bits, -1 asks for a fresh one. */
function readSeed(request: Fields): number | undefined {
  const name = request.first(['random_seed', 'seed']);
  const value = request.get(name);
  if (value === undefined) return undefined;
  if (!isJsonNumber(value) || !/^-?\d+$/.test(value.source)) throw request.wrong(name, 'a whole number');
  return value.source === '-1' ? undefined : Number(BigInt.asUintN(32, BigInt(value.source)));
}

function readStop(request: Fields): readonly string[] | undefined {
  const stop = request.get('stop');
  if (stop === undefined) return undefined;
  const list = isJsonArray(stop) ? stop : [stop];
  const texts = list.filter((item) => typeof item === 'string');
  if (texts.length < list.length) throw request.wrong('stop', 'a string or a list of strings');
  return texts.filter((text) => text !== '');
}

function readLogitBias(request: Fields): ReadonlyMap<number, number> | undefined {
  const bias = request.get('logit_bias');
  if (bias === undefined) return undefined;
  if (!isJsonObject(bias)) throw request.wrong('logit_bias', 'an object of token ids and numbers');
  const fields = request.fields('logit_bias');
  return new Map(
    [...bias.keys()].map((key) => {
      if (!/^\d{1,9}$/.test(key)) throw request.wrong('logit_bias', 'an object of token ids and numbers');
      return [Number(key), fields?.number(key, -100, 100) ?? 0];
    }),
  );
}

/** `logprobs: true` reports the tokens themselves, `top_logprobs` that many alternatives too. */
function readLogprobs(request: Fields): number | undefined {
  if (typeof request.get('logprobs') !== 'boolean') return undefined;
  const top = request.integer('top_logprobs', 0, 20);
  return request.boolean('logprobs') ? (top ?? 0) : undefined;
}
