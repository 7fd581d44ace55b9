// What the draft-7 meta-schema has against a JSON schema.
import {createRequire} from 'node:module';
import type {Ajv, ErrorObject, ValidateFunction} from 'ajv';
import {isJsonArray, isJsonObject, type Json, type JsonObject, toPlain} from '../../base/json.ts';

/** What the draft-7 meta-schema has against a schema, in words. */
export function schemaFault(schema: Json): string | undefined {
  if (!isJsonObject(schema)) return faultOf(schema);
  const known = KNOWN.get(schema);
  if (known) return known.fault;
  const fault = faultOf(schema);
  KNOWN.set(schema, {fault});
  return fault;
}

/** The readers, the prompt and the grammar all ask. */
const KNOWN = new WeakMap<JsonObject, {readonly fault: string | undefined}>();

function faultOf(schema: Json): string | undefined {
  const excess = excessOf(schema);
  if (excess !== undefined) return excess;
  const check = metaSchema();
  if (check(toPlain(schema))) return undefined;
  const [error] = check.errors ?? [];
  return error === undefined ? 'unknown fault' : `${error.instancePath || 'it'} ${describe(error)}`;
}

/** In characters of names and texts, and one for each value: about what it has as JSON. */
const MOST_CHARACTERS = 1_000_000;
/** Arrays and objects inside each other. */
const DEEPEST = 64;
/** Lists and objects. As many properties as OpenAI takes fit in. */
const MOST_PARTS = 6000;
/** Of one name, in characters: it is part of the place of whatever is below it. */
const LONGEST_NAME = 1000;

/** What is too much about a schema, found before any work is done on it. */
export function excessOf(schema: Json): string | undefined {
  let characters = 0;
  let parts = 0;
  const open: (readonly [value: Json, depth: number])[] = [[schema, 0]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [value, depth] = next;
    if (depth > DEEPEST) return `it nests deeper than ${DEEPEST} levels`;
    characters += 2;
    parts += 1;
    const inside = isJsonObject(value) ? value.values() : isJsonArray(value) ? value : [];
    for (const inner of inside) {
      if (isJsonObject(inner) || isJsonArray(inner)) open.push([inner, depth + 1]);
      else {
        if (depth === DEEPEST) return `it nests deeper than ${DEEPEST} levels`;
        characters += typeof inner === 'string' ? inner.length + 3 : 2;
      }
    }
    for (const key of isJsonObject(value) ? value.keys() : []) {
      characters += key.length + 3;
      if (key.length > LONGEST_NAME) return `a name in it has more than ${LONGEST_NAME} characters`;
    }
    if (parts + open.length > MOST_PARTS) return `it has more than ${MOST_PARTS} lists and objects`;
    if (characters > MOST_CHARACTERS) return `it has more than ${MOST_CHARACTERS} characters`;
  }
  return undefined;
}

function describe(error: ErrorObject): string {
  return error.message ?? `breaks the rule ${error.keyword}`;
}

let compiled: ValidateFunction | undefined;

/** Compiled on first use: most programs never see a tool, and loading ajv takes longer than starting them. */
function metaSchema(): ValidateFunction {
  if (compiled) return compiled;
  const require = createRequire(import.meta.url);
  const {Ajv: AjvClass} = require('ajv') as {readonly Ajv: typeof Ajv};
  const ajv = new AjvClass({
    strict: false,
    meta: false,
    validateSchema: false,
    formats: {regex: isPythonRegex, uri: true, 'uri-reference': true},
  });
  // ajv's copy wants enum values to be there and to differ; the standard's text, and mistral-common, do not. Without
  // its own name it is a schema like any other: ajv checks no formats in what it takes for a meta-schema.
  const {$id: _id, $schema: _schema, ...draft7} = require('ajv/dist/refs/json-schema-draft-07.json');
  compiled = ajv.compile({...draft7, properties: {...draft7.properties, enum: {type: 'array'}}});
  return compiled;
}

const PYTHON_LETTER_ESCAPES = /[^a-zA-Z]|[AbBdDsSwWZafnrtvxuUN]/;

/** Whether Python's `re` takes the pattern, as far as this can be told from a JavaScript engine. */
function isPythonRegex(pattern: string): boolean {
  const escapes = [...pattern.matchAll(/\\(.)/gs)];
  if (escapes.some(([, char = '']) => !PYTHON_LETTER_ESCAPES.test(char))) return false;
  if (/\(\?<[^=!]/.test(pattern)) return false;
  const translated = pattern
    .replace(/\(\?P</g, '(?<')
    .replace(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replace(/^\(\?[aiLmsux]+\)/, '')
    .replace(/\(\?(?:[aiLmsux]*(?:-[imsx]+)?:|>)/g, '(?:')
    .replace(/\(\?#[^)]*\)/g, '')
    .replace(/([*+?}])\+/g, '$1');
  try {
    new RegExp(translated);
    return true;
  } catch {
    return false;
  }
}
