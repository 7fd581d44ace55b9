// An exam: requests and what a right answer to each contains.
import {isDeepStrictEqual} from 'node:util';
import {EngineError} from '../../base/errors.ts';
import {isJsonArray, isJsonObject, type Json, type JsonObject, parseJson, toPlain} from '../../base/json.ts';
import {parsePlainJson} from '../../base/plain-json.ts';
import {anything, optional, record} from '../../base/shape.ts';
import type {Answer} from '../../engine/contract/collect-answer.ts';

export interface ExamCase {
  readonly id: string;
  readonly kind: string;
  /** A chat request; with `suffix` a fill-in-the-middle, with `prompt` alone a plain continuation. */
  readonly request: Json;
  readonly expect: Expectation;
}

/** All that is given must hold. */
export interface Expectation {
  /** Each occurs in the answer. */
  readonly contains?: readonly string[];
  readonly containsIgnoreCase?: readonly string[];
  /** Found in the answer; may start with `(?i)`. */
  readonly regex?: string;
  readonly minChars?: number;
  /** Exactly these calls in this order; none for `[]`. */
  readonly calls?: readonly ExpectedCall[];
}

interface ExpectedCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** The named arguments at least, and a string may go on after the expected one. */
  readonly partial?: boolean;
}

/** Throws EngineError `invalid_request` when the text is no exam. */
export function parseExam(text: string, file: string): ExamCase[] {
  let json: Json;
  try {
    json = parseJson(text);
  } catch (cause) {
    throw new EngineError('invalid_request', `${file} is no JSON: ${(cause as Error).message}`, {cause});
  }
  const cases = isJsonObject(json) ? json.get('cases') : undefined;
  if (!isJsonArray(cases)) throw new EngineError('invalid_request', `${file} is not an exam: it has no list of cases`);
  return cases.map((item, index) => {
    if (!isJsonObject(item)) throw new EngineError('invalid_request', `${file}: cases[${index}] is no object`);
    return parseCase(item, index);
  });
}

function parseCase(item: JsonObject, index: number): ExamCase {
  const {id = `case ${index}`, kind = 'other', expect = {}} = toPlain(item) as Partial<ExamCase>;
  return {id, kind, expect, request: item.get('request') ?? null};
}

/** Whether an answer is what the case asks for. */
export function meets({content, toolCalls}: Answer, expect: Expectation): boolean {
  const {contains = [], containsIgnoreCase = [], regex, minChars = 0, calls} = expect;
  const lower = content.toLowerCase();
  return (
    contains.every((part) => content.includes(part)) &&
    containsIgnoreCase.every((part) => lower.includes(part.toLowerCase())) &&
    (regex === undefined || toRegExp(regex).test(content)) &&
    [...content].length >= minChars &&
    (calls === undefined || (calls.length === toolCalls.length && calls.every((call, i) => isCall(toolCalls[i], call))))
  );
}

/** Python writes the flag for ignoring case into the pattern. */
function toRegExp(pattern: string): RegExp {
  return pattern.startsWith('(?i)') ? new RegExp(pattern.slice(4), 'iu') : new RegExp(pattern, 'u');
}

function isCall(call: Answer['toolCalls'][number] | undefined, expected: ExpectedCall): boolean {
  if (call?.name !== expected.name || call.problem !== undefined) return false;
  const actual = parsePlainJson(call.arguments);
  if (!expected.partial) return isDeepStrictEqual(actual, expected.arguments);
  const values = optional(record(anything))(actual) ?? new Map<string, unknown>();
  return Object.entries(expected.arguments).every(([name, value]) => {
    const given = values.get(name);
    return typeof value === 'string' ? String(given).startsWith(value) : isDeepStrictEqual(given, value);
  });
}
