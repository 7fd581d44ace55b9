// A line of a batch as a request to one of our routes: OpenAI's form of it, or our own.
import {createHash} from 'node:crypto';
import {EngineError} from '../../base/errors.ts';
import {
  dumpsJson,
  isJsonNumber,
  isJsonObject,
  type Json,
  JsonError,
  type JsonObject,
  parseJson,
} from '../../base/json.ts';
import type {Line} from '../../base/read-lines.ts';

/** `openai`: {custom_id, method, url, body}; `own`: {id, prompt or messages, any field of a chat}. */
export type LineForm = 'openai' | 'own';

export interface LineFacts {
  /** Its place in the input, from 0; blank lines count. */
  readonly index: number;
  /** The beginning of the hash of its text: whether a line is still the one that was answered. */
  readonly input: string;
  readonly form: LineForm;
  /** `id` or `custom_id`. */
  readonly id: Json | undefined;
  /** What its record is found by: its id, else its place. */
  readonly key: string;
}

/** A line that asks for something, or why it does not. */
export interface BatchLine extends LineFacts {
  readonly asked: AskedLine | EngineError;
}

export interface AskedLine {
  readonly route: BatchRoute;
  readonly body: JsonObject;
}

export interface BatchRoute {
  readonly path: string;
  /** Where it takes a schema: as a chat does, or as Responses does. */
  readonly schemaIn: 'response_format' | 'text' | undefined;
  /** Whether it takes a seed. */
  readonly seeds: boolean;
  /** Whether it has a length of its own for answers that name none, before which the command line's counts. */
  readonly ownLength?: true;
}

const CHAT: BatchRoute = {path: '/v1/chat/completions', schemaIn: 'response_format', seeds: true};
const ROUTES: Readonly<Record<string, BatchRoute>> = {
  'chat/completions': CHAT,
  completions: {path: '/v1/completions', schemaIn: 'response_format', seeds: true, ownLength: true},
  responses: {path: '/v1/responses', schemaIn: 'text', seeds: false},
  'fim/completions': {path: '/v1/fim/completions', schemaIn: 'response_format', seeds: true},
  embeddings: {path: '/v1/embeddings', schemaIn: undefined, seeds: false},
};

/** Deeper than any body that the routes take. */
const MAX_DEPTH = 130;

/** Reads one line that is not blank. */
export function readBatchLine({number, text, valid, problem}: Line): BatchLine {
  const index = number - 1;
  const input = createHash('sha256').update(text).digest('hex').slice(0, 8);
  const place = {index, input, form: 'own' as const, id: undefined, key: keyOf(undefined, index)};
  if (problem) return {...place, asked: problem};
  if (!valid) return {...place, asked: unreadable('it is not valid UTF-8')};
  let json: Json;
  try {
    json = parseJson(text, {maxDepth: MAX_DEPTH, nonFinite: false});
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return {...place, asked: unreadable(`it is not JSON: ${error.reason}`)};
  }
  if (!isJsonObject(json)) return {...place, asked: unreadable('it is not a JSON object')};
  const form = json.has('custom_id') || (json.has('url') && json.has('body')) ? 'openai' : 'own';
  const name = form === 'openai' ? 'custom_id' : 'id';
  const id = json.get(name) ?? undefined;
  const facts = {index, input, form, id, key: keyOf(id, index)} as const;
  if (id === undefined ? form === 'openai' : !isId(id, form)) {
    const asked = refused(`'${name}' must be a text${form === 'own' ? ' or a number' : ''}`, name);
    return {...place, form, asked};
  }
  return {...facts, asked: form === 'openai' ? ofOpenai(json) : ofOwn(json)};
}

/** What a record and its line have in common: the id, else the place. */
export function keyOf(id: Json | undefined, index: number): string {
  return id === undefined ? `#${index}` : `id ${dumpsJson(id)}`;
}

function isId(value: Json, form: LineForm): boolean {
  return typeof value === 'string' || (form === 'own' && isJsonNumber(value));
}

function ofOpenai(json: JsonObject): AskedLine | EngineError {
  const method = json.get('method') ?? 'POST';
  if (method !== 'POST') return refused("'method' must be POST", 'method');
  const url = json.get('url');
  const name = typeof url === 'string' ? url.replace(/^\/?(?:v1\/)?/, '') : '';
  const route = Object.hasOwn(ROUTES, name) ? ROUTES[name] : undefined;
  if (route === undefined) {
    return refused(
      `'url' must be one of ${Object.values(ROUTES)
        .map(({path}) => path)
        .join(', ')}`,
      'url',
    );
  }
  const body = json.get('body');
  if (!isJsonObject(body)) return refused("'body' must be an object", 'body');
  return {route, body};
}

function ofOwn(json: JsonObject): AskedLine | EngineError {
  const body = new Map(json);
  body.delete('id');
  const prompt = body.get('prompt');
  body.delete('prompt');
  if ((prompt === undefined) === !body.has('messages')) {
    return refused("one of 'prompt' and 'messages' must be there", 'prompt');
  }
  if (!['null', '1'].includes(dumpsJson(body.get('n') ?? null))) {
    return refused("a line has one answer: 'n' must be 1", 'n');
  }
  if (prompt === undefined) return {route: CHAT, body};
  if (typeof prompt !== 'string') return refused("'prompt' must be a text", 'prompt');
  body.set('messages', [
    new Map<string, Json>([
      ['role', 'user'],
      ['content', prompt],
    ]),
  ]);
  return {route: CHAT, body};
}

function unreadable(why: string): EngineError {
  return new EngineError('invalid_request', why, {
    hint: 'A line is {"id", "prompt" or "messages", …}, or OpenAI\'s {"custom_id", "method", "url", "body"}.',
  });
}

function refused(why: string, param: string): EngineError {
  return new EngineError('invalid_request', why, {param});
}
