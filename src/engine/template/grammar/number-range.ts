// Decimal numbers between two bounds as GBNF. Fifteen digits at most: those a double tells apart, so that whoever reads
// the number back finds it on the same side of the bound.
import {integerRange} from './integer-range.ts';

/** A bound and whether the number itself is outside. */
export interface Bound {
  /** As JSON writes it. */
  readonly source: string;
  readonly open: boolean;
}

const MOST_DIGITS = 15;
const LARGEST = 10n ** BigInt(MOST_DIGITS) - 1n;

/** Zero or more: an integer and the digits behind the point, without zeros at their end. */
interface Edge {
  readonly integer: bigint;
  readonly fraction: string;
  readonly open: boolean;
}

/** What is left of an edge while a number is spelled out along it; undefined: the edge cannot be crossed any more. */
type Rest = {readonly digits: string; readonly open: boolean} | undefined;

/**
 * The body of a rule for the numbers between two bounds (undefined: none), without exponents. Undefined when there are
 * none that fifteen digits can write.
 */
export function numberRange(min: Bound | undefined, max: Bound | undefined): string | undefined {
  const [low, high] = [min && decimal(min), max && decimal(max)];
  if ((low && !low.edge) || (high && !high.edge)) return undefined;
  const least = low?.edge && {...low, edge: low.edge};
  const most = high?.edge && {...high, edge: high.edge};
  const options: string[] = [];
  if (!least || least.negative) {
    const from = most?.negative ? most.edge : ZERO;
    options.push(...magnitudes(from, least?.edge).map((body) => `"-" ${body}`));
  }
  if (!most?.negative) options.push(...magnitudes(least && !least.negative ? least.edge : undefined, most?.edge));
  return options.length === 0 ? undefined : options.join(' | ');
}

/** Behind a minus: nothing that is zero. */
const ZERO: Edge = {integer: 0n, fraction: '', open: true};

/** An exact decimal; without an edge where it has more digits than a double tells apart. */
function decimal({source, open}: Bound): {readonly negative: boolean; readonly edge: Edge | undefined} {
  const [, sign, whole = '', behind = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(source) ?? [];
  const shift = Number(exponent);
  const digits = (whole + behind).replace(/^0+/, '').replace(/0+$/, '');
  const isZero = digits === '';
  const point = whole.length + shift - ((whole + behind).length - (whole + behind).replace(/^0+/, '').length);
  if (isZero) return {negative: false, edge: {integer: 0n, fraction: '', open}};
  if (digits.length > MOST_DIGITS || Math.abs(point) > MOST_DIGITS) return {negative: sign === '-', edge: undefined};
  const padded = point > 0 ? digits.padEnd(point, '0') : '0'.repeat(-point) + digits;
  const split = Math.max(point, 0);
  const integer = BigInt(padded.slice(0, split) || '0');
  return {negative: sign === '-', edge: {integer, fraction: padded.slice(split), open}};
}

/** Alternatives for the numbers of zero or more between two edges. */
function magnitudes(low: Edge | undefined, high: Edge | undefined): string[] {
  const from = low?.integer ?? 0n;
  const to = high?.integer ?? LARGEST;
  if (from > to) return [];
  if (from === to) return withInteger(from, rest(low), rest(high));
  return [
    ...(low ? withInteger(from, rest(low), undefined) : []),
    ...between(low ? from + 1n : from, high ? to - 1n : to),
    ...(high ? withInteger(to, undefined, rest(high)) : []),
  ];
}

const rest = (edge: Edge | undefined): Rest => edge && {digits: edge.fraction, open: edge.open};

/** Integers with any fraction, those of one length at a time: a long one leaves fewer digits to its fraction. */
function between(from: bigint, to: bigint): string[] {
  const options: string[] = [];
  for (let length = String(from).length; length <= Math.min(String(to).length, MOST_DIGITS); length++) {
    const first = length === 1 ? 0n : 10n ** BigInt(length - 1);
    const last = 10n ** BigInt(length) - 1n;
    const integers = integerRange(from > first ? from : first, to < last ? to : last);
    const room = MOST_DIGITS - length;
    if (integers !== undefined) options.push(`(${integers})${room > 0 ? ` ("." [0-9]{1,${room}})?` : ''}`);
  }
  return options;
}

/** Numbers with this integer and a fraction between the rests of two edges. */
function withInteger(integer: bigint, low: Rest, high: Rest): string[] {
  const {length} = String(integer);
  if (length > MOST_DIGITS) return [];
  const fractions = digits(low, high, MOST_DIGITS - length);
  const mayEnd = endsInside(low, high);
  if (fractions.length === 0) return mayEnd ? [`"${integer}"`] : [];
  return [`"${integer}" ${mayEnd ? `("." (${fractions.join(' | ')}))?` : `"." (${fractions.join(' | ')})`}`];
}

/** Whether a number that ends here, as if zeros followed for ever, is on the right side of both edges. */
function endsInside(low: Rest, high: Rest): boolean {
  const above = low === undefined || (low.digits === '' && !low.open);
  return above && !(high?.digits === '' && high.open);
}

/** Alternatives for one to `room` digits that stay between two edges. */
function digits(low: Rest, high: Rest, room: number): string[] {
  if (room === 0 || (high?.digits === '' && high.open)) return [];
  const free = !low || (low.digits === '' && !low.open) ? undefined : low;
  const least = free ? Number(free.digits[0] ?? 0) : 0;
  const most = high ? Number(high.digits[0] ?? 0) : 9;
  if (least > most) return [];
  if (free && high && least === most) return along(least, step(free), step(high), room);
  const first = free ? least + 1 : least;
  const last = high ? most - 1 : most;
  return [
    ...(free ? along(least, step(free), undefined, room) : []),
    ...(first <= last ? [`${digitClass(first, last)}${room > 1 ? ` [0-9]{0,${room - 1}}` : ''}`] : []),
    ...(high ? along(most, undefined, step(high), room) : []),
  ];
}

const step = ({digits: all, open}: NonNullable<Rest>): Rest => ({digits: all.slice(1), open});

/** This digit, and what may follow it. */
function along(digit: number, low: Rest, high: Rest, room: number): string[] {
  const more = digits(low, high, room - 1);
  const mayEnd = endsInside(low, high);
  if (more.length === 0) return mayEnd ? [`"${digit}"`] : [];
  return [`"${digit}" (${more.join(' | ')})${mayEnd ? '?' : ''}`];
}

const digitClass = (from: number, to: number) => (from === to ? `"${from}"` : `[${from}-${to}]`);
