// The sampling fields of a request in all the spellings of its dialects.
import {isJsonArray, isJsonNumber, isJsonObject} from '../../base/json.ts';
import type {SamplingParams} from '../contract/sampling.ts';
import type {Fields} from './fields.ts';

/** Every field `readSampling` looks at. */
export const SAMPLING_FIELDS: readonly string[] = [
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'seed',
  'random_seed',
  'repeat_penalty',
  'repetition_penalty',
  'frequency_penalty',
  'presence_penalty',
  'no_repeat_ngram_size',
  'logit_bias',
  'max_tokens',
  'max_completion_tokens',
  'stop',
  'logprobs',
  'top_logprobs',
];

/** What the request says over `defaults`. @throws Refusal with the path of the field at fault. */
export function readSampling(request: Fields, defaults: SamplingParams): SamplingParams {
  const given: {[Key in keyof SamplingParams]: SamplingParams[Key] | undefined} = {
    temperature: request.number('temperature', 0, 100),
    topP: request.number('top_p', 0, 1),
    topK: request.integer('top_k', -1),
    minP: request.number('min_p', 0, 1),
    seed: readSeed(request),
    repeatPenalty: request.number(request.first(['repeat_penalty', 'repetition_penalty']), 0, 100),
    frequencyPenalty: request.number('frequency_penalty', -2, 2),
    presencePenalty: request.number('presence_penalty', -2, 2),
    noRepeatNgramSize: request.integer('no_repeat_ngram_size', 0),
    logitBias: readLogitBias(request),
    maxTokens: request.integer(request.first(['max_completion_tokens', 'max_tokens']), 0),
    stop: readStop(request),
    topLogprobs: readLogprobs(request),
  };
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return {...defaults, ...set};
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
