// Numbers of a schema as GBNF: the tightest of all bounds, and multiples.
import {isJsonNumber} from '../../../../base/json.ts';
import {type Expression, NOTHING} from '../expression.ts';
import {integerRange} from '../integer-range.ts';
import {multiples} from '../multiples.ts';
import {type Bound, numberRange} from '../number-range.ts';
import {numbersOf, type Reading, withKeyword} from './reading.ts';
import {below, type Part} from './schema-parts.ts';

interface Bounds {
  readonly min: Bound | undefined;
  readonly max: Bound | undefined;
}

/** The rule for the numbers, or whole numbers alone, that fulfil all of these schemas. */
export function numberRule(type: 'number' | 'integer', parts: readonly Part[], reading: Reading): Expression {
  const min = tightest(parts, 'minimum', 'exclusiveMinimum', (a, b) => a > b);
  const max = tightest(parts, 'maximum', 'exclusiveMaximum', (a, b) => a < b);
  const steps = numbersOf(parts, 'multipleOf').map(({source}) => source);
  const bounds = withFormats(parts, {min, max});
  if (steps.length > 0) {
    const texts = multiples(type === 'integer' ? [...steps, '1'] : steps, bounds);
    if (texts) return texts.length === 0 ? NOTHING : reading.tree(texts);
    const [one] = withKeyword(parts, 'multipleOf');
    reading.tell({pointer: below(one?.pointer ?? '', 'multipleOf'), reason: 'this "multipleOf" is not enforced'});
  }
  if (bounds.min === undefined && bounds.max === undefined) return type;
  const body = type === 'integer' ? wholeRange(bounds) : numberRange(bounds.min, bounds.max);
  if (body !== undefined) return reading.rule(body);
  return isEmptyRange(bounds, type) ? NOTHING : unheld(parts, type, reading);
}

function unheld(parts: readonly Part[], type: 'number' | 'integer', reading: Reading): Expression {
  const keywords = ['minimum', 'exclusiveMinimum', 'maximum', 'exclusiveMaximum'];
  for (const keyword of keywords) {
    for (const {pointer} of withKeyword(parts, keyword))
      reading.tell({
        pointer: below(pointer, keyword),
        reason: 'bounds that allow no number of 15 digits are not enforced',
      });
  }
  return type;
}

const isEmptyRange = ({min, max}: Bounds, type: 'number' | 'integer'): boolean => {
  if (!min || !max) return false;
  const [low, high] = [Number(min.source), Number(max.source)];
  if (low > high || (low === high && (min.open || max.open))) return true;
  return type === 'integer' && Math.abs(low) < 1e15 && Math.abs(high) < 1e15;
};

/** int32 and int64 are bounds. */
function withFormats(parts: readonly Part[], {min, max}: Bounds): Bounds {
  const limits = parts.flatMap(({schema}): (readonly [string, string])[] => {
    const format = schema.get('format');
    if (format === 'int32') return [['-2147483648', '2147483647']];
    return format === 'int64' ? [['-9223372036854775808', '9223372036854775807']] : [];
  });
  const tighter = (a: Bound | undefined, source: string, isTighter: (x: number, y: number) => boolean): Bound =>
    a === undefined || isTighter(Number(source), Number(a.source)) ? {source, open: false} : a;
  return limits.reduce<Bounds>(
    (bounds, [low, high]) => ({
      min: tighter(bounds.min, low, (x, y) => x > y),
      max: tighter(bounds.max, high, (x, y) => x < y),
    }),
    {min, max},
  );
}

/** `exclusive` holds a number of its own or, in older drafts, says true of the other keyword's. */
function tightest(
  parts: readonly Part[],
  inclusive: string,
  exclusive: string,
  isTighter: (a: number, b: number) => boolean,
): Bound | undefined {
  let tight: Bound | undefined;
  const take = (value: unknown, open: boolean) => {
    if (!isJsonNumber(value as never)) return;
    const {source} = value as {readonly source: string};
    const number = Number(source);
    const now = tight && Number(tight.source);
    if (now === undefined || isTighter(number, now) || (number === now && open)) tight = {source, open};
  };
  for (const {schema} of parts) {
    take(schema.get(exclusive), true);
    take(schema.get(inclusive), schema.get(exclusive) === true);
  }
  // An infinite bound on its own side bounds nothing: 1e999 as a maximum.
  const isLoose = tight !== undefined && !Number.isFinite(Number(tight.source)) && isTighter(0, Number(tight.source));
  return isLoose ? undefined : tight;
}

function wholeRange({min, max}: Bounds): string | undefined {
  const low = min && wholeBound(min, 1n);
  const high = max && wholeBound(max, -1n);
  if ((min && low === undefined) || (max && high === undefined)) return undefined;
  return integerRange(low, high);
}

/** More would be numbers that nobody writes. */
const LARGEST_EXPONENT = 400;

/** The whole number a lower (`inward` 1) or upper (-1) bound comes to, exactly; undefined for one that is too large. */
export function wholeBound({source, open}: Bound, inward: 1n | -1n): bigint | undefined {
  const [, sign = '', whole = '', behind = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(source) ?? [];
  const shift = Number(exponent);
  if (whole === '' || Math.abs(shift) > LARGEST_EXPONENT) return undefined;
  const digits = whole + behind;
  const point = whole.length + shift;
  const integer = BigInt(point <= 0 ? '0' : digits.slice(0, point).padEnd(point, '0'));
  const hasRest = /[1-9]/.test(point <= 0 ? digits : digits.slice(point));
  const signed = sign === '-' ? -integer : integer;
  const down = hasRest && sign === '-' ? signed - 1n : signed;
  if (hasRest) return inward === 1n ? down + 1n : down;
  return open ? signed + inward : signed;
}
