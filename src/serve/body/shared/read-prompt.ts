// The prompts of a raw completion: texts, token ids, both mixed, llama-server's objects, and lists of all of them.
import {z} from 'zod';
import {EngineError} from '../../../base/errors.ts';
import {isJsonArray, isJsonNumber, isJsonObject, type Json} from '../../../base/json.ts';
import type {Token} from '../../../engine/contract/requests.ts';

const IdSchema = z.int().min(0);
const TokensSchema = z.array(IdSchema).min(1);
const MixedSchema = z.array(z.union([z.string(), IdSchema])).min(1);
/** What it holds besides is refused by its name where it asks for something. */
const ObjectSchema = z.looseObject({prompt_string: z.string()});

/** One text or several, as texts or as ids. */
export const PromptsSchema = z
  .union([z.string(), TokensSchema, z.array(z.string()).min(1), z.array(TokensSchema).min(1)])
  .describe('a text, its token ids, or a list of either');

/** The same, with what llama-server takes besides. */
export const RawPromptsSchema = z
  .union([z.string(), ObjectSchema, z.array(z.union([z.string(), IdSchema, MixedSchema, ObjectSchema])).min(1)])
  .describe('a text, token ids, texts and ids mixed, {"prompt_string": text}, or a list of these');

/** A text, or the ids of its tokens. */
export type CompletionPrompt = string | readonly Token[];
/** The same, or texts and ids one behind the other. */
export type RawPrompt = string | readonly (string | Token)[];

/** Token ids as numbers, a text as it is. */
function readPlain(json: Json | undefined): CompletionPrompt {
  if (typeof json === 'string') return json;
  return isJsonArray(json) ? json.flatMap((token) => (isJsonNumber(token) ? [Number(token.source)] : [])) : [];
}

/** Of a field that `PromptsSchema` has accepted. */
export function readPrompts(prompt: Json | undefined): readonly CompletionPrompt[] {
  const isList = isJsonArray(prompt) && !isJsonNumber(prompt[0]);
  return isList ? prompt.map(readPlain) : [readPlain(prompt)];
}

/**
 * Of a field that `RawPromptsSchema` has accepted. A flat list with a number in it is one prompt; each member of another list is one.
 * @throws EngineError with the path of what a prompt cannot be.
 */
export function readRawPrompts(prompt: Json | undefined, path: string): readonly RawPrompt[] {
  if (!isJsonArray(prompt)) return [readRaw(prompt, path)];
  if (!prompt.some((member) => isJsonNumber(member))) return prompt.map((one, at) => readRaw(one, `${path}[${at}]`));
  const nested = prompt.findIndex((member) => typeof member !== 'string' && !isJsonNumber(member));
  if (nested >= 0)
    refuse(`${path}[${nested}]`, 'a list of prompts has no bare token ids: put them into a list of their own');
  return [readMixed(prompt)];
}

function readRaw(json: Json | undefined, path: string): RawPrompt {
  if (typeof json === 'string') return json;
  if (isJsonArray(json)) return readMixed(json);
  const members = isJsonObject(json) ? [...json] : [];
  const [other] = members.find(([name, value]) => name !== 'prompt_string' && !asksForNothing(value)) ?? [];
  if (other !== undefined) {
    const param = `${path}.${other}`;
    throw new EngineError('unsupported', `'${param}' is not supported: a prompt is text and token ids`, {param});
  }
  const text = members.find(([name]) => name === 'prompt_string')?.[1];
  return typeof text === 'string' ? text : [];
}

function readMixed(list: readonly Json[]): RawPrompt {
  return list.flatMap((part): (string | Token)[] => {
    if (typeof part === 'string') return [part];
    return isJsonNumber(part) ? [Number(part.source)] : [];
  });
}

function asksForNothing(json: Json): boolean {
  return json === null || json === '' || (isJsonArray(json) && json.length === 0);
}

function refuse(param: string, message: string): never {
  throw new EngineError('invalid_request', `'${param}': ${message}`, {param});
}
