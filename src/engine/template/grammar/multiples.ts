// The multiples of a number between two bounds, written down one by one.
import type {Bound} from './number-range.ts';

/** So many multiples at most: those next to zero, or to the bound that is next to it. Fewer than there are is allowed. */
const MOST_MULTIPLES = 2000;

/** Digits behind the point that are read, and of a multiple: those a double tells apart. */
const MOST_DIGITS = 15;

/** A decimal as a whole number and the digits of it that are behind the point. */
interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

/**
 * Numbers, as JSON writes them, that are a multiple of each of `steps` and inside the bounds; undefined where a step has
 * more digits than a double tells apart. Each is one in exact arithmetic and in the division of doubles that validators do.
 */
export function multiples(
  steps: readonly string[],
  {min, max}: {readonly min: Bound | undefined; readonly max: Bound | undefined},
): readonly string[] | undefined {
  const decimals = steps.map(decimal);
  if (decimals.some((step) => step === undefined || step.digits <= 0n)) return undefined;
  const scale = Math.max(...decimals.map((step) => step?.scale ?? 0));
  const step = decimals.reduce((all, one) => leastCommon(all, scaled(one as Decimal, scale)), 1n);
  const doubles = steps.map(Number);
  const isInside = (number: number) => isAbove(number, min, 1) && isAbove(number, max, -1);
  const texts: string[] = [];
  const add = (multiple: bigint): boolean => {
    const text = written(multiple, scale);
    if (text.replace(/\D/g, '').length > MOST_DIGITS) return false;
    const number = Number(text);
    if (isInside(number) && doubles.every((one) => Number.isInteger(number / one))) texts.push(text);
    return true;
  };
  const [low, high] = [min && Number(min.source), max && Number(max.source)];
  const start = low !== undefined && low > 0 ? low : high !== undefined && high < 0 ? high : 0;
  const first = nearest(start, step, scale);
  if (first === undefined) return undefined;
  for (let count = 0; count <= MOST_MULTIPLES / 2; count += 1) {
    add(first + BigInt(count) * step);
    if (count > 0) add(first - BigInt(count) * step);
  }
  return texts;
}

function isAbove(number: number, bound: Bound | undefined, side: 1 | -1): boolean {
  if (bound === undefined) return true;
  const difference = (number - Number(bound.source)) * side;
  return bound.open ? difference > 0 : difference >= 0;
}

/** A multiple of `step` next to a number. */
function nearest(number: number, step: bigint, scale: number): bigint | undefined {
  const digits = number * 10 ** scale;
  if (!Number.isFinite(digits)) return undefined;
  return (BigInt(Math.round(digits)) / step) * step;
}

function decimal(source: string): Decimal | undefined {
  const [, whole, behind = '', exponent = '0'] = /^(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(source) ?? [];
  if (whole === undefined || Math.abs(Number(exponent)) > MOST_DIGITS) return undefined;
  const scale = behind.length - Number(exponent);
  const digits = BigInt(whole + behind);
  if (scale > MOST_DIGITS || String(digits).length > MOST_DIGITS) return undefined;
  return scale >= 0 ? {digits, scale} : {digits: digits * 10n ** BigInt(-scale), scale: 0};
}

const scaled = ({digits, scale}: Decimal, to: number): bigint => digits * 10n ** BigInt(to - scale);

function leastCommon(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y > 0n) [x, y] = [y, x % y];
  return (a / x) * b;
}

function written(multiple: bigint, scale: number): string {
  const sign = multiple < 0n ? '-' : '';
  const digits = String(multiple < 0n ? -multiple : multiple).padStart(scale + 1, '0');
  const behind = digits.slice(digits.length - scale).replace(/0+$/, '');
  const whole = digits.slice(0, digits.length - scale);
  return sign + whole + (scale > 0 && behind !== '' ? `.${behind}` : '');
}
