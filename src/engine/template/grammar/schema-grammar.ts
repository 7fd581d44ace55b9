// A JSON schema as GBNF rules. What a grammar cannot say is left out with a note: the output is freer then, never wrong.
import {dumpsJson, isJsonArray, isJsonNumber, isJsonObject, type Json, type JsonObject} from '../../../base/json.ts';
import {withPrefix} from './gbnf-text.ts';
import {integerRange} from './integer-range.ts';
import {type Bound, numberRange} from './number-range.ts';
import {patternString} from './pattern.ts';

/** `call`: one line, as templates write arguments. `text`: a little layout, as models write JSON for people. */
export type Layout = 'call' | 'text';

/** Longer repetitions make a grammar slow; llama.cpp refuses those above 2,000. */
const MAX_REPETITIONS = 256;

const SPACE: Readonly<Record<Layout, string>> = {
  call: '" "?',
  text: '(" " | "\\n" [ \\t]{0,20})?',
};

/** Digits are bounded, or a model can go on with one number for ever. */
const BASE_RULES: readonly (readonly [name: string, body: string])[] = [
  ['char', '[^"\\\\\\x7F\\x00-\\x1F] | "\\\\" (["\\\\/bfnrt] | "u" [0-9a-fA-F]{4})'],
  ['string', '"\\"" char* "\\""'],
  ['integer', '"-"? ("0" | [1-9] [0-9]{0,15})'],
  ['number', 'integer ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?'],
  ['boolean', '"true" | "false"'],
  ['null', '"null"'],
  ['value', 'object | array | string | number | boolean | null'],
  ['member', 'string ":" sp value'],
  ['object', '"{" sp (member ("," sp member)* sp)? "}"'],
  ['array', '"[" sp (value ("," sp value)* sp)? "]"'],
];
const TYPES: readonly string[] = ['object', 'array', 'string', 'integer', 'number', 'boolean', 'null'];

/** Keywords that are followed, or that do not restrict a value. */
const UNDERSTOOD: ReadonlySet<string> = new Set(
  `$schema $id $comment $defs definitions title description default examples deprecated readOnly writeOnly type enum
  const $ref anyOf oneOf allOf properties required additionalProperties items prefixItems minItems maxItems minLength
  maxLength pattern`.split(/\s+/),
);
const NUMBER_BOUNDS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'] as const;

/** The rules of one grammar while it is put together. */
export class SchemaGrammar {
  private readonly rules: Map<string, string>;
  private readonly noteSet = new Set<string>();
  private included = '';
  private count = 0;

  constructor(layout: Layout) {
    this.rules = new Map([['sp', SPACE[layout]], ...BASE_RULES]);
  }

  /** What the schemas ask for beyond this grammar, in words. */
  get notes(): readonly string[] {
    return [...this.noteSet];
  }

  /** The grammar as text; `root` is the body of its first rule. */
  toGbnf(root: string): string {
    const rules = [...this.rules].map(([name, body]) => `${name} ::= ${body}`);
    return [`root ::= ${root}`, ...rules, this.included].join('\n');
  }

  /** Takes in another grammar under names of its own, and returns that of its root. */
  include(gbnf: string): string {
    this.included += `${withPrefix(gbnf, 'given-')}\n`;
    return 'given-root';
  }

  /** Name of a rule for the values a schema allows; `$ref` is looked up inside this schema. */
  valueOf(schema: Json): string {
    return new SchemaReader(schema, this).read(schema);
  }

  note(text: string): void {
    this.noteSet.add(text);
  }

  /** Adds a rule and returns its name. */
  add(body: string): string {
    const name = this.reserve();
    this.rules.set(name, body);
    return name;
  }

  /** A name to be used before its rule is known, for schemas that contain themselves. */
  reserve(): string {
    this.count += 1;
    return `r${this.count}`;
  }

  define(name: string, body: string): void {
    this.rules.set(name, body);
  }
}

/** Text as a GBNF literal. */
export function literal(text: string): string {
  const escaped = text.replace(/["\\]/g, '\\$&').replace(/[\x00-\x1f\x7f]/g, (char) => {
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `"${escaped}"`;
}

/** Reads one schema document; every method returns the name of a rule or a body in parentheses. */
class SchemaReader {
  private readonly document: Json;
  private readonly grammar: SchemaGrammar;
  private readonly references = new Map<string, string>();
  /** References being read with no bracket in between: one of these again would be a rule that starts with itself. */
  private open = new Set<string>();

  constructor(document: Json, grammar: SchemaGrammar) {
    this.document = document;
    this.grammar = grammar;
  }

  read(schema: Json): string {
    if (!isJsonObject(schema)) {
      if (schema === false) this.grammar.note('a schema that allows nothing is taken to allow anything');
      return 'value';
    }
    for (const keyword of schema.keys()) {
      if (!UNDERSTOOD.has(keyword) && !isNumberBound(keyword)) this.grammar.note(`"${keyword}" is not enforced`);
    }
    return this.restricted(schema);
  }

  private restricted(schema: JsonObject): string {
    const reference = schema.get('$ref');
    if (typeof reference === 'string') return this.reference(reference);
    if (schema.has('const')) return this.grammar.add(literal(dumpsJson(schema.get('const') ?? null)));
    const values = schema.get('enum');
    if (isJsonArray(values) && values.length > 0) return this.choice(values.map((value) => literal(dumpsJson(value))));
    const options = schema.get('anyOf') ?? schema.get('oneOf');
    if (isJsonArray(options) && options.length > 0) return this.choice(options.map((option) => this.read(option)));
    const parts = schema.get('allOf');
    if (isJsonArray(parts) && parts.length > 0) return this.read(this.merged(schema, parts));
    return this.typed(schema);
  }

  private choice(options: readonly string[]): string {
    return this.grammar.add([...new Set(options)].join(' | '));
  }

  private reference(pointer: string): string {
    const known = this.references.get(pointer);
    const target = this.resolve(pointer);
    if (target === undefined || this.open.has(pointer)) {
      this.grammar.note(`the reference ${pointer} is not followed`);
      return 'value';
    }
    if (known !== undefined) return known;
    const name = this.grammar.reserve();
    this.references.set(pointer, name);
    this.open.add(pointer);
    this.grammar.define(name, this.read(target));
    this.open.delete(pointer);
    return name;
  }

  /** Reads what stands inside brackets. */
  private nested(schema: Json): string {
    const outer = this.open;
    this.open = new Set();
    const rule = this.read(schema);
    this.open = outer;
    return rule;
  }

  private resolve(pointer: string): Json | undefined {
    if (pointer !== '#' && !pointer.startsWith('#/')) return undefined;
    let target: Json | undefined = this.document;
    for (const part of pointer.split('/').slice(1)) {
      const key = part.replace(/~1/g, '/').replace(/~0/g, '~');
      if (isJsonObject(target)) target = target.get(key);
      else if (isJsonArray(target)) target = target[Number(key)];
      else return undefined;
    }
    return target;
  }

  /** `allOf` of object schemas as one object schema; other keywords: the last one wins. */
  private merged(schema: JsonObject, parts: readonly Json[]): Json {
    const merged = new Map<string, Json>([...schema].filter(([keyword]) => keyword !== 'allOf'));
    for (const part of parts) {
      const reference = isJsonObject(part) ? part.get('$ref') : undefined;
      const resolved = typeof reference === 'string' ? this.resolve(reference) : part;
      if (!isJsonObject(resolved)) continue;
      for (const [keyword, value] of resolved) merged.set(keyword, mergedKeyword(keyword, merged.get(keyword), value));
    }
    if (merged.has('allOf') || merged.has('$ref')) {
      this.grammar.note('nested "allOf" is not enforced');
      return true;
    }
    return merged;
  }

  private typed(schema: JsonObject): string {
    const type = schema.get('type') ?? impliedType(schema);
    if (isJsonArray(type)) return this.choice(type.map((one) => this.typed(new Map([...schema, ['type', one]]))));
    switch (type) {
      case 'object':
        return this.object(schema);
      case 'array':
        return this.array(schema);
      case 'string':
        return this.string(schema);
      case 'integer':
        return this.integer(schema);
      case 'number':
        return this.number(schema);
      default:
        return typeof type === 'string' && TYPES.includes(type) ? type : 'value';
    }
  }

  private string(schema: JsonObject): string {
    const pattern = schema.get('pattern');
    const found = typeof pattern === 'string' ? patternString(pattern, 'char') : undefined;
    if (found !== undefined) {
      for (const keyword of ['minLength', 'maxLength']) {
        if (schema.has(keyword)) this.grammar.note(`"${keyword}" beside "pattern" is not enforced`);
      }
      return this.grammar.add(found);
    }
    if (pattern !== undefined) this.grammar.note('this "pattern" is not enforced');
    const repetition = this.repetition(schema, 'minLength', 'maxLength');
    return repetition === '*' ? 'string' : this.grammar.add(`"\\"" char${repetition} "\\""`);
  }

  private integer(schema: JsonObject): string {
    const from = tightest(schema, 'minimum', 'exclusiveMinimum', 1n);
    const to = tightest(schema, 'maximum', 'exclusiveMaximum', -1n);
    if (from === undefined && to === undefined) return 'integer';
    const body = integerRange(from, to);
    if (body === undefined) this.grammar.note('bounds that allow no integer are not enforced');
    return body === undefined ? 'integer' : this.grammar.add(body);
  }

  private number(schema: JsonObject): string {
    const min = decimalBound(schema, 'minimum', 'exclusiveMinimum', Math.max);
    const max = decimalBound(schema, 'maximum', 'exclusiveMaximum', Math.min);
    if (min === undefined && max === undefined) return 'number';
    const body = numberRange(min, max);
    if (body === undefined) this.grammar.note('bounds that allow no number of 15 digits are not enforced');
    return body === undefined ? 'number' : this.grammar.add(body);
  }

  private array(schema: JsonObject): string {
    const items = schema.get('items');
    const tuple = schema.get('prefixItems') ?? items;
    if (isJsonArray(tuple)) {
      const parts = tuple.map((item) => this.nested(item)).join(' "," sp ');
      return this.grammar.add(`"[" sp ${parts} sp "]"`);
    }
    const item = items === undefined ? 'value' : this.nested(items);
    const min = bound(schema, 'minItems') ?? 0;
    const max = bound(schema, 'maxItems') ?? Number.POSITIVE_INFINITY;
    if (max === 0) return this.grammar.add('"[" sp "]"');
    const rest = this.range(Math.max(min - 1, 0), max - 1, 'maxItems');
    const list = `${item} ("," sp ${item})${rest} sp`;
    return this.grammar.add(`"[" sp ${min > 0 ? list : `(${list})?`} "]"`);
  }

  private repetition(schema: JsonObject, least: string, most: string): string {
    return this.range(bound(schema, least) ?? 0, bound(schema, most) ?? Number.POSITIVE_INFINITY, most);
  }

  private range(min: number, max: number, keyword: string): string {
    if (min > MAX_REPETITIONS) this.grammar.note(`a minimum above ${MAX_REPETITIONS} is not enforced`);
    const least = min > MAX_REPETITIONS ? 0 : min;
    if (max === Number.POSITIVE_INFINITY) return least === 0 ? '*' : `{${least},}`;
    if (max <= MAX_REPETITIONS) return `{${least},${Math.max(least, max)}}`;
    this.grammar.note(`"${keyword}" above ${MAX_REPETITIONS} is not enforced`);
    return least === 0 ? '*' : `{${least},}`;
  }

  /** Members in the order of the schema, as models are taught; those not required may be left out. */
  private object(schema: JsonObject): string {
    const members = this.members(schema);
    const extra = this.extraMember(schema, members.length > 0);
    if (members.length === 0 && extra === 'member') return 'object';
    // `tail`: further members behind a first one. `head`: no member yet.
    let tail = extra === undefined ? '' : this.grammar.add(`("," sp ${extra})*`);
    let head = extra === undefined ? '' : this.grammar.add(`(${extra} ${tail})?`);
    for (const {rule, required} of members.toReversed()) {
      const first = `${rule} ${tail}`.trimEnd();
      const isOptional = !required;
      head = this.grammar.add(isOptional ? (head === '' ? `(${first})?` : `${first} | ${head}`) : first);
      tail = this.grammar.add(`${isOptional ? `("," sp ${rule})?` : `"," sp ${rule}`} ${tail}`.trimEnd());
    }
    return this.grammar.add(head === '' ? '"{" sp "}"' : `"{" sp ${head} sp "}"`);
  }

  private members(schema: JsonObject): {readonly rule: string; readonly required: boolean}[] {
    const properties = schema.get('properties');
    const known: JsonObject = isJsonObject(properties) ? properties : new Map();
    const listed = schema.get('required');
    const required = new Set(isJsonArray(listed) ? listed.filter((key) => typeof key === 'string') : []);
    const missing = [...required].filter((key) => !known.has(key)).map((key) => [key, true] as const);
    return [...known, ...missing].map(([key, value]) => ({
      rule: this.grammar.add(`${literal(dumpsJson(key))} ":" sp ${this.nested(value)}`),
      required: required.has(key),
    }));
  }

  /** Members the schema does not name: free where it names none, else only when it allows them explicitly. */
  private extraMember(schema: JsonObject, hasMembers: boolean): string | undefined {
    const extra = schema.get('additionalProperties');
    if (isJsonObject(extra)) return this.grammar.add(`string ":" sp ${this.nested(extra)}`);
    return extra === true || (extra === undefined && !hasMembers && !schema.has('properties')) ? 'member' : undefined;
  }
}

function mergedKeyword(keyword: string, before: Json | undefined, value: Json): Json {
  if (keyword === 'properties' && isJsonObject(before) && isJsonObject(value)) return new Map([...before, ...value]);
  if (keyword === 'required' && isJsonArray(before) && isJsonArray(value)) return [...before, ...value];
  return value;
}

function impliedType(schema: JsonObject): string | undefined {
  if (['properties', 'required', 'additionalProperties'].some((keyword) => schema.has(keyword))) return 'object';
  if (['items', 'prefixItems', 'minItems', 'maxItems'].some((keyword) => schema.has(keyword))) return 'array';
  if (['minLength', 'maxLength', 'pattern'].some((keyword) => schema.has(keyword))) return 'string';
  return NUMBER_BOUNDS.some((keyword) => schema.has(keyword)) ? 'number' : undefined;
}

const isNumberBound = (keyword: string) => (NUMBER_BOUNDS as readonly string[]).includes(keyword);

/**
 * The whole number a lower (`inward` 1) or upper (-1) bound comes to. `exclusive` holds a number of its own or, in older
 * drafts, says true of the other keyword's.
 */
function tightest(schema: JsonObject, inclusive: string, exclusive: string, inward: 1n | -1n): bigint | undefined {
  const number = (keyword: string) => {
    const value = schema.get(keyword);
    const bound = isJsonNumber(value) ? Number(value.source) : Number.NaN;
    return Number.isFinite(bound) ? bound : undefined;
  };
  const open = schema.get(exclusive) === true ? number(inclusive) : number(exclusive);
  const closed = schema.get(exclusive) === true ? undefined : number(inclusive);
  const round = inward === 1n ? Math.ceil : Math.floor;
  const bounds = [
    ...(closed === undefined ? [] : [BigInt(round(closed))]),
    ...(open === undefined ? [] : [BigInt(round(open)) + (Number.isInteger(open) ? inward : 0n)]),
  ];
  return bounds.sort((a, b) => (a < b === (inward === 1n) ? 1 : -1))[0];
}

/** A lower (`inner` is Math.max) or upper (Math.min) bound of numbers, the tighter of two. `exclusive` as above. */
function decimalBound(
  schema: JsonObject,
  inclusive: string,
  exclusive: string,
  inner: (a: number, b: number) => number,
): Bound | undefined {
  const given = (keyword: string, open: boolean): Bound[] => {
    const value = schema.get(keyword);
    return isJsonNumber(value) && Number.isFinite(Number(value.source)) ? [{source: value.source, open}] : [];
  };
  const isFlag = schema.get(exclusive) === true;
  const [first, second] = [...given(exclusive, true), ...given(inclusive, isFlag)];
  if (!first || !second) return first;
  return inner(Number(first.source), Number(second.source)) === Number(first.source) ? first : second;
}

function bound(schema: JsonObject, keyword: string): number | undefined {
  const value = schema.get(keyword);
  const number = isJsonNumber(value) ? Number(value.source) : Number.NaN;
  return Number.isInteger(number) && number >= 0 ? number : undefined;
}
