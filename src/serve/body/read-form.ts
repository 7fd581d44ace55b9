// The form an answer must have, in the words of every server: a schema, a grammar, a choice or a pattern, one at most.
import {z} from 'zod';
import {EngineError} from '../../base/errors.ts';
import {isJsonArray, isJsonObject, type Json} from '../../base/json.ts';
import type {ResponseFormat} from '../../engine/contract/requests.ts';
import {literal} from '../../engine/template/grammar/expression.ts';
import {grammarFault} from '../../engine/template/grammar/gbnf-text.ts';
import {patternText} from '../../engine/template/grammar/pattern.ts';
import type {Fields} from '../../engine/wire/fields.ts';
import {schemaFault} from '../../engine/wire/schema-fault.ts';

const SchemaSchema = z.union([z.record(z.string(), z.unknown()), z.boolean()]);
const ChoicesSchema = z.array(z.string()).min(1).max(1000);

const ResponseFormatSchema = z.object({
  type: z.enum(['text', 'json_object', 'json_schema']),
  json_schema: z
    .object({
      name: z.string().nullish(),
      description: z.string().nullish(),
      schema: SchemaSchema,
      strict: z.boolean().nullish(),
    })
    .nullish(),
  schema: SchemaSchema.nullish().describe("llama-server's place for the schema, with either type"),
});

/** The fields of a form, which every generating route has. */
export const formFields = {
  response_format: ResponseFormatSchema.nullish(),
  json_schema: SchemaSchema.nullish().describe("llama-server's: the answer is JSON of this schema"),
  grammar: z.string().nullish().describe("llama-server's: a grammar in GBNF"),
  guided_json: SchemaSchema.nullish(),
  guided_regex: z.string().nullish().describe('a pattern that the whole answer matches'),
  guided_choice: ChoicesSchema.nullish().describe('the answer is one of these'),
  guided_grammar: z.string().nullish(),
  structured_outputs: z
    .object({
      json: SchemaSchema.nullish(),
      regex: z.string().nullish(),
      choice: ChoicesSchema.nullish(),
      grammar: z.string().nullish(),
      json_object: z.boolean().nullish(),
      structural_tag: z.unknown().optional(),
    })
    .nullish()
    .describe("vLLM's: one of its members"),
};

/** A form, with the path of the field that asks for it. */
interface AskedForm {
  readonly param: string;
  readonly format: ResponseFormat;
}

function refuse(param: string, message: string): never {
  throw new EngineError('invalid_request', `'${param}': ${message}`, {param});
}

/**
 * The one form a request asks for; undefined where the answer is free. The shapes have been checked by `formFields`.
 * @throws EngineError `invalid_request` with the path of a schema, grammar or pattern that is none, or of the second of two
 * forms; `unsupported` for a pattern that no grammar can hold.
 */
export function readForm(fields: Fields): ResponseFormat | undefined {
  const asked = [...standard(fields), ...llamaServer(fields), ...vllm(fields)];
  const [first, second] = asked;
  if (first && second) refuse(second.param, `the form of the answer is in '${first.param}' already`);
  return first?.format;
}

function standard(fields: Fields): AskedForm[] {
  const format = fields.fields('response_format');
  const type = format?.string('type') ?? 'text';
  if (!format || type === 'text') return [];
  const named = format.fields('json_schema');
  const bare = format.get('schema');
  if (type === 'json_schema' && named) {
    return schema(named.pathOf('schema'), named.get('schema') ?? false, named.boolean('strict') === true);
  }
  if (bare !== undefined) return schema(format.pathOf('schema'), bare);
  if (type === 'json_schema') refuse('response_format.json_schema', 'it is missing');
  return [{param: 'response_format', format: {type: 'json_object'}}];
}

function llamaServer(fields: Fields): AskedForm[] {
  return [...schema('json_schema', fields.get('json_schema')), ...grammar('grammar', fields.string('grammar'))];
}

function vllm(fields: Fields): AskedForm[] {
  const outputs = fields.fields('structured_outputs');
  if (outputs?.get('structural_tag') !== undefined) {
    const param = outputs.pathOf('structural_tag');
    throw new EngineError('unsupported', `'${param}' is not supported: use one of the others`, {param});
  }
  return [
    ...schema('guided_json', fields.get('guided_json')),
    ...pattern('guided_regex', fields.string('guided_regex')),
    ...choice('guided_choice', fields.get('guided_choice')),
    ...grammar('guided_grammar', fields.string('guided_grammar')),
    ...(outputs
      ? [
          ...schema(outputs.pathOf('json'), outputs.get('json')),
          ...pattern(outputs.pathOf('regex'), outputs.string('regex')),
          ...choice(outputs.pathOf('choice'), outputs.get('choice')),
          ...grammar(outputs.pathOf('grammar'), outputs.string('grammar')),
          ...(outputs.boolean('json_object')
            ? [{param: outputs.pathOf('json_object'), format: {type: 'json_object'}} as const]
            : []),
        ]
      : []),
  ];
}

function schema(param: string, json: Json | undefined, isStrict = false): AskedForm[] {
  if (json === undefined) return [];
  if (json === false) refuse(param, 'no answer fits the schema false');
  const fault = isJsonObject(json) || json === true ? schemaFault(json) : 'it is neither an object nor true';
  if (fault !== undefined) refuse(param, `this is no JSON schema: ${fault}`);
  return [{param, format: {type: 'json_schema', schema: json, ...(isStrict && {strict: true})}}];
}

function grammar(param: string, gbnf: string | undefined): AskedForm[] {
  if (gbnf === undefined || gbnf === '') return [];
  const fault = grammarFault(gbnf);
  if (fault !== undefined) refuse(param, `this is no grammar in GBNF: ${fault}`);
  return [{param, format: {type: 'grammar', gbnf}}];
}

function pattern(param: string, source: string | undefined): AskedForm[] {
  if (source === undefined) return [];
  const body = patternText(source);
  if (body !== undefined) return [{param, format: {type: 'grammar', gbnf: `root ::= ${body}\n`}}];
  throw new EngineError('unsupported', `'${param}' is not supported: no grammar can hold this pattern`, {param});
}

function choice(param: string, json: Json | undefined): AskedForm[] {
  if (!isJsonArray(json)) return [];
  const texts = new Set(json.filter((text) => typeof text === 'string'));
  return [{param, format: {type: 'grammar', gbnf: `root ::= ${[...texts].map(literal).join(' | ')}\n`}}];
}
