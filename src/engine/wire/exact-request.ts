// The members of mistral-common's own requests, with pydantic's reading of numbers and switches: what it takes is taken.
import {isJsonNumber, type Json, type JsonNumber, type JsonObject} from '../../base/json.ts';
import {Refusal} from '../contract/refusal.ts';
import {unknownField, wrongType} from './fields.ts';
import {asBoolean} from './pydantic-boolean.ts';

interface Member {
  /** What it is read as; without it the value is left to the reader of the request. */
  readonly as?: 'boolean' | {readonly integer: boolean; readonly max?: number};
  /** Whether null stands for absence. */
  readonly nullable?: boolean;
}

const SHARE: Member = {as: {integer: false, max: 1}};
const COUNT: Member = {as: {integer: true}, nullable: true};
const SAMPLING = {temperature: SHARE, top_p: SHARE, max_tokens: COUNT, random_seed: COUNT};

/** Source: ChatCompletionRequest of mistral-common 1.13.1; `model_settings` is ours. */
const CHAT: Readonly<Record<string, Member>> = {
  ...SAMPLING,
  model: {nullable: true},
  messages: {},
  response_format: {},
  tools: {nullable: true},
  tool_choice: {},
  parallel_tool_calls: {as: 'boolean'},
  truncate_for_context_length: {as: 'boolean'},
  reasoning_effort: {nullable: true},
  model_settings: {nullable: true},
};

/** Source: FIMRequest of mistral-common 1.13.1. */
const FIM: Readonly<Record<string, Member>> = {...SAMPLING, prompt: {}, suffix: {nullable: true}};

/**
 * The request with its numbers and switches as such.
 * @throws Refusal (ValidationError) for a member that is not mistral-common's, or null or out of range where it says so.
 */
export function exactBody(kind: 'chat' | 'fim', body: JsonObject): JsonObject {
  const known = kind === 'chat' ? CHAT : FIM;
  return new Map(
    [...body].map(([name, value]) => {
      const member = Object.hasOwn(known, name) ? known[name] : undefined;
      if (member === undefined) throw unknownField(name);
      if (value === null && member.nullable !== true) throw wrongType(name, 'a value; it cannot be null');
      return [name, value === null ? value : read(name, value, member)] as const;
    }),
  );
}

function read(name: string, value: Json, {as}: Member): Json {
  if (as === undefined) return value;
  if (as === 'boolean') {
    const read = asBoolean(value);
    if (typeof read === 'boolean') return read;
    throw wrongType(name, 'true or false');
  }
  const {integer, max = Number.POSITIVE_INFINITY} = as;
  const number = numberOf(value);
  const size = Number(number?.source);
  if (number !== undefined && size >= 0 && size <= max && (!integer || Number.isInteger(size))) return number;
  const range = max === 1 ? 'a number from 0 to 1' : 'a whole number from 0 on';
  throw new Refusal('ValidationError', `${name} must be ${range}.`, {param: name});
}

function numberOf(value: Json): JsonNumber | undefined {
  if (isJsonNumber(value)) return value;
  if (typeof value === 'boolean') return {source: value ? '1' : '0'};
  if (typeof value !== 'string' || !/^\s*[-+]?\d+(\.\d*)?(e[-+]?\d+)?\s*$/i.test(value)) return undefined;
  return {source: String(Number(value))};
}
