// Reads the text of one tool call that a model wrote: where a value ends, what it names, what it passes on.
import {
  isJsonArray,
  isJsonObject,
  type Json,
  JsonError,
  type JsonMember,
  parseJson,
  parseMembers,
} from '../../../base/json.ts';
import type {Tool} from '../../contract/requests.ts';

/** A call as the model wrote it: `id` only when it is one that can be kept. */
export interface WrittenCall {
  readonly id?: string;
  readonly name: string;
  readonly arguments: string;
  /** Why the arguments cannot be used. */
  readonly problem?: string;
  /** Not in the form the template teaches, but clear. */
  readonly lenient?: boolean;
}

/** Follows brackets and strings over any number of pieces of text, each character once. */
export class ValueScanner {
  private depth = 0;
  private inString = false;
  private escaped = false;

  /** Index behind the bracket that closes the value, or undefined when it goes on after this text. */
  advance(text: string, from: number): number | undefined {
    for (let index = from; index < text.length; index += 1) {
      const char = text[index];
      if (this.inString) {
        if (this.escaped) this.escaped = false;
        else if (char === '\\') this.escaped = true;
        else if (char === '"') this.inString = false;
      } else if (char === '"') this.inString = true;
      else if (char === '{' || char === '[') this.depth += 1;
      else if (char === '}' || char === ']') {
        this.depth -= 1;
        if (this.depth <= 0) return index + 1;
      }
    }
    return undefined;
  }
}

/** A function name as a model may write it: the validator's rule without its one last newline. */
const NAME = /^[a-zA-Z0-9_-]{1,64}$/;
const ID = /^[a-zA-Z0-9]{9}$/;

export function isWrittenName(name: string): boolean {
  return NAME.test(name);
}

export function keptId(id: Json | undefined): {readonly id?: string} {
  return typeof id === 'string' && ID.test(id) ? {id} : {};
}

/** `{"name": ..., "arguments": ...[, "id": ...]}` in any order; undefined when it is no JSON or names no function. */
export function callFromObject(text: string): WrittenCall | undefined {
  const members = membersOf(text);
  const name = members?.get('name')?.value;
  if (members === undefined || typeof name !== 'string' || !isWrittenName(name)) return undefined;
  return {name, ...keptId(members.get('id')?.value), ...argumentsAmong(members, text)};
}

/** What a model may write beside the arguments. */
const BESIDE: ReadonlySet<string> = new Set(['name', 'id', 'type']);

/** `parameters` is read as `arguments`; any other place of them is told and not guessed, so that no input is lost. */
function argumentsAmong(members: ReadonlyMap<string, JsonMember>, text: string): Omit<WrittenCall, 'name' | 'id'> {
  const member = members.get('arguments');
  if (member !== undefined) return argumentsOfMember(member);
  const parameters = members.get('parameters');
  if (parameters !== undefined) return {...argumentsOfMember(parameters), lenient: true};
  const other = [...members.keys()].find((name) => !BESIDE.has(name));
  if (other === undefined) return argumentsOfMember(undefined);
  return {arguments: text, problem: `The call has no "arguments", but an unknown member "${other}".`};
}

/** A call of which the model wrote the name alone. */
export function nameAlone({name, parameters}: Tool, id: string): WrittenCall {
  const required = isJsonObject(parameters) ? parameters.get('required') : undefined;
  const call = {name, ...keptId(id)};
  if (!isJsonArray(required) || required.length === 0) return {...call, arguments: '{}', lenient: true};
  return {...call, arguments: '', problem: 'The call has no arguments, and its tool needs some.'};
}

function argumentsOfMember(member: JsonMember | undefined): Omit<WrittenCall, 'name' | 'id'> {
  if (member === undefined) return {arguments: '{}', lenient: true};
  if (typeof member.value === 'string') return {...argumentsFromText(member.value), lenient: true};
  return argumentsFromText(member.text);
}

/** The arguments of a call as text: what is not an object is passed on with the reason. */
export function argumentsFromText(text: string): Omit<WrittenCall, 'name' | 'id'> {
  const trimmed = text.trim();
  if (trimmed === '') return {arguments: '{}', lenient: true};
  const value = jsonOf(trimmed);
  if (isJsonObject(value)) return {arguments: readable(trimmed)};
  if (typeof value === 'string' && isJsonObject(jsonOf(value))) return {arguments: value, lenient: true};
  const problem = value === undefined ? 'The arguments are not valid JSON.' : 'The arguments are not a JSON object.';
  return {arguments: trimmed, problem};
}

function jsonOf(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

function membersOf(text: string): ReadonlyMap<string, JsonMember> | undefined {
  try {
    return parseMembers(text);
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

const ESCAPE = /\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|\\u([0-9a-f]{4})|\\./gi;

/** JSON text as it was written, but with characters outside ASCII in the clear, as the templates write them. */
function readable(json: string): string {
  return json.replace(ESCAPE, (written: string, high?: string, low?: string, single?: string) => {
    if (high !== undefined && low !== undefined) {
      return String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16));
    }
    const code = single === undefined ? 0 : Number.parseInt(single, 16);
    const isSurrogate = code >= 0xd800 && code <= 0xdfff;
    return code < 0x80 || isSurrogate ? written : String.fromCharCode(code);
  });
}
