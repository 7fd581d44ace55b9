import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {atOnce} from '../../../../src/base/in-turns.ts';
import {dumpsJson, fromPlain, parseJson} from '../../../../src/base/json.ts';
import {syntaxFault} from '../../../../src/engine/llama/gbnf-syntax.ts';
import {unheldNote} from '../../../../src/engine/template/grammar/schema/schema-parts.ts';
import {type Layout, SchemaGrammar} from '../../../../src/engine/template/grammar/schema-grammar.ts';
import {Gbnf} from '../../../fakes/gbnf.ts';

function grammarOf(schema: string, layout: Layout = 'call'): {readonly gbnf: Gbnf; readonly notes: readonly string[]} {
  const grammar = new SchemaGrammar(layout);
  const rule = atOnce(grammar.valueOf(parseJson(schema)));
  return {gbnf: new Gbnf(atOnce(grammar.toGbnf(rule))), notes: grammar.unheld.map(unheldNote)};
}

const PERSON = `{"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"},
  "tags": {"type": "array", "items": {"type": "string"}}}, "required": ["age"]}`;
const TREE =
  '{"$ref": "#/$defs/node", "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}}}';

const cases: readonly {
  readonly schema: string;
  readonly accepts: readonly string[];
  readonly refuses: readonly string[];
}[] = [
  {schema: '{"type": "string"}', accepts: ['""', '"é \\n \\u00e9"'], refuses: ['"\n"', 'x', '"a', '"\\x"', ' ""']},
  {schema: '{"type": "string", "minLength": 1, "maxLength": 2}', accepts: ['"a"', '"日\\n"'], refuses: ['""', '"abc"']},
  {
    schema: '{"type": "integer"}',
    accepts: ['0', '-12', '1234567890123456'],
    refuses: ['01', '1.0', '1e5', '12345678901234567'],
  },
  {
    schema: '{"type": "integer", "minimum": -12, "maximum": 203}',
    accepts: ['-12', '-9', '0', '7', '10', '199', '203'],
    refuses: ['-13', '-100', '204', '210', '1000', '00', '-0', '01'],
  },
  {
    schema: '{"type": "integer", "exclusiveMinimum": 0.5, "exclusiveMaximum": 10}',
    accepts: ['1', '9'],
    refuses: ['0', '10', '-1'],
  },
  {
    schema: '{"type": "integer", "minimum": 18, "exclusiveMinimum": true}',
    accepts: ['19', '20', '100', '9999999999999999'],
    refuses: ['18', '1', '-19'],
  },
  {schema: '{"type": ["integer", "null"], "maximum": 1e999}', accepts: ['5', 'null'], refuses: ['"a"']},
  {schema: '{"type": "number"}', accepts: ['1', '-0.5', '1.5e-7', '1E+10'], refuses: ['.5', '1.', 'NaN', '1e999']},
  {
    schema: '{"type": "number", "minimum": 0.5, "maximum": 20}',
    accepts: ['0.5', '0.75', '19.999', '20', '20.0', '3'],
    refuses: ['0.4', '0', '-1', '20.001', '21', '1e1', '007'],
  },
  {
    schema: '{"exclusiveMinimum": -0.25, "exclusiveMaximum": 0}',
    accepts: ['-0.2', '-0.249', '-0.001'],
    refuses: ['-0.25', '0', '-0', '-0.0', '-0.3', '0.1', '-1'],
  },
  {
    schema: '{"type": "number", "minimum": 1, "exclusiveMinimum": true}',
    accepts: ['1.1', '2', '99999999999999.5'],
    refuses: ['1', '1.0', '0.9', '-2', '99999999999999.55'],
  },
  {
    schema: '{"type": "string", "pattern": "^[A-Z]{2}-[0-9]+$"}',
    accepts: ['"AB-1"', '"XY-007"'],
    refuses: ['"AB-"', '"ab-1"', '"AB-1 "', 'AB-1'],
  },
  {schema: '{"pattern": "b"}', accepts: ['"b"', '"abc\\n"'], refuses: ['"ac"', '""']},
  {schema: '{"type": "boolean"}', accepts: ['true', 'false'], refuses: ['True', '1']},
  {schema: '{"type": "null"}', accepts: ['null'], refuses: ['']},
  {schema: '{"type": ["string", "null"]}', accepts: ['null', '"a"'], refuses: ['1']},
  {
    schema: '{"enum": ["a", 1.50, null, {"1": 2, "0": "\\""}]}',
    accepts: ['"a"', '1.5', 'null', '{"1": 2, "0": "\\""}'],
    refuses: ['"b"'],
  },
  {schema: '{"const": "x\\ny"}', accepts: ['"x\\ny"'], refuses: ['"x"']},
  {schema: '{"anyOf": [{"type": "integer"}, {"enum": ["all"]}]}', accepts: ['5', '"all"'], refuses: ['"none"', 'true']},
  {
    schema: PERSON,
    accepts: [
      '{"age": 1}',
      '{"age":1}',
      '{"name": "a", "age": 1}',
      '{"age": 1, "tags": []}',
      '{"name": "a", "age": 1, "tags": ["x", "y"]}',
    ],
    refuses: [
      '{}',
      '{"name": "a"}',
      '{"age": "1"}',
      '{"age": 1, "name": "a"}',
      '{"age": 1, "x": 2}',
      '{"age": 1,}',
      '{\n"age": 1}',
    ],
  },
  {
    schema: '{"properties": {"a": {}, "b": {}}}',
    accepts: ['{}', '{"a": [1, {}]}', '{"b": null}', '{"a": 1, "b": 2}'],
    refuses: ['{"b": 1, "a": 2}'],
  },
  {schema: '{"type": "object"}', accepts: ['{}', '{"x": {"y": [1]}}'], refuses: ['[]']},
  {schema: '{"type": "object", "properties": {}}', accepts: ['{}'], refuses: ['{"a": 1}']},
  {
    schema: '{"additionalProperties": {"type": "integer"}}',
    accepts: ['{}', '{"a": 1, "b": 2}'],
    refuses: ['{"a": "b"}'],
  },
  {
    schema: '{"properties": {"a": {"type": "null"}}, "additionalProperties": true}',
    accepts: ['{}', '{"a": null, "b": 2}', '{"b": 2}'],
    refuses: ['{"b": 2,}'],
  },
  {schema: '{"required": ["k"]}', accepts: ['{"k": 1}'], refuses: ['{}']},
  {
    schema: '{"items": {"type": "integer"}, "minItems": 1, "maxItems": 3}',
    accepts: ['[1]', '[1, 2, 3]'],
    refuses: ['[]', '[1, 2, 3, 4]', '["a"]'],
  },
  {schema: '{"type": "array", "maxItems": 0}', accepts: ['[]'], refuses: ['[1]']},
  {
    schema: '{"prefixItems": [{"type": "integer"}, {"type": "string"}]}',
    accepts: ['[1, "a"]'],
    refuses: ['[1]', '["a", 1]'],
  },
  {schema: TREE, accepts: ['{}', '{"next": {"next": {}}}'], refuses: ['{"next": 1}']},
  {
    schema: '{"type": "object", "properties": {"self": {"$ref": "#"}}}',
    accepts: ['{"self": {"self": {}}}'],
    refuses: ['{"self": 1}'],
  },
  {
    schema:
      '{"allOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"properties": {"b": {"type": "null"}}}]}',
    accepts: ['{"a": 1}', '{"a": 1, "b": null}'],
    refuses: ['{"b": null}'],
  },
  {
    schema: '{"allOf": [{"type": "integer", "minimum": 5}, {"minimum": 1, "maximum": 9}, {"exclusiveMaximum": 9}]}',
    accepts: ['5', '8'],
    refuses: ['1', '4', '9'],
  },
  {
    schema: '{"$defs": {"a": {"type": "integer"}}, "$ref": "#/$defs/a", "minimum": 3}',
    accepts: ['3'],
    refuses: ['2', '"a"'],
  },
  {
    schema:
      '{"type": "object", "properties": {"a": {"type": "null"}}, "anyOf": [{"required": ["a"]}, {"properties": {"b": {}}, "required": ["b"]}]}',
    accepts: ['{"a": null}', '{"a": null, "b": 1}', '{"b": 1}'],
    refuses: ['{}', '{"a": 1, "b": 2}'],
  },
  {
    schema:
      '{"oneOf": [{"properties": {"k": {"const": "a"}, "x": {"type": "null"}}, "required": ["k"], "type": "object"}, {"properties": {"k": {"const": "b"}}, "required": ["k"], "type": "object"}]}',
    accepts: ['{"k": "a", "x": null}', '{"k": "b"}'],
    refuses: ['{"k": "c"}', '{"k": "b", "x": null}'],
  },
  {
    schema: '{"oneOf": [{"type": "integer", "maximum": 2}, {"type": "integer", "minimum": 3}]}',
    accepts: ['2', '3'],
    refuses: ['1.5'],
  },
  {schema: '{"type": "string", "enum": [1, "a"]}', accepts: ['"a"'], refuses: ['1']},
  {schema: '{"enum": ["aaaa", "bb"], "maxLength": 2}', accepts: ['"bb"'], refuses: ['"aaaa"']},
  {schema: '{"enum": ["a", "b", "c"], "not": {"const": "b"}}', accepts: ['"a"', '"c"'], refuses: ['"b"']},
  {
    schema: '{"enum": ["a", "a", "ab", "abc", "😀", "😁"]}',
    accepts: ['"a"', '"ab"', '"abc"', '"😀"', '"😁"'],
    refuses: ['"abcd"', '""'],
  },
  {
    schema: '{"not": {"type": ["object", "array", "number", "string"]}}',
    accepts: ['null', 'true'],
    refuses: ['1', '"a"', '{}'],
  },
  {
    schema: '{"prefixItems": [{"type": "integer"}], "items": {"type": "null"}, "minItems": 3}',
    accepts: ['[1, null, null]', '[1, null, null, null]'],
    refuses: ['[1]', '[1, null]', '[1, 2, 3]'],
  },
  {
    schema: '{"items": [{"type": "null"}], "additionalItems": {"type": "integer"}}',
    accepts: ['[null]', '[null, 1]'],
    refuses: ['[1]', '[null, null]'],
  },
  {
    schema: '{"pattern": "^[a-z]+$", "minLength": 2, "maxLength": 3}',
    accepts: ['"ab"', '"abc"'],
    refuses: ['"a"', '"abcd"'],
  },
  {schema: '{"pattern": "^ab", "maxLength": 3}', accepts: ['"ab"', '"ab\\n"'], refuses: ['"abcd"']},
  {
    schema: '{"type": "string", "minLength": 2}',
    accepts: ['"\\ud83d\\ude00x"', '"ab"'],
    refuses: ['"\\ud83d\\ude00"', '"\\ud83d"', '"😀"'],
  },
  {
    schema: '{"type": "string", "minLength": 300, "maxLength": 301}',
    accepts: [`"${'a'.repeat(300)}"`, `"${'a'.repeat(301)}"`],
    refuses: [`"${'a'.repeat(299)}"`, `"${'a'.repeat(302)}"`],
  },
  {
    schema: '{"type": "string", "format": "date"}',
    accepts: ['"2024-02-29"', '"2000-02-29"'],
    refuses: ['"2023-02-29"', '"1900-02-29"', '"2024-04-31"', '"2024-13-01"', '"0000-01-01"'],
  },
  {
    schema: '{"type": "string", "format": "date-time"}',
    accepts: ['"2024-02-29T23:59:59.5+01:00"'],
    refuses: ['"2024-02-29T24:00:00Z"', '"2024-02-29T23:59:60Z"', '"2024-02-29T10:00:00"'],
  },
  {
    schema: '{"type": "string", "format": "uuid"}',
    accepts: ['"00000000-0000-4000-8000-00000000000a"'],
    refuses: ['"0"'],
  },
  {schema: '{"type": "string", "format": "ipv4"}', accepts: ['"255.0.10.1"'], refuses: ['"256.0.0.1"', '"01.0.0.1"']},
  {schema: '{"format": "int32", "type": "integer"}', accepts: ['2147483647'], refuses: ['2147483648']},
  {
    schema: '{"type": "integer", "multipleOf": 7, "minimum": 1, "maximum": 20}',
    accepts: ['7', '14'],
    refuses: ['0', '21', '8'],
  },
  {
    schema: '{"type": "number", "multipleOf": 0.25, "minimum": 0, "maximum": 1}',
    accepts: ['0', '0.25', '1'],
    refuses: ['0.3', '1.25'],
  },
  {
    schema: '{"items": {"enum": [1, 2]}, "uniqueItems": true}',
    accepts: ['[]', '[2, 1]'],
    refuses: ['[1, 1]', '[1, 2, 1]'],
  },
  {
    schema: '{"patternProperties": {"^S_": {"type": "null"}}, "additionalProperties": false}',
    accepts: ['{}', '{"S_a": null}'],
    refuses: ['{"a": null}', '{"S_a": 1}'],
  },
  {
    schema: '{"properties": {"ab": {"type": "null"}}, "additionalProperties": {"type": "integer"}}',
    accepts: ['{"ab": null, "abc": 1}', '{"a": 1}', '{"ax": 2}'],
    refuses: ['{"ab": 1}', '{"a": null}', '{"ab": null, "ab": 1}', '{"ab": null, "\\u0061b": 1}'],
  },
  {
    schema: '{"properties": {"a": {}, "b": {}}, "minProperties": 1, "maxProperties": 1}',
    accepts: ['{"a": 1}', '{"b": 1}'],
    refuses: ['{}', '{"a": 1, "b": 1}'],
  },
  {schema: '{"propertyNames": {"pattern": "^x"}, "type": "object"}', accepts: ['{"xa": 1}'], refuses: ['{"a": 1}']},
  {
    schema: '{"properties": {"a": false, "b": {"type": "null"}}}',
    accepts: ['{}', '{"b": null}'],
    refuses: ['{"a": 1}'],
  },
  {
    schema:
      '{"$defs": {"n": {"allOf": [{"$ref": "#/$defs/base"}, {"properties": {"next": {"$ref": "#/$defs/n"}}}]}, "base": {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}}, "$ref": "#/$defs/n"}',
    accepts: ['{"id": 1}', '{"id": 1, "next": {"id": 2}}'],
    refuses: ['{}', '{"id": 1, "next": {}}'],
  },
  {schema: 'true', accepts: ['1', '{"a": []}'], refuses: ['']},
];

describe('values of a schema', () => {
  for (const {schema, accepts, refuses} of cases) {
    it(schema, () => {
      const {gbnf, notes} = grammarOf(schema);
      expect(accepts.filter((text) => !gbnf.accepts(text))).toEqual([]);
      expect(refuses.filter((text) => gbnf.accepts(text))).toEqual([]);
      expect(notes).toEqual([]);
    });
  }

  it('may be laid out when they are for people, within bounds', () => {
    const {gbnf} = grammarOf(PERSON, 'text');
    expect(gbnf.accepts('{\n  "age": 1,\n  "tags": [\n    "x"\n  ]\n}')).toBe(true);
    expect(gbnf.accepts('{\n\n"age": 1}')).toBe(false);
  });

  it('are accepted as Python writes them, whatever they are', () => {
    const free = grammarOf('{}').gbnf;
    fc.assert(
      fc.property(fc.jsonValue({maxDepth: 3, noUnicodeString: false}), (value) => {
        const json = fromPlain(value);
        const text = dumpsJson(json);
        fc.pre(!/\d{16}|e[+-]\d{3}/.test(text) && !text.includes('\u007f'));
        expect(free.accepts(text)).toBe(true);
        expect(grammarOf(dumpsJson(new Map([['const', json]]))).gbnf.accepts(text)).toBe(true);
      }),
      {numRuns: 40},
    );
  });
});

/** What is not held, the sentence about it, and a value that is then let through. */
const freer: readonly (readonly [schema: string, note: string, accepted: string])[] = [
  ['{"type": "number", "minimum": 1e20}', '/minimum: bounds that allow no number of 15 digits are not enforced', '1'],
  ['{"type": "string", "pattern": "^(?!a)"}', '/pattern: this pattern is not enforced', '"a"'],
  ['{"pattern": "(a)\\\\1"}', '/pattern: this pattern is not enforced', '"b"'],
  [
    '{"pattern": "^(ab|c)*$", "maxLength": 2}',
    '/pattern: these lengths beside a pattern or a format are not enforced',
    '"abab"',
  ],
  [
    '{"allOf": [{"pattern": "a"}, {"pattern": "b"}]}',
    '/allOf/1/pattern: two patterns or formats at once are not enforced',
    '"a"',
  ],
  ['{"$ref": "other.json#/a"}', '/$ref: the reference other.json#/a is not followed', '1'],
  ['{"$ref": "#/missing"}', '/$ref: the reference #/missing is not followed', '1'],
  ['{"$ref": "#"}', '/$ref: the reference # is not followed', '1'],
  ['{"anyOf": [{"$ref": "#"}, {"type": "null"}]}', '/anyOf/0/$ref: the reference # is not followed', 'null'],
  [
    '{"$defs": {"a": {"$id": "b", "$ref": "#/$defs/c"}}, "$ref": "#/$defs/a"}',
    '/$ref: the reference #/$defs/a is not followed',
    '1',
  ],
  ['false', 'a schema that allows nothing is taken to allow anything', '1'],
  ['{"type": "string", "enum": [1]}', 'a schema that allows nothing is taken to allow anything', '1'],
  [
    '{"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}',
    'a schema that allows nothing is taken to allow anything',
    '1',
  ],
  ['{"oneOf": [{"type": "number"}, {"type": "integer"}]}', '/oneOf: that only one of these holds is not enforced', '1'],
  [
    '{"additionalProperties": {"type": "null"}, "minProperties": 2}',
    '/minProperties: this "minProperties" is not enforced',
    '{}',
  ],
  [
    '{"patternProperties": {"^a": {"type": "null"}, "b$": {"type": "null"}}}',
    '/patternProperties/^a: "patternProperties" is not enforced',
    '{}',
  ],
  ['{"not": {"minimum": 3}, "type": "number"}', '/not: "not" is not enforced', '5'],
  ['{"type": "array", "uniqueItems": true}', '/uniqueItems: "uniqueItems" is not enforced', '[1, 1]'],
  ['{"type": "array", "contains": {"type": "null"}}', '/contains: "contains" is not enforced', '[1]'],
  [
    '{"dependentRequired": {"a": ["b"]}, "properties": {"a": {}}}',
    '/dependentRequired: "dependentRequired" is not enforced',
    '{"a": 1}',
  ],
  ['{"if": {"type": "null"}, "then": false}', '/if: "if" is not enforced', 'null'],
  [
    '{"type": "object", "unevaluatedProperties": {"type": "null"}}',
    '/unevaluatedProperties: "unevaluatedProperties" is not enforced',
    '{"a": 1}',
  ],
  ['{"type": "string", "format": "regex"}', '/format: the format "regex" is not enforced', '"("'],
];

describe('llama.cpp takes the grammar of', () => {
  const many = Array.from({length: 2000}, (_, at) => `p${at}`);
  const nested = Array.from({length: 3000}, (_, at) => 'a'.repeat(at));
  const large: readonly (readonly [name: string, schema: object])[] = [
    ['2,000 properties', {type: 'object', properties: Object.fromEntries(many.map((name) => [name, {}]))}],
    ['3,000 values that begin with each other', {enum: nested}],
    ['a text of 100,000 to 1,000,001 characters', {type: 'string', minLength: 100_000, maxLength: 1_000_001}],
    ['a list of at least 50,000 items', {type: 'array', items: {type: 'null'}, minItems: 50_000}],
    [
      'every format',
      {anyOf: ['date-time', 'email', 'ipv6', 'uri', 'duration'].map((format) => ({type: 'string', format}))},
    ],
  ];
  for (const [name, schema] of large) {
    it(name, () => {
      const grammar = new SchemaGrammar('call');
      const rule = atOnce(grammar.valueOf(fromPlain(schema)));
      expect(grammar.unheld).toEqual([]);
      expect(syntaxFault(atOnce(grammar.toGbnf(rule)))).toBeUndefined();
    });
  }
});

describe('what a grammar cannot say', () => {
  for (const [schema, note, accepted] of freer) {
    it(`${schema}: ${note}`, () => {
      const {gbnf, notes} = grammarOf(schema);
      expect(notes).toEqual([note]);
      expect(gbnf.accepts(accepted)).toBe(true);
    });
  }

  it('names an unknown keyword or format as an annotation, which limits no value', () => {
    const grammar = new SchemaGrammar('call');
    atOnce(grammar.valueOf(parseJson('{"type": "string", "format": "zebra", "x-mine": 1}')));
    expect(grammar.unheld).toEqual([
      {pointer: '/x-mine', reason: '"x-mine" is not enforced', isAnnotation: true},
      {pointer: '/format', reason: 'the format "zebra" is not enforced', isAnnotation: true},
    ]);
  });
});
