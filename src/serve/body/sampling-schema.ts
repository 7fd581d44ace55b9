// The sampling fields of a request body in all their spellings, and what they mean to the engine.
import {z} from 'zod';
import {isJsonNumber, isJsonObject, type Json, type JsonObject} from '../../base/json.ts';
import type {SamplingParams} from '../../engine/contract/sampling.ts';
import {Fields} from '../../engine/wire/fields.ts';
import {readSampling} from '../../engine/wire/read-sampling.ts';

/** Absent and null mean the same in every dialect. */
const number = (min: number, max: number) => z.number().min(min).max(max).nullish();
const integer = (min: number, max: number) => z.int().min(min).max(max).nullish();
const MAX_TOKENS = 2 ** 31 - 1;

const StopSchema = z.union([z.string(), z.array(z.string()).max(16)]).nullish();
const LogitBiasSchema = z.record(z.string().regex(/^\d+$/), z.number().min(-100).max(100)).nullish();

/** Fields that OpenAI, Mistral, vLLM and llama-server share. */
export const samplingFields = {
  temperature: number(0, 100).describe('0 takes the most likely token every time'),
  top_p: number(0, 1).describe('0 is taken as the most likely token alone'),
  top_k: integer(-1, MAX_TOKENS).describe('0 or -1 is off'),
  min_p: number(0, 1),
  max_tokens: integer(-1, MAX_TOKENS).describe('-1 is up to the context limit'),
  seed: z.int().nullish(),
  random_seed: z.int().nullish().describe("Mistral's name of seed"),
  stop: StopSchema,
  frequency_penalty: number(-2, 2),
  presence_penalty: number(-2, 2),
  repetition_penalty: number(0.01, 100).describe('multiplicative, 1 is off'),
  repeat_penalty: number(0.01, 100).describe("llama.cpp's name of repetition_penalty"),
  no_repeat_ngram_size: integer(0, 1000),
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
