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

describe('words that JSON itself does not have', () => {
  it.each(['NaN', 'Infinity', '-Infinity', '[1, NaN]', '{"a": Infinity}'])('%s is refused on demand', (text) => {
    expect(() => parseJson(text)).not.toThrow();
    expect(() => parseJson(text, {nonFinite: false})).toThrow('expected a JSON value');
  });

  it('what JSON has stays', () => {
    expect(parseJson('[null, true, false, -1]', {nonFinite: false})).toEqual([null, true, false, {source: '-1'}]);
  });
});

/** Milliseconds to read a text, or to refuse it. */
function timeOf(text: string): number {
  const start = performance.now();
  try {
    parseJson(text, {maxDepth: 128});
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
  }
  return performance.now() - start;
}

describe('sizes', () => {
  it('refuses deep nesting instead of overflowing the stack', () => {
    const deep = '['.repeat(100_000);
    expect(() => parseJson(deep)).toThrow(expect.objectContaining({kind: 'depth'}));
    expect(dumpsJson(parseJson('['.repeat(512) + ']'.repeat(512)))).toBe('['.repeat(512) + ']'.repeat(512));
  });

  it('counts the depth as it is told', () => {
    const nested = (levels: number) => `${'[{"a":'.repeat(levels / 2)}1${'}]'.repeat(levels / 2)}`;
    expect(() => parseJson(nested(8), {maxDepth: 8})).not.toThrow();
    expect(() => parseJson(nested(10), {maxDepth: 9})).toThrow('The JSON is nested deeper than 9 levels.');
    expect(() => parseJson(JSON.stringify('['.repeat(50)), {maxDepth: 1})).not.toThrow();
    expect(() => parseJson('[[1],[2],[3]]', {maxDepth: 2})).not.toThrow();
  });

  it('stops at the first level too deep: what follows costs nothing', () => {
    const deep = '['.repeat(50_000_000);
    expect(() => parseJson(deep, {maxDepth: 128})).toThrow(expect.objectContaining({kind: 'depth', position: 128}));
  });

  it.each<[string, (size: number) => string]>([
    ['numbers', (size) => `[${'1.5,'.repeat(size)}0]`],
    ['objects', (size) => `[${'{"a":1,"b":"c"},'.repeat(size / 5)}0]`],
    ['members', (size) => `{${Array.from({length: size / 5}, (_, index) => `"key ${index}":${index}`).join(',')}}`],
    ['shallow nests side by side', (size) => `[${`${'['.repeat(100)}${']'.repeat(100)},`.repeat(size / 50)}0]`],
    ['escapes', (size) => `"${'\\n\\u0041'.repeat(size)}"`],
    ['brackets in a string', (size) => JSON.stringify('[{'.repeat(size * 4))],
    ['white space', (size) => `[${' \n'.repeat(size * 4)}1]`],
    ['an error at the end', (size) => `[${'1,\n'.repeat(size * 2)}x]`],
    ['a string without an end', (size) => `"${'a'.repeat(size * 4)}`],
  ])('takes twice the time for twice the text: %s', (_what, make) => {
    const [short, long] = [make(5000), make(10_000)];
    const fastest = {short: Number.POSITIVE_INFINITY, long: Number.POSITIVE_INFINITY};
    // The fastest of many runs: a busy machine makes single ones slower by any factor.
    for (let round = 0; round < 200 && (round < 20 || fastest.long > 2.5 * fastest.short); round++) {
      fastest.short = Math.min(fastest.short, timeOf(short));
      fastest.long = Math.min(fastest.long, timeOf(long));
    }
    expect(fastest.long).toBeLessThanOrEqual(2.5 * fastest.short);
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
