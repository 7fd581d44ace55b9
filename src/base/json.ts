// JSON as Python reads and writes it: key order and the exact number survive, which JSON.parse cannot promise.
import {EngineError} from './errors.ts';
import {atOnce, type Steps} from './in-turns.ts';

/** A JSON number. `source` is Python's spelling of it, so `1.0` stays `1.0` and big integers stay exact. */
export interface JsonNumber {
  readonly source: string;
}

export type JsonObject = ReadonlyMap<string, Json>;
export type Json = null | boolean | string | JsonNumber | readonly Json[] | JsonObject;

/** One member of an object, with the text it was written as. */
export interface JsonMember {
  readonly value: Json;
  readonly text: string;
}

export interface ParseOptions {
  /** Arrays and objects inside each other at most. Default 512; Python gives up at about a thousand. */
  readonly maxDepth?: number;
  /** Whether NaN, Infinity and -Infinity are numbers, as in Python (default); JSON itself has no such words. */
  readonly nonFinite?: boolean;
  /** Arrays and objects of the whole document at most; default: as many as there are. */
  readonly maxNested?: number;
}

const DEFAULTS: Required<ParseOptions> = {maxDepth: 512, nonFinite: true, maxNested: Number.POSITIVE_INFINITY};

/** Text that is no JSON (`syntax`), or JSON beyond a limit (`depth`, `size`). `position` counts UTF-16 units. */
export class JsonError extends EngineError {
  readonly kind: 'syntax' | 'depth' | 'size';
  /** What is wrong and where, without a full stop: a part of the message. */
  readonly reason: string;
  readonly position: number;

  constructor(kind: JsonError['kind'], reason: string, position: number) {
    super('invalid_request', kind === 'syntax' ? `Not valid JSON: ${reason}.` : `The JSON ${reason}.`);
    this.kind = kind;
    this.reason = reason;
    this.position = position;
  }
}

/**
 * Reads one JSON document with the rules of Python's `json.loads`: NaN and Infinity are numbers, a duplicate key keeps
 * its first place and its last value, control characters inside strings are errors. The depth is counted as it is read,
 * so a document that is too deep costs no more than its first levels.
 * @throws JsonError
 */
export function parseJson(text: string, options: ParseOptions = {}): Json {
  return atOnce(jsonSteps(text, options));
}

/** As `parseJson`, for documents of megabytes that others send. @throws JsonError */
export function* jsonSteps(text: string, options: ParseOptions = {}): Steps<Json> {
  const reader = new Reader(text, options);
  return yield* reader.document(() => reader.value());
}

/**
 * Reads a document that must be an object and keeps the source text of each member; undefined for any other value.
 * @throws JsonError
 */
export function parseMembers(text: string): ReadonlyMap<string, JsonMember> | undefined {
  const members = new Map<string, JsonMember>();
  const reader = new Reader(text, {}, (key, value, source) => members.set(key, {value, text: source}));
  const document = atOnce(reader.document(() => reader.value()));
  return isJsonObject(document) ? members : undefined;
}

/** Words that are values, by their first letter. */
const LITERALS: ReadonlyMap<string, readonly [word: string, value: Json]> = new Map([
  ['n', ['null', null]],
  ['t', ['true', true]],
  ['f', ['false', false]],
  ['N', ['NaN', {source: 'NaN'}]],
  ['I', ['Infinity', {source: 'Infinity'}]],
  ['-', ['-Infinity', {source: '-Infinity'}]],
]);
const NUMBER = /(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
const HEX4 = /[0-9a-fA-F]{4}/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** Values between two pauses. */
const STEP = 512;

/** An array or object that is not read to its end. */
interface OpenValue {
  readonly value: Json[] | Map<string, Json>;
  /** Of an object: the name of the member that is read, and where its value begins. */
  key: string;
  start: number;
}

class Reader {
  private position = 0;
  private nested = 0;
  private readonly text: string;
  private readonly options: Required<ParseOptions>;
  private readonly onMember: ((key: string, value: Json, source: string) => void) | undefined;

  /** `onMember` is told the members of the outermost object with their texts. */
  constructor(text: string, options: ParseOptions = {}, onMember?: (key: string, value: Json, source: string) => void) {
    this.text = text;
    this.options = {...DEFAULTS, ...options};
    this.onMember = onMember;
  }

  /** Runs `read` on the whole text: nothing but white space may stand around it. */
  *document<T>(read: () => Steps<T>): Steps<T> {
    this.skipSpace();
    const result = yield* read();
    this.skipSpace();
    if (this.position < this.text.length) this.fail('extra text after the JSON value');
    return result;
  }

  /** One value, whatever it holds: without recursion, so that it can pause anywhere. */
  *value(): Steps<Json> {
    const open: OpenValue[] = [];
    for (let count = 1; ; count++) {
      if (count % STEP === 0) yield;
      const inner = this.opened(open);
      if (inner === 'open') continue;
      let value = inner ?? (yield* this.scalar());
      for (;;) {
        const around = open.at(-1);
        if (around === undefined) return value;
        this.put(around, value, open.length);
        this.skipSpace();
        if (this.take(',')) {
          this.skipSpace();
          this.name(around);
          break;
        }
        const end = isJsonArray(around.value) ? ']' : '}';
        if (!this.take(end)) this.fail(`expected "," or "${end}"`);
        open.pop();
        value = around.value;
      }
    }
  }

  /** Begins the array or object that stands here, if one does; an empty one is a value at once. */
  private opened(open: OpenValue[]): Json | 'open' | undefined {
    const char = this.text[this.position];
    if (char !== '{' && char !== '[') return undefined;
    this.enter(open.length);
    this.skipSpace();
    const value = char === '[' ? [] : new Map<string, Json>();
    if (this.take(char === '[' ? ']' : '}')) return value;
    const around = {value, key: '', start: 0};
    this.name(around);
    open.push(around);
    return 'open';
  }

  /** The name of an object's next member, up to its value. */
  private name(around: OpenValue): void {
    if (isJsonArray(around.value)) return;
    if (!this.startsWith('"')) this.fail('expected a key in double quotes');
    around.key = atOnce(this.string());
    this.skipSpace();
    if (!this.take(':')) this.fail('expected ":" after a key');
    this.skipSpace();
    around.start = this.position;
  }

  private put({value: around, key, start}: OpenValue, value: Json, depth: number): void {
    if (!(around instanceof Map)) around.push(value);
    else {
      around.set(key, value);
      if (depth === 1) this.onMember?.(key, value, this.text.slice(start, this.position));
    }
  }

  private *scalar(): Steps<Json> {
    if (this.text[this.position] === '"') return this.plainString() ?? (yield* this.string());
    const literal = this.literal();
    return literal === undefined ? this.number() : literal;
  }

  private startsWith(prefix: string): boolean {
    return this.text.startsWith(prefix, this.position);
  }

  /** `null` is a value here, so that the absence of a literal is undefined. */
  private literal(): Json | undefined {
    const [word, value] = LITERALS.get(this.text[this.position] ?? '') ?? [];
    if (word === undefined || (isJsonNumber(value) && !this.options.nonFinite)) return undefined;
    return this.take(word) ? value : undefined;
  }

  /** Steps over the opening bracket. */
  private enter(depth: number): void {
    const {maxDepth, maxNested} = this.options;
    if (depth >= maxDepth) throw new JsonError('depth', `is nested deeper than ${maxDepth} levels`, this.position);
    this.nested += 1;
    if (this.nested > maxNested) {
      throw new JsonError('size', `has more than ${maxNested} arrays and objects`, this.position);
    }
    this.position += 1;
  }

  /** A string without escapes, as nearly all are. */
  private plainString(): string | undefined {
    const start = this.position + 1;
    const stop = this.plainEnd(start);
    if (this.text[stop] !== '"') return undefined;
    this.position = stop + 1;
    return this.text.slice(start, stop);
  }

  private *string(): Steps<string> {
    this.position += 1;
    const parts: string[] = [];
    for (let start = this.position; ; start = this.position) {
      if (parts.length % STEP === STEP - 2) yield;
      const stop = this.plainEnd(this.position);
      parts.push(this.text.slice(start, stop));
      this.position = stop;
      if (this.take('"')) return parts.join('');
      if (!this.take('\\'))
        this.fail(stop < this.text.length ? 'control character in a string' : 'unterminated string');
      parts.push(this.escape());
    }
  }

  /** End of the run of characters that stand for themselves. */
  private plainEnd(start: number): number {
    let end = start;
    for (; end < this.text.length; end += 1) {
      const code = this.text.charCodeAt(end);
      if (code < 0x20 || code === 0x22 || code === 0x5c) break;
    }
    return end;
  }

  private escape(): string {
    const char = this.text[this.position] ?? '';
    this.position += 1;
    if (char !== 'u') return ESCAPES[char] ?? this.fail('unknown escape in a string');
    const digits = this.match(HEX4)?.[0] ?? this.fail('expected four hexadecimal digits after \\u');
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  private number(): JsonNumber {
    const [, integer, fraction, exponent] = this.match(NUMBER) ?? this.fail('expected a JSON value');
    if (integer === undefined) return this.fail('expected a JSON value');
    if (fraction === undefined && exponent === undefined) return {source: integer === '-0' ? '0' : integer};
    return {source: pythonFloat(Number(`${integer}${fraction ?? ''}${exponent ?? ''}`))};
  }

  private match(sticky: RegExp): RegExpExecArray | null {
    sticky.lastIndex = this.position;
    const match = sticky.exec(this.text);
    if (match) this.position += match[0].length;
    return match;
  }

  private take(word: string): boolean {
    if (!this.startsWith(word)) return false;
    this.position += word.length;
    return true;
  }

  private skipSpace(): void {
    for (; this.position < this.text.length; this.position += 1) {
      const code = this.text.charCodeAt(this.position);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    }
  }

  private fail(what: string): never {
    let line = 1;
    for (let at = this.text.indexOf('\n'); at !== -1 && at < this.position; at = this.text.indexOf('\n', at + 1))
      line++;
    throw new JsonError('syntax', `${what} (line ${line}, character ${this.position})`, this.position);
  }
}

/** `repr` of a Python float: shortest digits, exponent form below 1e-4 and from 1e16 on. */
function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e16) return Number.isInteger(value) ? `${value}.0` : String(value);
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  if (size === 0) return `${sign}0.0`;
  const [mantissa = '', power = ''] = size.toExponential().split('e');
  const exponent = Number(power);
  return `${sign}${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};
const ESCAPED = /[\x00-\x1f"\\]/g;
const ESCAPED_ASCII = /["\\]|[^ -~]/g;

/** Writes a value byte for byte as Python's `json.dumps` does; `ensureAscii` is off unless asked for. */
export function dumpsJson(json: Json, options: {readonly ensureAscii?: boolean} = {}): string {
  const pattern = options.ensureAscii ? ESCAPED_ASCII : ESCAPED;
  const quote = (text: string): string => `"${text.replace(pattern, escapeChar)}"`;
  const write = (value: Json): string => {
    if (value === null || typeof value === 'boolean') return String(value);
    if (typeof value === 'string') return quote(value);
    if (isJsonArray(value)) return `[${value.map(write).join(', ')}]`;
    if (isJsonObject(value)) return `{${[...value].map(([key, item]) => `${quote(key)}: ${write(item)}`).join(', ')}}`;
    return value.source;
  };
  return write(json);
}

/** The pattern has no `u` flag, so a character outside the BMP arrives as its two surrogates, as Python writes it. */
function escapeChar(char: string): string {
  return SHORT_ESCAPES[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

export function isJsonArray(json: Json | undefined): json is readonly Json[] {
  return Array.isArray(json);
}

export function isJsonObject(json: Json | undefined): json is JsonObject {
  return json instanceof Map;
}

export function isJsonNumber(json: Json | undefined): json is JsonNumber {
  return typeof json === 'object' && json !== null && 'source' in json;
}

/** The value as plain JavaScript: objects lose the order of integer-like keys, numbers become doubles. */
export function toPlain(json: Json): unknown {
  if (isJsonArray(json)) return json.map(toPlain);
  if (isJsonObject(json)) return Object.fromEntries([...json].map(([key, value]) => [key, toPlain(value)]));
  return isJsonNumber(json) ? Number(json.source) : json;
}

/**
 * Plain JavaScript data as JSON: members that are undefined are left out, a whole number is an integer.
 * @throws TypeError for functions, symbols and class instances.
 */
export function fromPlain(value: unknown): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'bigint') return {source: String(value)};
  if (typeof value === 'number') {
    return {source: Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : pythonFloat(value)};
  }
  if (Array.isArray(value)) return value.map(fromPlain);
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return new Map(entries.map(([key, item]) => [key, fromPlain(item)]));
  }
  throw new TypeError(`A ${typeof value} has no JSON form.`);
}
