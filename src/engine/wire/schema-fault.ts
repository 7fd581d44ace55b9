// What the draft-7 meta-schema has against a JSON schema.
import {createRequire} from 'node:module';
import type {Ajv, ErrorObject, ValidateFunction} from 'ajv';
import {type Json, toPlain} from '../../base/json.ts';

/** What the draft-7 meta-schema has against a schema, in words. */
export function schemaFault(schema: Json): string | undefined {
  const check = metaSchema();
  if (check(toPlain(schema))) return undefined;
  const [error] = check.errors ?? [];
  return error === undefined ? 'unknown fault' : `${error.instancePath || 'it'} ${describe(error)}`;
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
