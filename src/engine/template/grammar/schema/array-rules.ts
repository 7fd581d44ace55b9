// Arrays of a schema as GBNF: places of a tuple, then further items.
import {isJsonArray, type Json} from '../../../../base/json.ts';
import {choice, type Expression, literal, NOTHING, optional, repeat, sequence} from '../expression.ts';
import {isSame} from './check-value.ts';
import {countRange, isEmptySchema, jsonText, type Reading} from './reading.ts';
import {below, type Part, type Placed} from './schema-parts.ts';

/** What one schema says of items. */
interface Items {
  readonly places: readonly Placed[];
  /** Of the items behind the places; undefined: nothing. */
  readonly rest: Placed | undefined;
}

/** The rule for the arrays that fulfil all of these schemas. */
export function arrayRule(parts: readonly Part[], reading: Reading): Expression {
  const all = parts.map(itemsOf);
  const unique = parts.filter(({schema}) => schema.get('uniqueItems') === true);
  const {min, max: most} = countRange(parts, 'minItems', 'maxItems');
  const closed = all.map(({places, rest}) => {
    const refused = places.findIndex(({schema}) => schema === false);
    if (refused >= 0) return refused;
    return rest?.schema === false ? places.length : Number.POSITIVE_INFINITY;
  });
  const max = Math.min(most, ...closed);
  if (min > max) return NOTHING;
  const placed = Math.max(0, ...all.map(({places}) => places.length));
  const itemAt = (at: number): Expression =>
    reading.later(all.flatMap(({places, rest}) => places[at] ?? (at >= places.length ? (rest ?? []) : [])));
  if (unique.length > 0 && max > 1) {
    const values = placed === 0 ? fewValues(all) : undefined;
    if (values) return distinct(values, {min, max: Math.min(max, values.length)}, reading);
    for (const {pointer} of unique)
      reading.tell({pointer: below(pointer, 'uniqueItems'), reason: '"uniqueItems" is not enforced'});
  }
  if (
    placed === 0 &&
    min === 0 &&
    max === Number.POSITIVE_INFINITY &&
    all.every(({rest}) => isEmptySchema(rest?.schema))
  )
    return 'array';
  // A tuple is written whole, and no further than it must where nothing is said of further items.
  const isOpen = placed === 0 || all.some(({rest}) => rest !== undefined && rest.schema !== false);
  const first = Array.from({length: Math.min(placed, max)}, (_, at) => itemAt(at));
  const least = Math.max(0, min - first.length);
  const further = isOpen ? max - first.length : least;
  return listOf(first, further > 0 ? itemAt(placed) : NOTHING, {min: least, max: Math.max(further, 0)});
}

/** `first`, then from `min` to `max` times `item`. */
function listOf(first: readonly Expression[], item: Expression, {min, max}: {min: number; max: number}): Expression {
  const [one, ...others] = first;
  const comma = '"," sp';
  if (one !== undefined) {
    const rest = others.flatMap((other) => [comma, other]);
    return sequence('"[" sp', one, ...rest, repeat(sequence(comma, item), min, max), 'sp "]"');
  }
  if (max === 0) return '"[" sp "]"';
  const list = sequence(item, repeat(sequence(comma, item), Math.max(min - 1, 0), max - 1), 'sp');
  return sequence('"[" sp', min > 0 ? list : optional(list), '"]"');
}

function itemsOf({schema, pointer}: Part): Items {
  const items = schema.get('items');
  const [tuple, keyword, further] = schema.has('prefixItems')
    ? ([schema.get('prefixItems'), 'prefixItems', 'items'] as const)
    : ([items, 'items', isJsonArray(items) ? 'additionalItems' : 'items'] as const);
  const places = isJsonArray(tuple)
    ? tuple.map((place, at) => ({schema: place, pointer: below(pointer, keyword, at)}))
    : [];
  const rest = schema.get(further);
  return {
    places,
    rest: rest === undefined || isJsonArray(rest) ? undefined : {schema: rest, pointer: below(pointer, further)},
  };
}

/** More have too many orders. */
const MOST_ORDERED = 5;

/** The values of items that are an enumeration of a few. */
function fewValues(all: readonly Items[]): readonly Json[] | undefined {
  const schemas = all.flatMap(({rest}) => (rest === undefined || isEmptySchema(rest.schema) ? [] : [rest.schema]));
  const [only] = schemas;
  if (schemas.length !== 1 || !(only instanceof Map)) return undefined;
  const values: unknown = only.get('enum');
  const isPlain = [...only.keys()].every((keyword) => ['enum', 'title', 'description'].includes(String(keyword)));
  if (!isPlain || !isJsonArray(values as Json)) return undefined;
  const different: Json[] = [];
  for (const value of values as readonly Json[])
    if (!different.some((one) => isSame(one, value))) different.push(value);
  return different.length <= MOST_ORDERED ? different : undefined;
}

/** Lists of different values, in all orders. */
function distinct(values: readonly Json[], {min, max}: {min: number; max: number}, reading: Reading): Expression {
  if (min > max) return NOTHING;
  const behind = (left: readonly Json[]): Expression => {
    const count = values.length - left.length;
    const more = left.map((value) => {
      const rest = behind(left.filter((other) => other !== value));
      return sequence(`${count > 0 ? '"," sp ' : ''}${literal(jsonText(value))}`, rest);
    });
    return reading.rule(choice([...(count < max ? more : []), ...(count >= min ? ['""'] : [])]));
  };
  return sequence('"[" sp', behind(values), 'sp "]"');
}
