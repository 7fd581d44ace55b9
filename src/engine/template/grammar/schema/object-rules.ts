// Objects of a schema as GBNF: named members in the order of the schema, then further ones.
import type {Steps} from '../../../../base/in-turns.ts';
import {isJsonArray, isJsonObject} from '../../../../base/json.ts';
import {choice, type Expression, literal, NOTHING, repeat, sequence} from '../expression.ts';
import {patternString} from '../pattern.ts';
import {fulfils, nameMatches} from './check-value.ts';
import {otherNames} from './other-names.ts';
import {countRange, isEmptySchema, jsonText, type Reading, withKeyword} from './reading.ts';
import {below, type Part, type Placed} from './schema-parts.ts';

interface Member {
  readonly name: string;
  readonly value: Expression;
  readonly required: boolean;
}

/** The rule for the objects that fulfil all of these schemas. Members may be left out, never change places. */
export function* objectRule(parts: readonly Part[], reading: Reading): Steps<Expression> {
  const members = yield* membersOf(parts, reading);
  const extra = furtherMember(parts, members, reading);
  const {min, max} = countRange(parts, 'minProperties', 'maxProperties');
  if (members.length === 0 && extra === 'member' && min === 0 && max === Number.POSITIVE_INFINITY) return 'object';
  const required = members.filter((member) => member.required).length;
  // Two further members may have the same name, which counts once.
  const sure = members.length + (extra === undefined ? 0 : 1);
  if (min > sure) {
    if (extra === undefined) return NOTHING;
    for (const {pointer} of withKeyword(parts, 'minProperties'))
      reading.tell({pointer: below(pointer, 'minProperties'), reason: 'this "minProperties" is not enforced'});
  }
  return yield* membersRule(members, extra, {min: min > sure || min <= required ? 0 : min, max}, reading);
}

/** So many ways of counting members are written down at most. */
const MOST_COUNTS = 20_000;

/** Members that may be left out stand side by side, or each would be a step deeper for who reads the grammar. */
const MOST_SIDE_BY_SIDE = 20;

/** From the last member to the first: what may follow when `count` have been written. */
function* membersRule(
  members: readonly Member[],
  extra: Expression | undefined,
  {min, max}: {min: number; max: number},
  reading: Reading,
): Steps<Expression> {
  const comma = '"," sp';
  const isCounted = max < members.length || (extra !== undefined && max !== Number.POSITIVE_INFINITY);
  const top = Math.max(1, min, isCounted ? max : 0);
  if (top * members.length > MOST_COUNTS) return NOTHING;
  const last = (count: number): Expression => {
    const ends = count >= min ? ['""'] : [];
    const room = isCounted ? max - count : Number.POSITIVE_INFINITY;
    if (extra === undefined || room <= 0 || count + 1 < min) return choice(ends);
    const more = repeat(sequence(comma, extra), 0, room - 1);
    return choice([sequence(count === 0 ? '' : comma, extra, more), ...ends]);
  };
  // By the members written so far: the ways to go on at this place.
  let ways = Array.from({length: top + 1}, (_, count) => [last(count)]);
  for (const {name, value, required} of members.toReversed()) {
    yield;
    const member = reading.rule(sequence(`${literal(jsonText(name))} ":" sp`, value));
    const behind = ways.map((options) => reading.rule(choice(options)));
    ways = ways.map((options, count) => {
      const after = isCounted && count + 1 > max ? NOTHING : (behind[Math.min(count + 1, top)] as Expression);
      const take = reading.rule(sequence(count === 0 ? '' : comma, member, after));
      if (required) return [take];
      return [take, ...(options.length < MOST_SIDE_BY_SIDE ? options : [behind[count] as Expression])];
    });
  }
  return sequence('"{" sp', reading.rule(choice(ways[0] as readonly Expression[])), 'sp "}"');
}

function* membersOf(parts: readonly Part[], reading: Reading): Steps<Member[]> {
  const names = new Set<string>();
  const required = new Set<string>();
  for (const {schema} of parts) {
    const properties = schema.get('properties');
    if (isJsonObject(properties)) for (const name of properties.keys()) names.add(name);
  }
  for (const {schema} of parts) {
    const listed = schema.get('required');
    if (!isJsonArray(listed)) continue;
    for (const name of listed) {
      if (typeof name !== 'string') continue;
      names.add(name);
      required.add(name);
    }
  }
  const ofAny = parts.filter(({schema}) => ANY_NAME.some((keyword) => schema.has(keyword)));
  const named = namedBy(parts);
  const members: Member[] = [];
  for (const name of names) {
    const own = named.get(name) ?? [];
    const about = ofAny.length === 0 ? own : parts.filter((part) => ofAny.includes(part) || own.includes(part));
    if (ofAny.length > 0) reading.spend(parts.length);
    members.push({
      name,
      value: mayBeNamed(name, about, reading) ? reading.later(schemasOf(name, about, reading)) : NOTHING,
      required: required.has(name),
    });
    yield;
  }
  return members;
}

/** Keywords about members of any name. */
const ANY_NAME = ['patternProperties', 'additionalProperties', 'propertyNames'];

/** The schemas that name each member. */
function namedBy(parts: readonly Part[]): ReadonlyMap<string, readonly Part[]> {
  const named = new Map<string, Part[]>();
  for (const part of parts) {
    const properties = part.schema.get('properties');
    for (const name of isJsonObject(properties) ? properties.keys() : []) {
      const others = named.get(name);
      if (others) others.push(part);
      else named.set(name, [part]);
    }
  }
  return named;
}

/** What all schemas say of the member with this name. */
function schemasOf(name: string, parts: readonly Part[], reading: Reading): Placed[] {
  return parts.flatMap(({schema, pointer}) => {
    const placed: Placed[] = [];
    const properties = schema.get('properties');
    const own = isJsonObject(properties) ? properties.get(name) : undefined;
    if (own !== undefined) placed.push({schema: own, pointer: below(pointer, 'properties', name)});
    const patterns = schema.get('patternProperties');
    for (const [pattern, value] of isJsonObject(patterns) ? patterns : []) {
      reading.spend(1 + name.length / 10);
      const place = below(pointer, 'patternProperties', pattern);
      const isNamed = nameMatches(pattern, name);
      if (isNamed) placed.push({schema: value, pointer: place});
      if (isNamed === undefined) reading.tell({pointer: place, reason: 'this pattern of names is not enforced'});
    }
    const others = schema.get('additionalProperties');
    if (placed.length === 0 && others !== undefined)
      placed.push({schema: others, pointer: below(pointer, 'additionalProperties')});
    return placed;
  });
}

/** Whether `propertyNames` allow a name. */
function mayBeNamed(name: string, parts: readonly Part[], reading: Reading): boolean {
  return withKeyword(parts, 'propertyNames').every(({schema, pointer}) => {
    const verdict = fulfils(reading.document, schema.get('propertyNames') ?? true, name);
    if (verdict === undefined)
      reading.tell({pointer: below(pointer, 'propertyNames'), reason: '"propertyNames" is not enforced'});
    return verdict !== false;
  });
}

/**
 * Members the schema does not name: free where it names none, else only when it allows them explicitly. Their names are
 * none of the named ones: a reader takes the last of two members with one name.
 */
function furtherMember(parts: readonly Part[], members: readonly Member[], reading: Reading): Expression | undefined {
  const patterns = parts.flatMap(({schema, pointer}) => {
    const all = schema.get('patternProperties');
    return isJsonObject(all) ? [...all].map(([pattern, value]) => ({pattern, value, part: {schema, pointer}})) : [];
  });
  const others = withKeyword(parts, 'additionalProperties').filter(({schema}) => schema.has('additionalProperties'));
  if (patterns.length > 0) return members.length > 0 ? undefined : patternMember(patterns, others, reading);
  const isClosed = others.some(({schema}) => schema.get('additionalProperties') === false);
  const isNamed = members.length > 0 || withKeyword(parts, 'properties').length > 0;
  if (isClosed || (isNamed && others.length === 0)) return undefined;
  const named = withKeyword(parts, 'propertyNames');
  if (named.length > 0 && members.length > 0) return undefined;
  const values = others.map(({schema, pointer}) => ({
    schema: schema.get('additionalProperties') ?? true,
    pointer: below(pointer, 'additionalProperties'),
  }));
  if (named.length > 0) {
    const texts = new Map([['type', 'string']]);
    const keys = named.map(({schema, pointer}) => ({
      schema: schema.get('propertyNames') ?? true,
      pointer: below(pointer, 'propertyNames'),
    }));
    const key = reading.later([...keys, {schema: texts, pointer: '#name'}]);
    return reading.rule(sequence(key, '":" sp', reading.later(values)));
  }
  if (members.length === 0 && values.every(({schema}) => isEmptySchema(schema))) return 'member';
  const key =
    members.length === 0
      ? 'string'
      : otherNames(
          members.map(({name}) => name),
          reading,
        );
  return reading.rule(sequence(key, '":" sp', reading.later(values)));
}

/** One pattern of names alone: a name might match two of them, and must then fulfil both. */
function patternMember(
  patterns: readonly {readonly pattern: string; readonly value: Placed['schema']; readonly part: Placed}[],
  others: readonly Part[],
  reading: Reading,
): Expression | undefined {
  const [first] = patterns;
  if (first === undefined) return undefined;
  const place = below(first.part.pointer, 'patternProperties', first.pattern);
  const key = patterns.length === 1 ? patternString(first.pattern, 'char') : undefined;
  if (key === undefined || others.some(({pointer}) => pointer !== first.part.pointer)) {
    reading.tell({pointer: place, reason: '"patternProperties" is not enforced'});
    return undefined;
  }
  const value = reading.later([{schema: first.value, pointer: place}]);
  return reading.rule(sequence(reading.rule(key), '":" sp', value));
}
