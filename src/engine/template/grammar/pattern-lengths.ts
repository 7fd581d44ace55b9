// How long the texts of a pattern are, and whether a text is one of them.
import type {CodeRange} from './code-points.ts';
import type {Alternative, PatternNode} from './pattern-parser.ts';

/** Of a text, in code points, both included. */
export interface Lengths {
  readonly min: number;
  readonly max: number;
}

const ANY: readonly CodeRange[] = [[0, 0x10ffff]];
const ANY_TEXT: PatternNode = {
  kind: 'repeat',
  item: {kind: 'set', ranges: ANY},
  min: 0,
  max: Number.POSITIVE_INFINITY,
};

/** What lies open beside a pattern is part of it here. */
function whole({fromStart, toEnd, body}: Alternative): PatternNode {
  const items = body.kind === 'sequence' ? body.items : [body];
  return {kind: 'sequence', items: [...(fromStart ? [] : [ANY_TEXT]), ...items, ...(toEnd ? [] : [ANY_TEXT])]};
}

/** The shortest and the longest text of a pattern. */
function lengthsOf(node: PatternNode): Lengths {
  switch (node.kind) {
    case 'set':
      return {min: 1, max: 1};
    case 'sequence': {
      const items = node.items.map(lengthsOf);
      return {min: sum(items.map(({min}) => min)), max: sum(items.map(({max}) => max))};
    }
    case 'choice': {
      const options = node.options.map(lengthsOf);
      return {min: Math.min(...options.map(({min}) => min)), max: Math.max(...options.map(({max}) => max))};
    }
    case 'repeat': {
      const item = lengthsOf(node.item);
      return {min: item.min * node.min, max: item.max === 0 || node.max === 0 ? 0 : item.max * node.max};
    }
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

/**
 * The same pattern for texts of these lengths alone. Undefined where that is not told by one repetition: of all the parts
 * of an alternative at most one may vary in its length, and it must repeat single characters.
 */
export function withLengths(alternatives: readonly Alternative[], lengths: Lengths): Alternative[] | undefined {
  const limited: Alternative[] = [];
  for (const alternative of alternatives) {
    const body = whole(alternative);
    const own = lengthsOf(body);
    if (own.min >= lengths.min && own.max <= lengths.max) limited.push(alternative);
    else if (own.max >= lengths.min && own.min <= lengths.max) {
      const limitedBody = narrowed(body, lengths);
      if (limitedBody === undefined) return undefined;
      limited.push({fromStart: true, toEnd: true, body: limitedBody});
    }
  }
  return limited;
}

function narrowed(body: PatternNode, {min, max}: Lengths): PatternNode | undefined {
  const items = body.kind === 'sequence' ? body.items : [body];
  const varies = items.filter((item) => {
    const own = lengthsOf(item);
    return own.min !== own.max;
  });
  const [one] = varies;
  if (one === undefined || varies.length > 1 || one.kind !== 'repeat') return undefined;
  const inner = lengthsOf(one.item);
  if (inner.min !== 1 || inner.max !== 1) return undefined;
  const fixed = sum(items.filter((item) => item !== one).map((item) => lengthsOf(item).min));
  const least = Math.max(one.min, min - fixed);
  const most = Math.min(one.max, max - fixed);
  if (least > most) return undefined;
  return {kind: 'sequence', items: items.map((item) => (item === one ? {...one, min: least, max: most} : item))};
}

/** More would take too long to try. */
const LONGEST_TEXT = 1000;

/** Places that are tried, each for one part of the pattern: repetitions inside each other multiply. */
const MOST_TRIED = 50_000;

/** For what takes too long to tell; caught in `isFound`. */
class TooMuch extends Error {}

/** Whether the pattern is found in a text; undefined where that takes too long to tell. */
export function isFound(alternatives: readonly Alternative[], text: string): boolean | undefined {
  const codes = [...text].map((char) => char.codePointAt(0) ?? 0);
  if (codes.length > LONGEST_TEXT) return undefined;
  let tried = 0;
  const spend = (places: number) => {
    tried += places;
    if (tried > MOST_TRIED) throw new TooMuch();
  };
  try {
    return alternatives.some(({fromStart, toEnd, body}) => {
      const starts = fromStart ? [0] : codes.map((_, at) => at).concat(codes.length);
      const ends = endsOf(body, codes, new Set(starts), spend);
      return toEnd ? ends.has(codes.length) : ends.size > 0;
    });
  } catch (error) {
    if (error instanceof TooMuch) return undefined;
    throw error;
  }
}

/** Where the pattern can end that begins at one of `starts`. */
function endsOf(
  node: PatternNode,
  codes: readonly number[],
  starts: ReadonlySet<number>,
  spend: (places: number) => void,
): ReadonlySet<number> {
  if (starts.size === 0) return starts;
  spend(starts.size);
  switch (node.kind) {
    case 'set': {
      const matches = (code: number | undefined) =>
        code !== undefined && node.ranges.some(([from, to]) => from <= code && code <= to);
      return new Set([...starts].flatMap((at) => (matches(codes[at]) ? [at + 1] : [])));
    }
    case 'sequence':
      return node.items.reduce((ends, item) => endsOf(item, codes, ends, spend), starts);
    case 'choice':
      return new Set(node.options.flatMap((option) => [...endsOf(option, codes, starts, spend)]));
    case 'repeat': {
      let ends = starts;
      for (let count = 0; count < node.min && ends.size > 0; count += 1) ends = endsOf(node.item, codes, ends, spend);
      const reached = new Set(ends);
      for (let count = node.min; count < node.max && ends.size > 0; count += 1) {
        const next: ReadonlySet<number> = endsOf(node.item, codes, ends, spend);
        ends = new Set([...next].filter((end) => !reached.has(end)));
        for (const end of ends) reached.add(end);
      }
      return reached;
    }
  }
}
