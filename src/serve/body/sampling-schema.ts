// The sampling fields of a request body in all their spellings, and what they mean to the engine.

import {z} from 'zod';
import {isJsonNumber, isJsonObject, type Json, type JsonObject} from '../../base/json.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import {type NumberRow, SAMPLING} from '../../engine/contract/sampling-table.ts';
import {Fields} from '../../engine/wire/fields.ts';
import {readSampling} from '../../engine/wire/read-sampling.ts';

/** Absent and null mean the same in every dialect; what means "not set" is taken too. */
function numberSchema({integer, min, max, above, below, off = [], key}: NumberRow) {
  // Any seed is taken: of a larger one the low 32 bits count. A nucleus of nothing is the likeliest token alone.
  if (key === 'seed') return z.int().nullish();
  const low = Math.min(min ?? above ?? -Infinity, ...off);
  const high = Math.max(max ?? below ?? Infinity, ...off);
  const number = (integer ? z.int() : z.number()).max(high);
  return (above !== undefined && key !== 'topP' ? number.gt(above) : number.min(low)).nullish();
}

type NumberField = ReturnType<typeof numberSchema>;

const numbers = Object.fromEntries(
  SAMPLING.flatMap((row) => row.wire.map((name) => [name, numberSchema(row).describe(row.help)])),
) as Record<
  | 'temperature'
  | 'top_p'
  | 'top_k'
  | 'min_p'
  | 'max_tokens'
  | 'max_completion_tokens'
  | 'seed'
  | 'random_seed'
  | 'frequency_penalty'
  | 'presence_penalty'
  | 'repetition_penalty'
  | 'repeat_penalty'
  | 'no_repeat_ngram_size',
  NumberField
>;
const {max_completion_tokens: _chatAlone, ...shared} = numbers;

const StopSchema = z.union([z.string(), z.array(z.string()).max(16)]).nullish();
const LogitBiasSchema = z.record(z.string().regex(/^\d+$/), z.number().min(-100).max(100)).nullish();

/** Fields that OpenAI, Mistral, vLLM and llama-server share. */
export const samplingFields = {
  ...shared,
  stop: StopSchema,
  logit_bias: LogitBiasSchema.describe('token id to a number added to its logit'),
};

export interface SamplingDefaults {
  readonly temperature: number;
  readonly maxTokens?: number;
}

/** A body with members replaced; undefined takes one away. */
export function withMembers(body: Json, members: Readonly<Record<string, Json | undefined>>): JsonObject {
  const changed = new Map(isJsonObject(body) ? body : []);
  for (const [name, value] of Object.entries(members)) {
    if (value === undefined) changed.delete(name);
    else changed.set(name, value);
  }
  return changed;
}

const numberOf = (json: Json | undefined) => (isJsonNumber(json) ? Number(json.source) : undefined);

/** A body without the spellings of "no limit" and "off" that the engine leaves out instead. */
export function withoutNeutral(body: JsonObject): JsonObject {
  const changes: Record<string, undefined> = {};
  if (numberOf(body.get('max_tokens')) === -1) changes.max_tokens = undefined;
  if (numberOf(body.get('top_k')) === -1) changes.top_k = undefined;
  if (numberOf(body.get('min_p')) === 1) changes.min_p = undefined;
  // A nucleus of nothing is the likeliest token alone.
  if (numberOf(body.get('top_p')) !== 0) return withMembers(body, changes);
  return withMembers(body, {...changes, top_p: undefined, top_k: {source: '1'}});
}

/**
 * The sampling of a request, for the routes the engine has no reader for.
 * @throws EngineError with the parameter's path.
 */
export function samplingParams(body: Json, defaults: SamplingDefaults): SamplingParams {
  const fields = new Fields(withoutNeutral(withMembers(body, {})), '', {dialect: 'lenient', ignored: []});
  return readSampling(fields, defaults);
}
