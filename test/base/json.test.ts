import {readFileSync} from 'node:fs';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {dumpsJson, fromPlain, type Json, JsonError, parseJson, parseMembers, toPlain} from '../../src/base/json.ts';

const {cases} = JSON.parse(readFileSync(new URL('../goldens/python-json.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly (readonly [document: string, plain: string, ascii: string])[];
};

/** JSON trees with numbers in Python's spelling; the keys are ones that JavaScript objects would reorder or swallow. */
const {tree} = fc.letrec<{tree: Json}>((tie) => ({
  tree: fc.oneof(
    {depthSize: 'small'},
    fc.constantFrom<Json>(null, true, false),
    fc.string({unit: 'binary'}),
    fc.bigInt().map((value) => ({source: String(value)})),
    fc.double().map(fromPlain),
    fc.array(tie('tree'), {maxLength: 4}),
    fc
      .array(fc.tuple(fc.oneof(fc.string(), fc.constantFrom('1', '0', '__proto__')), tie('tree')), {maxLength: 4})
      .map((pairs) => new Map(pairs)),
  ),
}));

describe('documents as Python reads and writes them', () => {
  for (const [document, plain, ascii] of cases) {
    it(document, () => {
      expect(dumpsJson(parseJson(document))).toBe(plain);
      expect(dumpsJson(parseJson(document), {ensureAscii: true})).toBe(ascii);
    });
  }

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(tree, fc.boolean(), (json, ensureAscii) => {
        expect(parseJson(dumpsJson(json, {ensureAscii}))).toEqual(json);
      }),
    );
  });

  it('agrees with JSON.parse on what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(toPlain(parseJson(text))).toEqual(JSON.parse(text));
      }),
    );
  });
});

describe('texts that are no JSON', () => {
  const texts = ['', '[1,]', '{"a":1,}', '01', '1.', '+1', '.5', '-', 'nan', '"\t"', '"\\x"', '"\\u12g4"', '[1] x'];
  const more = ['{a:1}', "'a'", '{"a" 1}', '\ufeff1', '[', '"a', '1e', 'tru', '1_0', '\u00a01', '-NaN', '--1', '"a\\'];
  for (const text of [...texts, ...more]) {
    it(JSON.stringify(text), () => {
      expect(() => parseJson(text)).toThrow(JsonError);
    });
  }

  it('says where', () => {
    expect(() => parseJson('{"a": 1,\n oops}')).toThrow(
      'Not valid JSON: expected a key in double quotes (line 2, character 10).',
    );
  });
});

describe('sizes', () => {
  it('refuses deep nesting instead of overflowing the stack', () => {
    const deep = '['.repeat(100_000);
    expect(() => parseJson(deep)).toThrow(expect.objectContaining({kind: 'depth'}));
    expect(dumpsJson(parseJson('['.repeat(512) + ']'.repeat(512)))).toBe('['.repeat(512) + ']'.repeat(512));
  });

  it('keeps a long string and many members', () => {
    const text = JSON.stringify({
      long: 'A"\n'.repeat(100_000),
      many: Array.from({length: 50_000}, (_, index) => index),
    });
    expect(JSON.parse(dumpsJson(parseJson(text)))).toEqual(JSON.parse(text));
  });
});

describe('parseMembers', () => {
  it('keeps the text of each value as it was written', () => {
    const members = parseMembers(' {"name":"f", "arguments" : {"a":1.50} ,"arguments":{ "b":2}} ');
    expect(members?.get('name')?.text).toBe('"f"');
    expect(members?.get('arguments')?.text).toBe('{ "b":2}');
  });

  it('is undefined for what is no object', () => {
    expect(parseMembers('[1]')).toBeUndefined();
  });
});

describe('plain values', () => {
  it('writes whole numbers as integers and leaves undefined members out', () => {
    const value = {a: 1, b: 1.5, c: undefined, d: [1e21, -0, 12n], e: null};
    expect(dumpsJson(fromPlain(value))).toBe('{"a": 1, "b": 1.5, "d": [1e+21, -0.0, 12], "e": null}');
  });

  it('refuses what has no JSON form', () => {
    expect(() => fromPlain(() => 1)).toThrow(TypeError);
    expect(() => fromPlain(new Date(0))).toThrow(TypeError);
  });
});
