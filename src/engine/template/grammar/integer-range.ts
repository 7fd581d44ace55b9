// Whole numbers between two bounds as GBNF: digit by digit, as one writes them down.

/** As many digits as a number may have: a model could go on with one for ever. */
const MOST_DIGITS = 16;
const LARGEST = 10n ** BigInt(MOST_DIGITS) - 1n;

/** The body of a rule for the integers from `min` to `max` (undefined: no bound); undefined when there are none. */
export function integerRange(min: bigint | undefined, max: bigint | undefined): string | undefined {
  const from = min === undefined || min < -LARGEST ? -LARGEST : min;
  const to = max === undefined || max > LARGEST ? LARGEST : max;
  const negative = from < 0n ? naturals(to < 0n ? -to : 1n, -from).map((body) => `"-" ${body}`) : [];
  const options = [...negative, ...naturals(from < 0n ? 0n : from, to)];
  return options.length === 0 ? undefined : options.join(' | ');
}

/** Alternatives for the numbers of one length each, from 0 up. */
function naturals(from: bigint, to: bigint): string[] {
  if (from > to) return [];
  const options: string[] = [];
  for (let length = String(from).length; length <= String(to).length; length++) {
    const least = length === String(from).length ? String(from) : `1${'0'.repeat(length - 1)}`;
    const most = length === String(to).length ? String(to) : '9'.repeat(length);
    options.push(...sameLength(least, most));
  }
  return options;
}

/** Alternatives for the strings of digits between two of one length. */
function sameLength(least: string, most: string): string[] {
  if (least === most) return least === '' ? [''] : [`"${least}"`];
  const shared = [...least].findIndex((digit, at) => digit !== most[at]);
  if (shared > 0) {
    return sameLength(least.slice(shared), most.slice(shared)).map((rest) => `"${least.slice(0, shared)}" ${rest}`);
  }
  const rest = least.length - 1;
  const [low, high] = [Number(least[0]), Number(most[0])];
  const isLowest = /^\d0*$/.test(least);
  const isHighest = /^\d9*$/.test(most);
  const first = isLowest ? low : low + 1;
  const last = isHighest ? high : high - 1;
  const options: string[] = [];
  if (!isLowest) options.push(...behind(low, sameLength(least.slice(1), '9'.repeat(rest))));
  if (first <= last) options.push(`${digits(first, last)}${anyDigits(rest)}`);
  if (!isHighest) options.push(...behind(high, sameLength('0'.repeat(rest), most.slice(1))));
  return options;
}

const behind = (digit: number, rests: readonly string[]) => rests.map((rest) => `"${digit}" ${rest}`);

const digits = (from: number, to: number) => (from === to ? `"${from}"` : `[${from}-${to}]`);

const anyDigits = (count: number) => (count === 0 ? '' : ` [0-9]${count === 1 ? '' : `{${count},${count}}`}`);
