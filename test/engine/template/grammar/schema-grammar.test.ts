import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {dumpsJson, fromPlain, parseJson} from '../../../../src/base/json.ts';
import {type Layout, SchemaGrammar} from '../../../../src/engine/template/grammar/schema-grammar.ts';
import {Gbnf} from '../../../fakes/gbnf.ts';

function grammarOf(schema: string, layout: Layout = 'call'): {readonly gbnf: Gbnf; readonly notes: readonly string[]} {
  const grammar = new SchemaGrammar(layout);
  const rule = grammar.valueOf(parseJson(schema));
  return {gbnf: new Gbnf(grammar.toGbnf(rule)), notes: grammar.notes};
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

const freer: readonly (readonly [schema: string, note: string, accepted: string])[] = [
  ['{"type": "number", "minimum": 1e20}', 'bounds that allow no number of 15 digits are not enforced', '1'],
  ['{"minimum": 3, "maximum": 2.5}', 'bounds that allow no number of 15 digits are not enforced', '1'],
  ['{"type": "integer", "minimum": 3, "maximum": 2}', 'bounds that allow no integer are not enforced', '7'],
  ['{"type": "string", "pattern": "^(?!a)"}', 'this "pattern" is not enforced', '"a"'],
  ['{"pattern": "^a+$", "maxLength": 2}', '"maxLength" beside "pattern" is not enforced', '"aaa"'],
  ['{"type": "string", "maxLength": 5000}', '"maxLength" above 256 is not enforced', '"b"'],
  ['{"type": "string", "minLength": 5000}', 'a minimum above 256 is not enforced', '"b"'],
  ['{"$ref": "other.json#/a"}', 'the reference other.json#/a is not followed', '1'],
  ['{"$ref": "#/missing"}', 'the reference #/missing is not followed', '1'],
  ['{"$ref": "#"}', 'the reference # is not followed', '1'],
  ['{"anyOf": [{"$ref": "#"}, {"type": "null"}]}', 'the reference # is not followed', '1'],
  ['{"properties": {"a": false}}', 'a schema that allows nothing is taken to allow anything', '{"a": 1}'],
  ['{"allOf": [{"allOf": [{"type": "null"}]}]}', 'nested "allOf" is not enforced', '1'],
];

describe('what a grammar cannot say', () => {
  for (const [schema, note, accepted] of freer) {
    it(`${schema}: ${note}`, () => {
      const {gbnf, notes} = grammarOf(schema);
      expect(notes).toContain(note);
      expect(gbnf.accepts(accepted)).toBe(true);
    });
  }
});
