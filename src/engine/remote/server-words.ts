// What a server says in words: its error objects, and what it sends in place of an answer.
import {defined} from '../../base/defined.ts';
import {parsePlainJson} from '../../base/plain-json.ts';
import {anything, either, object, optional, text} from '../../base/shape.ts';

/** Characters of a server's words that are shown. */
const SHOWN = 2000;
/** Characters that are shown of what is no error and no answer. */
const LINE = 200;

export interface ServerWords {
  readonly message: string;
  /** The server's name for this kind of failure, empty without one. */
  readonly code?: string;
  /** The field of the request that is at fault. */
  readonly param?: string;
}

const fields = object({
  message: optional(text),
  msg: optional(text),
  code: anything,
  type: optional(text),
  param: optional(text),
});
/** OpenAI's `error`, which some send as bare text; FastAPI's `detail`; the fields of old vLLM without an `error` around. */
const envelope = object({
  error: optional(either(text, fields)),
  detail: anything,
  message: optional(text),
  msg: optional(text),
  object: optional(text),
  type: optional(text),
  choices: anything,
  content: anything,
});

/** The failure that this JSON of a server tells of; undefined where it tells of none. */
export function failureIn(json: unknown): ServerWords | undefined {
  const said = optional(envelope)(json);
  if (said === undefined) return undefined;
  if (typeof said.error === 'string') return {message: shown(said.error)};
  if (said.error !== undefined) {
    const {message, msg, code, type, param} = said.error;
    const kind = [code, type].filter((part) => typeof part === 'string' || typeof part === 'number').join(' ');
    const words = message ?? msg ?? kind;
    return defined({message: shown(words || JSON.stringify(json)), code: kind, param});
  }
  // An answer, whatever else it carries.
  if (said.choices !== undefined || said.content !== undefined) return undefined;
  if (said.detail !== undefined) {
    return {message: shown(typeof said.detail === 'string' ? said.detail : JSON.stringify(said.detail))};
  }
  const isError = said.object === 'error' || said.type === 'error';
  const message = said.message ?? said.msg;
  return isError || message !== undefined ? {message: shown(message ?? JSON.stringify(json))} : undefined;
}

/** What the body of a refusal says, whatever it is. */
export function refusalIn(body: string): ServerWords {
  try {
    const failure = failureIn(parsePlainJson(body));
    if (failure !== undefined) return failure;
    return {message: shown(body.trim())};
  } catch {
    return {message: beginningOf(body, SHOWN)};
  }
}

function shown(words: string): string {
  return words.slice(0, SHOWN);
}

/** The first words of a body, for a person: of a web page its title, else its first line that is not empty. */
export function beginningOf(body: string, limit = LINE): string {
  const start = body.trimStart().slice(0, 64 << 10);
  if (start === '') return 'nothing';
  if (!start.startsWith('<')) return (/^[^\r\n]*/.exec(start)?.[0] ?? '').trimEnd().slice(0, limit);
  const title = /<title[^>]{0,200}>([^<]*)/i.exec(start)?.[1]?.trim().replaceAll(/\s+/g, ' ');
  return title ? `a web page, "${title.slice(0, limit)}"` : 'a web page';
}
