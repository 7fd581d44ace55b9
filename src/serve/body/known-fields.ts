// The part of a body that its route knows, for its reader: what the schema has not checked is not looked at.
import type {z} from 'zod';
import {isJsonObject, type Json} from '../../base/json.ts';
import {Fields} from '../../engine/wire/fields.ts';
import type {UsagePlace} from '../reply/chat-reply.ts';

/** The members of `json` that `schema` names. The schema has accepted the body before. */
export function knownFields(json: Json, schema: z.ZodObject): Fields {
  const members = isJsonObject(json) ? [...json] : [];
  const known = members.filter(([name]) => Object.hasOwn(schema.shape, name));
  return new Fields(new Map(known), '', {dialect: 'lenient', ignored: []});
}

/** OpenAI's clients say where they want the usage; Mistral's have no such field and read it off the finish chunk. */
export function readUsagePlace(fields: Fields): UsagePlace {
  const options = fields.fields('stream_options');
  if (!options) return 'finish';
  return options.boolean('include_usage') ? 'last' : 'none';
}
