// The record of a line: its answer or its error, in the form the line has.
import {randomBytes} from 'node:crypto';
import type {EngineError} from '../../base/errors.ts';
import {dumpsJson, isJsonArray, isJsonObject, type Json, type JsonObject, parseJson} from '../../base/json.ts';
import type {LineFacts} from './batch-line.ts';

/** How a line ended; `cut`: its answer was ended by its length. */
export type LineEnd = 'answered' | 'cut' | 'failed';

/** What a record says in place of an answer. */
export interface RecordError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly param?: string | undefined;
}

/** A reply of a route. */
export interface Reply {
  readonly status: number;
  readonly requestId: string;
  readonly body: Json;
}

/** What stands beside the answer. */
export interface AnswerFacts {
  readonly seed: Json | undefined;
  /** The answer as JSON, where it was held to the schema of the command line. */
  readonly parsed: Json | undefined;
}

/** Of a failure here, which no route has seen. */
export function errorOf({code, message, hint, param}: EngineError): RecordError {
  return {code, message, hint, param};
}

/** Of a reply; undefined for one that is no failure. */
export function errorIn({status, body}: Reply): RecordError | undefined {
  if (status < 400) return undefined;
  const error = member(body, 'error');
  const text = (name: string) => textOf(member(error, name));
  return {
    code: text('code') ?? `http_${status}`,
    message: text('message') ?? `the reply has the status ${status}`,
    param: text('param'),
  };
}

/** The answer's text, where the reply is one of a chat, a completion or Responses. */
export function contentOf({body}: Reply): string {
  const choice = first(member(body, 'choices'));
  const text = textOf(member(member(choice, 'message'), 'content')) ?? textOf(member(choice, 'text'));
  if (text !== undefined) return text;
  const parts = listOf(member(body, 'output')).flatMap((item) => listOf(member(item, 'content')));
  return parts.map((part) => textOf(member(part, 'text')) ?? '').join('');
}

/** Whether the answer is calls of tools and no text. */
export function isCall(reply: Reply): boolean {
  const calls = member(member(first(member(reply.body, 'choices')), 'message'), 'tool_calls');
  return listOf(calls).length > 0 && contentOf(reply) === '';
}

/** Whether one of the answers was ended by its length. */
export function isCut({body}: Reply): boolean {
  const reasons = listOf(member(body, 'choices')).map((choice) => member(choice, 'finish_reason'));
  return reasons.includes('length') || member(body, 'status') === 'incomplete';
}

/** The record of an answer, without a line end. */
export function answerRecord(line: LineFacts, reply: Reply, {seed, parsed}: AnswerFacts): string {
  if (line.form === 'openai') return openaiRecord(line, reply, undefined);
  const choice = first(member(reply.body, 'choices'));
  const message = member(choice, 'message');
  return written([
    ...ownHead(line),
    ['content', member(message, 'content')],
    ['reasoning_content', member(message, 'reasoning_content')],
    ['tool_calls', member(message, 'tool_calls')],
    ['parsed', parsed],
    ['finish_reason', member(choice, 'finish_reason')],
    ['logprobs', member(choice, 'logprobs') ?? undefined],
    ['usage', member(reply.body, 'usage')],
    ['seed', seed],
    ['warnings', member(reply.body, 'warnings')],
  ]);
}

/** The record of a failure, without a line end; `reply` is what a route has said. */
export function errorRecord(line: LineFacts, error: RecordError, reply?: Reply): string {
  if (line.form === 'openai') return openaiRecord(line, reply, error);
  return written([...ownHead(line), ['error', errorObject(error)]]);
}

type Member = readonly [name: string, value: Json | undefined];

/** A line of another form begins otherwise, so that whoever goes on with a file knows it for ours: see `results-file.ts`. */
const ownHead = ({index, id, input}: LineFacts): Member[] => [
  ['index', {source: String(index)}],
  ['id', id],
  ['input', input],
];

function openaiRecord({index, id, input}: LineFacts, reply: Reply | undefined, error: RecordError | undefined): string {
  const response: Json =
    reply === undefined
      ? null
      : new Map<string, Json>([
          ['status_code', {source: String(reply.status)}],
          ['request_id', reply.requestId],
          ['body', reply.body],
        ]);
  return written([
    ['id', `batch_req_${randomBytes(12).toString('hex')}`],
    ['custom_id', id ?? null],
    ['index', {source: String(index)}],
    ['input', input],
    ['response', response],
    ['error', error === undefined ? null : errorObject(error)],
  ]);
}

function errorObject({code, message, hint, param}: RecordError): JsonObject {
  return object([
    ['code', code],
    ['message', message],
    ['hint', hint],
    ['param', param],
  ]);
}

const written = (members: readonly Member[]) => dumpsJson(object(members));

function object(members: readonly Member[]): JsonObject {
  return new Map(members.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])));
}

/** The JSON of a reply; text that is none stands for itself. */
export function replyJson(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

const member = (json: Json | undefined, name: string) => (isJsonObject(json) ? json.get(name) : undefined);
const listOf = (json: Json | undefined) => (isJsonArray(json) ? json : []);
const first = (json: Json | undefined) => listOf(json)[0];
const textOf = (json: Json | undefined) => (typeof json === 'string' ? json : undefined);
