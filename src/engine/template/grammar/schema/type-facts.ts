// What a value's schemas say of its type, and whether two of them can have a value in common.
import {isJsonArray, isJsonObject, type Json} from '../../../../base/json.ts';
import {isSame} from './check-value.ts';
import {numbersOf} from './reading.ts';
import {below, type Part, type Placed, type SchemaDocument, takeApart} from './schema-parts.ts';

export const TYPES = ['object', 'array', 'string', 'integer', 'number', 'boolean', 'null'] as const;
export type TypeName = (typeof TYPES)[number];

const KEYWORDS_OF: readonly (readonly [type: TypeName, keywords: readonly string[]])[] = [
  [
    'object',
    [
      ...['properties', 'required', 'additionalProperties', 'patternProperties', 'propertyNames', 'minProperties'],
      'maxProperties',
    ],
  ],
  ['array', ['items', 'prefixItems', 'additionalItems', 'minItems', 'maxItems', 'uniqueItems']],
  ['string', ['minLength', 'maxLength', 'pattern', 'format']],
  ['number', ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']],
];

/** Numbers hold whole numbers too. */
function expanded(types: Json | undefined): Set<TypeName> {
  const named = isJsonArray(types) ? types : [types ?? null];
  const known = new Set(TYPES.filter((type) => named.includes(type)));
  return known.has('number') ? new Set([...known, 'integer']) : known;
}

/** The types that all schemas declare, number without integer; undefined where none declares any. */
function declaredTypes(parts: readonly Part[]): Set<TypeName> | undefined {
  let types: Set<TypeName> | undefined;
  for (const {schema} of parts) {
    if (schema.has('type')) {
      const own = expanded(schema.get('type'));
      const before = types;
      types = before ? new Set([...before].filter((type) => own.has(type))) : own;
    }
  }
  return types;
}

/** The types `not` takes away; undefined where it says more than a type. */
export function refusedTypes(not: Json): readonly TypeName[] | undefined {
  if (not === false) return [];
  if (not === true || (isJsonObject(not) && not.size === 0)) return TYPES;
  if (!isJsonObject(not) || not.size !== 1 || !not.has('type')) return undefined;
  const types = expanded(not.get('type'));
  // What is left of the numbers would be those that are not whole.
  return types.has('integer') ? [...types, 'number'] : [...types];
}

/** The types a value may have: those that are declared, else those the keywords are about, else all. */
export function typesOf(parts: readonly Part[]): readonly TypeName[] {
  const declared = declaredTypes(parts);
  const implied = KEYWORDS_OF.filter(([, keywords]) =>
    parts.some(({schema}) => keywords.some((keyword) => schema.has(keyword))),
  ).map(([type]) => type);
  const types = new Set<TypeName>(declared ?? (implied.length > 0 ? implied : TYPES));
  for (const {schema} of parts) {
    const refused = schema.has('not') ? refusedTypes(schema.get('not') ?? null) : undefined;
    for (const type of refused ?? []) types.delete(type);
  }
  return TYPES.filter((type) => types.has(type) && !(type === 'integer' && types.has('number')));
}

/** Whether the keywords of these schemas are about any type. */
export const limits = (parts: readonly Part[], type: TypeName): boolean =>
  ((type === 'integer' || type === 'number') &&
    parts.some(({schema}) => /^int(32|64)$/.test(String(schema.get('format'))))) ||
  KEYWORDS_OF.some(
    ([of, keywords]) =>
      (of === type || (of === 'number' && type === 'integer')) &&
      parts.some(({schema}) => keywords.some((keyword) => schema.has(keyword))),
  );

/** Members inside each other that are looked at. */
const DEEPEST = 3;

/** Whether no value can fulfil both; false where that is not plain, or where nothing is left of `work`, which it counts down. */
export function areDisjoint(
  document: SchemaDocument,
  context: readonly Part[],
  [a, b]: readonly [Placed, Placed],
  work: {left: number},
  depth = 0,
): boolean {
  work.left -= 1 + context.length;
  if (work.left < 0) return false;
  const apart = (one: Placed) => takeApart(document, {parts: context, added: [one], outer: new Set()}, () => {});
  const [left, right] = [apart(a), apart(b)];
  if (left === undefined || right === undefined) return true;
  const [leftTypes, rightTypes] = [left, right].map((parts) => declaredTypes(parts) ?? new Set(TYPES));
  const common = TYPES.filter((type) => leftTypes?.has(type) && rightTypes?.has(type));
  if (common.length === 0) return true;
  const [leftValues, rightValues] = [fixedValues(left), fixedValues(right)];
  work.left -= (leftValues?.length ?? 0) * (rightValues?.length ?? 0);
  if (leftValues && rightValues && !leftValues.some((one) => rightValues.some((other) => isSame(one, other))))
    return true;
  const onlyNumbers = common.every((type) => type === 'number' || type === 'integer');
  if (onlyNumbers && (areApart(left, right) || areApart(right, left))) return true;
  if (depth >= DEEPEST || common.length !== 1 || common[0] !== 'object') return false;
  const others = new Set(requiredOf(right));
  const shared = requiredOf(left).filter((name) => others.has(name));
  work.left -= others.size + shared.length * (left.length + right.length);
  return shared.some((name) =>
    memberSchemas(left, name).some((one) =>
      memberSchemas(right, name).some((other) => areDisjoint(document, [], [one, other], work, depth + 1)),
    ),
  );
}

/** Lists that are compared with each other at most. */
const MOST_COMPARED = 200;

function fixedValues(parts: readonly Part[]): readonly Json[] | undefined {
  for (const {schema} of parts) {
    if (schema.has('const')) return [schema.get('const') ?? null];
    const list = schema.get('enum');
    if (isJsonArray(list) && list.length <= MOST_COMPARED) return list;
  }
  return undefined;
}

/** Whether the numbers of one end before those of the other begin. */
function areApart(low: readonly Part[], high: readonly Part[]): boolean {
  const numbers = (parts: readonly Part[], keyword: string) =>
    numbersOf(parts, keyword).map(({source}) => Number(source));
  const tops = [...numbers(low, 'maximum').map((top) => [top, false] as const)];
  const openTops = numbers(low, 'exclusiveMaximum').map((top) => [top, true] as const);
  const bottoms = numbers(high, 'minimum').map((bottom) => [bottom, false] as const);
  const openBottoms = numbers(high, 'exclusiveMinimum').map((bottom) => [bottom, true] as const);
  return [...tops, ...openTops].some(([top, isTopOpen]) =>
    [...bottoms, ...openBottoms].some(
      ([bottom, isBottomOpen]) => top < bottom || (top === bottom && (isTopOpen || isBottomOpen)),
    ),
  );
}

const requiredOf = (parts: readonly Part[]): string[] =>
  parts.flatMap(({schema}) => {
    const names = schema.get('required');
    return isJsonArray(names) ? names.filter((name) => typeof name === 'string') : [];
  });

const memberSchemas = (parts: readonly Part[], name: string): Placed[] =>
  parts.flatMap(({schema, pointer}) => {
    const properties = schema.get('properties');
    const own = isJsonObject(properties) ? properties.get(name) : undefined;
    return own === undefined ? [] : [{schema: own, pointer: below(pointer, 'properties', name)}];
  });
