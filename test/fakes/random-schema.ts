// Random JSON schemas with every keyword that is held, refused or told, and a validator that is not ours.
import {isIPv4, isIPv6} from 'node:net';
import {Ajv2020} from 'ajv/dist/2020.js';

type Random = () => number;

/** Mulberry32: the same schemas from the same seed everywhere. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const NAMES = ['a', 'b', 'ab', 'S_x', 'é', 'a b', '', 'ä-1', '~/'];
const VALUES = [1, 1.5, 0, -3, 'a', 'ab', '', 'zz', null, true, [], [1], {a: 1}, {}, 12, '2024-02-29', '😀', 'S_x'];
const TYPES = ['object', 'array', 'string', 'integer', 'number', 'boolean', 'null'];
const PATTERNS = [
  '^a',
  'b$',
  '^[a-z]{2,4}$',
  'x',
  '^S_',
  '\\d+',
  '^(a|bc)*$',
  '^.{0,3}$',
  '(?=a)',
  '^[^a]+$',
  'a|^b',
  '\\p{L}',
];
const FORMATS = [
  'date',
  'time',
  'date-time',
  'uuid',
  'ipv4',
  'ipv6',
  'hostname',
  'email',
  'uri',
  'duration',
  'regex',
  'zebra',
];

/** A schema, and its definitions when it is the root. */
export function randomSchema(random: Random): Record<string, unknown> {
  const schema = new Writer(random).schema(3);
  const root = typeof schema === 'boolean' ? {not: !schema && {}} : schema;
  // What nobody refers to is compiled by the validator all the same.
  const inner = new Writer(random, ['#/$defs/x', '#/$defs/y']);
  return {...root, $defs: {x: inner.schema(2), y: inner.schema(2)}};
}

class Writer {
  readonly #random: Random;
  readonly #references: readonly string[];

  constructor(
    random: Random,
    references = ['#/$defs/x', '#/$defs/y', '#/$defs/x', '#', '#/nowhere', 'http://example.com/z'],
  ) {
    this.#random = random;
    this.#references = references;
  }

  schema(depth: number): Record<string, unknown> | boolean {
    if (this.#chance(0.03)) return this.#chance(0.5);
    const schema: Record<string, unknown> = {};
    const kinds = depth > 0 ? 12 : 6;
    const count = 1 + Math.floor(this.#random() * 2.4);
    for (let turn = 0; turn < count; turn += 1) this.#add(schema, Math.floor(this.#random() * kinds), depth - 1);
    return schema;
  }

  #add(schema: Record<string, unknown>, kind: number, depth: number): void {
    const inner = () => this.schema(depth);
    const few = <Item>(make: () => Item) => Array.from({length: 1 + Math.floor(this.#random() * 3)}, make);
    const maybe = (keyword: string, value: () => unknown, chance = 0.5) => {
      if (this.#chance(chance)) schema[keyword] = value();
    };
    const number = () => this.#one([-3, -1, 0, 1, 2, 3, 5, 10, 0.5, 2.25, 1e3, -12.5]);
    const size = () => Math.floor(this.#random() * 4);
    switch (kind) {
      case 0:
        schema.type = this.#chance(0.7) ? this.#one(TYPES) : few(() => this.#one(TYPES)).filter(isFirst);
        return;
      case 1:
        if (this.#chance(0.4)) schema.const = this.#one(VALUES);
        else
          schema.enum = few(() => this.#one(VALUES))
            .concat(this.#one(VALUES))
            .filter(isFirst);
        return;
      case 2:
        maybe('type', () => 'string', 0.8);
        maybe('minLength', size);
        maybe('maxLength', () => size() + 1);
        maybe('pattern', () => this.#one(PATTERNS));
        maybe('format', () => this.#one(FORMATS), 0.2);
        return;
      case 3:
        maybe('type', () => this.#one(['integer', 'number']), 0.8);
        maybe('minimum', number);
        maybe('maximum', number);
        maybe('exclusiveMinimum', number, 0.2);
        maybe('exclusiveMaximum', number, 0.2);
        maybe('multipleOf', () => this.#one([1, 2, 3, 7, 0.5, 0.1, 0.01, 100]), 0.3);
        return;
      case 4:
        schema.type = this.#one(TYPES);
        schema[this.#one(['minProperties', 'maxProperties', 'minItems', 'maxItems'])] = size();
        return;
      case 5:
        schema[this.#one(['x-mine', 'title', 'x-other', 'contentEncoding'])] = 'y';
        return;
      case 6:
        schema.$ref = this.#one(this.#references);
        return;
      case 7:
        schema[this.#one(['anyOf', 'oneOf', 'allOf', 'anyOf'])] = few(inner);
        return;
      case 8:
      case 9: {
        maybe('type', () => 'object', 0.8);
        schema.properties = {};
        for (const name of few(() => this.#one(NAMES)))
          Object.defineProperty(schema.properties, name, {value: inner(), enumerable: true, configurable: true});
        maybe('required', () => few(() => this.#one(NAMES)).filter(isFirst));
        maybe('additionalProperties', () => (this.#chance(0.5) ? inner() : this.#chance(0.5)));
        maybe('patternProperties', () => ({[this.#one(PATTERNS)]: inner()}), 0.2);
        maybe(
          'propertyNames',
          () => this.#one([{pattern: '^a'}, {maxLength: 2}, {enum: ['a', 'b']}, {minLength: 2}]),
          0.1,
        );
        maybe('minProperties', size, 0.1);
        maybe('maxProperties', size, 0.1);
        return;
      }
      case 10:
        maybe('type', () => 'array', 0.8);
        maybe('items', inner);
        maybe('prefixItems', () => few(inner), 0.3);
        maybe('minItems', size);
        maybe('maxItems', () => size() + 1);
        maybe('uniqueItems', () => true, 0.2);
        return;
      default:
        schema[this.#one(['not', 'contains', 'if', 'propertyNames', 'unevaluatedItems'])] = inner();
        maybe('then', inner, 0.3);
        maybe('dependentRequired', () => ({a: ['b']}), 0.2);
    }
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  #one<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.#random() * items.length)] as Item;
  }
}

const isFirst = (item: unknown, at: number, all: readonly unknown[]): boolean =>
  all.findIndex((other) => JSON.stringify(other) === JSON.stringify(item)) === at;

const isDate = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(text) && new Date(`${text}T00:00:00Z`).toISOString().startsWith(text);
const isTime = (text: string): boolean =>
  /^([01]\d|2[0-3])(:[0-5]\d){2}(\.\d+)?(Z|[-+]([01]\d|2[0-3]):[0-5]\d)$/.test(text);
const LABELS = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/**
 * By ajv; undefined for a schema that ajv never finishes to read: one that refers to itself at once.
 * @throws what ajv has against the schema
 */
export function validatorOf(schema: object): ((value: unknown) => boolean) | undefined {
  const ajv = new Ajv2020({
    strict: false,
    validateSchema: false,
    logger: false,
    formats: {
      date: isDate,
      time: isTime,
      'date-time': (text: string) => isDate(text.slice(0, 10)) && text[10] === 'T' && isTime(text.slice(11)),
      uuid: /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i,
      ipv4: isIPv4,
      ipv6: isIPv6,
      hostname: LABELS,
      email: (text: string) => /^[^\s@.]+(\.[^\s@.]+)*@/.test(text) && LABELS.test(text.split('@')[1] ?? ''),
      uri: (text: string) => URL.canParse(text) && /^[!-~]+$/.test(text),
      duration: /^P(?!$)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?$/,
      regex: () => false,
      zebra: true,
    },
  });
  // Whatever is elsewhere or nowhere allows nothing: a value that was drawn with it would be found.
  ajv.addSchema({not: {}}, 'http://example.com/z');
  try {
    const validate = ajv.compile(
      JSON.parse(JSON.stringify(schema).replaceAll('"#/nowhere"', '"http://example.com/z"')),
    );
    // Once more for a schema that refers to itself beside a value: ajv never finishes to read the value then.
    validate(null);
    for (const value of VALUES) validate(value);
    return validate;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
