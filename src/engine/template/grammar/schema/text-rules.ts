// Strings of a schema as GBNF: patterns, formats and lengths together.
import {type Expression, NOTHING, repeat, sequence} from '../expression.ts';
import {patternString} from '../pattern.ts';
import {textFormat} from '../text-formats.ts';
import {countRange, type Reading} from './reading.ts';
import {below, type Part} from './schema-parts.ts';

/** A pattern, and the keyword it comes from. */
interface Held {
  readonly source: string;
  readonly pointer: string;
}

/** The rule for the strings, quotes and all, that fulfil all of these schemas. */
export function textRule(parts: readonly Part[], reading: Reading): Expression {
  const {min, max} = countRange(parts, 'minLength', 'maxLength');
  if (min > max) return NOTHING;
  const [first, ...others] = heldPatterns(parts, reading);
  // One of several: two cannot be told together.
  for (const {pointer} of others) reading.tell({pointer, reason: 'two patterns or formats at once are not enforced'});
  if (first === undefined) return plainText(min, max);
  const limits = min === 0 && max === Number.POSITIVE_INFINITY ? undefined : {min, max};
  const body = patternString(first.source, 'char', limits);
  if (body !== undefined) return reading.rule(body);
  const {pointer} = first;
  if (limits && patternString(first.source, 'char') !== undefined) {
    reading.tell({pointer, reason: 'these lengths beside a pattern or a format are not enforced'});
    return reading.rule(patternString(first.source, 'char') ?? 'string');
  }
  reading.tell({pointer, reason: 'this pattern is not enforced'});
  return plainText(min, max);
}

function heldPatterns(parts: readonly Part[], reading: Reading): readonly Held[] {
  const held = new Map<string, Held>();
  for (const {schema, pointer} of parts) {
    const pattern = schema.get('pattern');
    if (typeof pattern === 'string') held.set(pattern, {source: pattern, pointer: below(pointer, 'pattern')});
    const format = schema.get('format');
    if (typeof format !== 'string') continue;
    const known = textFormat(format);
    const place = below(pointer, 'format');
    if (typeof known !== 'string') held.set(known.pattern, {source: known.pattern, pointer: place});
    else if (known !== 'none')
      reading.tell({
        pointer: place,
        reason: `the format "${format}" is not enforced`,
        ...(known === 'unknown' && {isAnnotation: true}),
      });
  }
  return [...held.values()];
}

function plainText(min: number, max: number): Expression {
  if (min === 0 && max === Number.POSITIVE_INFINITY) return 'string';
  return sequence('"\\""', repeat('char', min, max), '"\\""');
}
