// Two measurements in alternation on a machine that others use too: more pairs are taken than wanted, and those are kept
// beside which others took least of the processor. Reads /proc, so on Linux only.
import {readFileSync} from 'node:fs';
import {availableParallelism} from 'node:os';

/** USER_HZ: ticks of /proc a second. */
const TICKS = 100;

export interface Pair<A, B> {
  readonly theirs: A;
  readonly ours: B;
  /** Of all processors, what other processes took meanwhile: 0 to 1. */
  readonly others: number;
}

/** The `wanted` quietest of `tried` pairs, in the order of measuring. `children`: processes beside our own that belong to it. */
export async function quietPairs<A, B>(
  theirs: () => A | Promise<A>,
  ours: () => B | Promise<B>,
  {wanted, tried, children = []}: {wanted: number; tried: number; children?: readonly number[]},
): Promise<Pair<A, B>[]> {
  const pairs: Pair<A, B>[] = [];
  for (let n = 0; n < Math.max(wanted, tried); n++) {
    const [started, busy, own] = [performance.now(), busyTicks(), ownTicks(children)];
    const pair = {theirs: await theirs(), ours: await ours()};
    const ticks = ((performance.now() - started) / 1000) * TICKS * availableParallelism();
    pairs.push({...pair, others: Math.max(0, busyTicks() - busy - (ownTicks(children) - own)) / ticks});
  }
  const limit = pairs.map(({others}) => others).sort((a, b) => a - b)[wanted - 1] ?? 1;
  console.error(pairs.map((pair) => JSON.stringify(pair)).join('\n'));
  return pairs.filter(({others}) => others <= limit).slice(0, wanted);
}

/** Such as `others 2 to 9 %`. */
export function othersLine(pairs: readonly Pair<unknown, unknown>[]): string {
  const shares = pairs.map(({others}) => Math.round(100 * others));
  return `others ${Math.min(...shares)} to ${Math.max(...shares)} % of the processors`;
}

function busyTicks(): number {
  const [first = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = first.split(/\s+/).slice(1).map(Number);
  return user + nice + system + irq + softirq;
}

/** Of this process, its children that have ended, and those named. */
function ownTicks(children: readonly number[]): number {
  const ticks = ['self', ...children].map((pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
      .map(Number);
    return sum(fields.slice(11, 15));
  });
  return sum(ticks);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
