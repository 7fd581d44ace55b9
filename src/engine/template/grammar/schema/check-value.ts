// Whether a fixed value fulfils a schema: for the values of `enum` and `const`, and for the names of properties.
import {isJsonArray, isJsonNumber, isJsonObject, type Json, type JsonObject} from '../../../../base/json.ts';
import {isFound} from '../pattern-lengths.ts';
import {parsePattern} from '../pattern-parser.ts';
import {textFormat} from '../text-formats.ts';
import {SchemaDocument} from './schema-parts.ts';

/** Undefined: not told here. */
type Verdict = boolean | undefined;

/** Items of a list that are compared with each other. */
const MOST_COMPARED = 500;

/** Schemas inside each other that are followed. */
const DEEPEST = 200;
/** Keywords and items that are looked at for one value: references in alternatives multiply. */
const MOST_ASKED = 5000;
/** The same for all values of a document. */
const MOST_ASKED_IN_ALL = 1_000_000;

/** Whether `value` fulfils `schema`, a part of `document`; undefined where the schema says what is not understood here. */
export function fulfils(document: SchemaDocument, schema: Json, value: Json): Verdict {
  return verdictOf(
    {document, depth: 0, work: {left: Math.min(MOST_ASKED, MOST_ASKED_IN_ALL - document.asked)}},
    schema,
    value,
  );
}

function verdictOf(where: Where, schema: Json, value: Json): Verdict {
  if (typeof schema === 'boolean') return schema;
  if (!isJsonObject(schema) || where.depth > DEEPEST || !affords(where, schema.size)) return undefined;
  return every([...schema], ([keyword]) => keywordVerdict({...where, schema, value}, keyword));
}

/** Whether there is time left to look at so many more. */
function affords({document, work}: Where, count: number): boolean {
  if (work.left < count) return false;
  document.asked += count;
  work.left -= count;
  return true;
}

/** Whether nothing in the schema refuses the value, as far as it is understood here. */
export function fitsSchema(schema: Json, value: Json): boolean {
  return fulfils(new SchemaDocument(schema), schema, value) !== false;
}

/** Two JSON values that JSON schema takes for the same. */
export function isSame(a: Json, b: Json): boolean {
  if (isJsonNumber(a) && isJsonNumber(b)) return a.source === b.source || Number(a.source) === Number(b.source);
  if (isJsonArray(a) && isJsonArray(b)) {
    return a.length === b.length && a.every((item, index) => isSame(item, b[index] ?? null));
  }
  if (isJsonObject(a) && isJsonObject(b)) {
    return a.size === b.size && [...a].every(([key, item]) => b.has(key) && isSame(item, b.get(key) ?? null));
  }
  return a === b;
}

/** The texts of lists of values, so that two long lists are not compared each with each. */
const TEXTS = new WeakMap<readonly Json[], ReadonlySet<Json>>();

function isOneOf(list: readonly Json[], value: Json): boolean {
  if (typeof value !== 'string') return list.some((one) => isSame(one, value));
  const texts = TEXTS.get(list) ?? new Set(list);
  TEXTS.set(list, texts);
  return texts.has(value);
}

/** Items or members a value has. */
const sizeOf = (value: Json): number => (isJsonArray(value) ? value.length : isJsonObject(value) ? value.size : 1);

export function typeOf(value: Json): string {
  if (value === null) return 'null';
  if (isJsonArray(value)) return 'array';
  if (isJsonObject(value)) return 'object';
  return isJsonNumber(value) ? 'number' : typeof value;
}

function every<Item>(items: readonly Item[], verdict: (item: Item) => Verdict): Verdict {
  let all: Verdict = true;
  for (const item of items) {
    const one = verdict(item);
    if (one === false) return false;
    if (one === undefined) all = undefined;
  }
  return all;
}

interface Where {
  readonly document: SchemaDocument;
  readonly depth: number;
  /** What may still be looked at for the one value. */
  readonly work: {left: number};
}

interface Question extends Where {
  readonly schema: JsonObject;
  readonly value: Json;
}

const within = (question: Where): Where => ({...question, depth: question.depth + 1});

/** Keywords that limit no value, or only together with others that are looked at. */
const SILENT: ReadonlySet<string> = new Set(
  `$schema $id $comment $defs definitions title description default examples deprecated readOnly writeOnly then else
  contentEncoding contentMediaType contentSchema minContains maxContains $anchor $vocabulary`.split(/\s+/),
);

function keywordVerdict(question: Question, keyword: string): Verdict {
  const {document, schema, value} = question;
  const argument = schema.get(keyword) ?? null;
  const inner = (part: Json, of: Json = value) => verdictOf(within(question), part, of);
  switch (keyword) {
    case 'type': {
      const names = isJsonArray(argument) ? argument : [argument];
      return names.some((name) => isOfType(value, name));
    }
    case 'const':
      return affords(question, sizeOf(argument)) ? isSame(argument, value) : undefined;
    case 'enum':
      if (!isJsonArray(argument)) return undefined;
      return typeof value === 'string' || affords(question, argument.length + sizeOf(value))
        ? isOneOf(argument, value)
        : undefined;
    case '$ref': {
      const target = typeof argument === 'string' ? document.resolve(argument) : undefined;
      return target && inner(target.schema);
    }
    case 'allOf':
      return isJsonArray(argument) ? every(argument, (part) => inner(part)) : undefined;
    case 'anyOf':
      return isJsonArray(argument) ? negated(every(argument, (part) => negated(inner(part)))) : undefined;
    case 'oneOf': {
      if (!isJsonArray(argument)) return undefined;
      const verdicts = argument.map((part) => inner(part));
      if (verdicts.filter((one) => one === true).length > 1) return false;
      return verdicts.includes(undefined) ? undefined : verdicts.includes(true);
    }
    case 'not':
      return negated(inner(argument));
    case 'if': {
      const condition = inner(argument);
      const branch = (name: string) => inner(schema.get(name) ?? true);
      if (condition !== undefined) return branch(condition ? 'then' : 'else');
      return branch('then') === true && branch('else') === true ? true : undefined;
    }
    case 'format': {
      const format = typeof argument === 'string' && typeof value === 'string' ? textFormat(argument) : 'none';
      if (format === 'unheld') return undefined;
      return typeof format === 'string' ? true : found(format.pattern, String(value)) || undefined;
    }
    default:
      if (SILENT.has(keyword)) return true;
      if (typeof value === 'string') return textVerdict(keyword, argument, value);
      if (isJsonNumber(value)) return numberVerdict(schema, keyword, argument, Number(value.source));
      if (isJsonArray(value)) return arrayVerdict(question, keyword, argument, value);
      if (isJsonObject(value)) return objectVerdict(question, keyword, argument, value);
      return KNOWN.has(keyword) ? true : undefined;
  }
}

const negated = (verdict: Verdict): Verdict => (verdict === undefined ? undefined : !verdict);

function isOfType(value: Json, name: Json): boolean {
  if (name === 'integer') return isJsonNumber(value) && Number.isInteger(Number(value.source));
  return typeOf(value) === name;
}

/** The pattern that was read last: the values of one list are held against the same one. */
let last: {readonly pattern: string; readonly alternatives: ReturnType<typeof parsePattern>} | undefined;

function found(pattern: string, text: string): Verdict {
  if (last?.pattern !== pattern) last = {pattern, alternatives: parsePattern(pattern)};
  const {alternatives} = last;
  return alternatives && isFound(alternatives, text);
}

/** Whether `name` matches a pattern of property names. */
export const nameMatches = found;

const NUMBER_KEYWORDS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'];
const TEXT_KEYWORDS = ['minLength', 'maxLength', 'pattern'];
const ARRAY_KEYWORDS = ['items', 'prefixItems', 'additionalItems', 'minItems', 'maxItems', 'uniqueItems', 'contains'];
const OBJECT_KEYWORDS = [
  ...['properties', 'required', 'additionalProperties', 'patternProperties', 'propertyNames', 'minProperties'],
  ...['maxProperties', 'dependentRequired', 'dependentSchemas', 'dependencies'],
];
const KNOWN: ReadonlySet<string> = new Set([
  ...NUMBER_KEYWORDS,
  ...TEXT_KEYWORDS,
  ...ARRAY_KEYWORDS,
  ...OBJECT_KEYWORDS,
]);

const ofOthers = (keyword: string, own: readonly string[]): Verdict =>
  KNOWN.has(keyword) && !own.includes(keyword) ? true : undefined;

const count = (argument: Json): number => (isJsonNumber(argument) ? Number(argument.source) : Number.NaN);

function textVerdict(keyword: string, argument: Json, text: string): Verdict {
  switch (keyword) {
    case 'minLength':
      return [...text].length >= count(argument);
    case 'maxLength':
      return [...text].length <= count(argument);
    case 'pattern':
      return typeof argument === 'string' ? found(argument, text) : undefined;
    default:
      return ofOthers(keyword, TEXT_KEYWORDS);
  }
}

function numberVerdict(schema: JsonObject, keyword: string, argument: Json, number: number): Verdict {
  const bound = count(argument);
  switch (keyword) {
    case 'minimum':
      return schema.get('exclusiveMinimum') === true ? number > bound : number >= bound;
    case 'maximum':
      return schema.get('exclusiveMaximum') === true ? number < bound : number <= bound;
    case 'exclusiveMinimum':
      return typeof argument === 'boolean' || number > bound;
    case 'exclusiveMaximum':
      return typeof argument === 'boolean' || number < bound;
    case 'multipleOf':
      return Number.isInteger(number / bound);
    default:
      return ofOthers(keyword, NUMBER_KEYWORDS);
  }
}

function arrayVerdict(question: Question, keyword: string, argument: Json, list: readonly Json[]): Verdict {
  const {schema} = question;
  const inner = (part: Json, of: Json) => verdictOf(within(question), part, of);
  if (!affords(question, list.length)) return undefined;
  const tuple = schema.get('prefixItems') ?? schema.get('items');
  const places = isJsonArray(tuple) ? tuple.length : 0;
  switch (keyword) {
    case 'minItems':
      return list.length >= count(argument);
    case 'maxItems':
      return list.length <= count(argument);
    case 'uniqueItems':
      if (list.length > MOST_COMPARED || !affords(question, (list.length * list.length) / 100))
        return argument === true ? undefined : true;
      return argument !== true || list.every((a, at) => !list.slice(0, at).some((b) => isSame(a, b)));
    case 'prefixItems':
    case 'items':
    case 'additionalItems': {
      if (isJsonArray(argument)) return every([...list.entries()], ([at, item]) => inner(argument[at] ?? true, item));
      return keyword === 'additionalItems' && places === 0
        ? true
        : every(list.slice(places), (item) => inner(argument, item));
    }
    default:
      return ofOthers(keyword, ARRAY_KEYWORDS);
  }
}

function objectVerdict(question: Question, keyword: string, argument: Json, object: JsonObject): Verdict {
  const {schema} = question;
  const inner = (part: Json, of: Json) => verdictOf(within(question), part, of);
  if (!affords(question, object.size + sizeOf(argument))) return undefined;
  const named = schema.get('properties');
  switch (keyword) {
    case 'minProperties':
      return object.size >= count(argument);
    case 'maxProperties':
      return object.size <= count(argument);
    case 'required':
      return isJsonArray(argument) && argument.every((name) => typeof name === 'string' && object.has(name));
    case 'properties':
      return isJsonObject(argument)
        ? every([...argument], ([name, part]) => !object.has(name) || inner(part, object.get(name) ?? null))
        : undefined;
    case 'propertyNames':
      return every([...object.keys()], (name) => inner(argument, name));
    case 'patternProperties':
      return isJsonObject(argument)
        ? every([...argument], ([pattern, part]) =>
            every([...object], ([name, item]) => {
              const isNamed = found(pattern, name);
              return isNamed === false || (inner(part, item) === true ? true : isNamed && inner(part, item));
            }),
          )
        : undefined;
    case 'additionalProperties': {
      if (schema.has('patternProperties')) return argument === true ? true : undefined;
      const others = [...object].filter(([name]) => !isJsonObject(named) || !named.has(name));
      return every(others, ([, item]) => inner(argument, item));
    }
    default:
      return ofOthers(keyword, OBJECT_KEYWORDS);
  }
}
