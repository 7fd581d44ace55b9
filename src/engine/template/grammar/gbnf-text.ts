// A grammar somebody wrote, as text: its rules under other names, and whether a step under it could take for ever.
/** A literal, a set, a number of repetitions, a control token, a comment, a name, the sign of a rule, or one sign. */
const PIECES = /"(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]|\{[^}]*\}|<[^>]*>|#[^\n]*|(?<name>[a-zA-Z0-9-]+)|::=|./gsu;

/** Its parser calls itself for every bracket, and has only so much stack. */
const MAX_DEPTH = 64;
/** In characters. */
const MAX_LENGTH = 65_536;
/** Ways to go on that the engine has to follow at once: each step costs time by them, and by more than their number. */
const MAX_WIDTH = 2000;
/**
 * Ways to go on behind one character, over all the ways that could have led to it. The engine follows each of them anew for
 * every character of a token that does not fit: with two million, ten repeated rules in each other, it never came back.
 */
const MAX_STEPS = 20_000;
/** Rules that begin with a rule that begins with a rule: each is a step of recursion. */
const MAX_RULES_DEEP = 256;

/** The same grammar with `prefix` before the name of every rule. */
export function withPrefix(gbnf: string, prefix: string): string {
  return gbnf.replaceAll(PIECES, (piece, name: string | undefined) => (name === undefined ? piece : prefix + name));
}

/** Why a grammar is none that the engine can be given, in words; the finer points are left to its own parser. */
export function grammarFault(gbnf: string): string | undefined {
  if (gbnf.length > MAX_LENGTH) return `it has ${gbnf.length} characters, more than ${MAX_LENGTH}`;
  const rules = new Rules(gbnf);
  if (rules.depth > MAX_DEPTH) return `its brackets nest deeper than ${MAX_DEPTH} levels`;
  if (!rules.has('root')) return "it has no rule 'root'";
  const {width, steps} = rules.ways();
  if (rules.isTooDeep) return `its rules refer to each other deeper than ${MAX_RULES_DEEP} levels`;
  if (width > MAX_WIDTH) return `at one place it may go on in more than ${MAX_WIDTH} ways`;
  return steps > MAX_STEPS
    ? `behind one character it may go on in more than ${MAX_STEPS} ways, most of them the same`
    : undefined;
}

/**
 * Of a part of a grammar: ways to begin it with a character, ways to pass it without one, ways to be at its end behind its first
 * character, and ways to go on inside it behind that.
 */
interface Ways {
  readonly begin: number;
  readonly pass: number;
  readonly end: number;
  readonly inside: number;
}

type Part =
  | {readonly kind: 'ways'; readonly ways: Ways}
  | {readonly kind: 'rule'; readonly name: string}
  | {readonly kind: 'sequence'; readonly items: readonly Part[]}
  | {readonly kind: 'choice'; readonly options: readonly Part[]}
  | {readonly kind: 'repeat'; readonly item: Part; readonly min: number; readonly max: number};

const CHARACTER = {kind: 'ways', ways: {begin: 1, pass: 0, end: 1, inside: 0}} as const;
const NOTHING: Part = {kind: 'ways', ways: {begin: 0, pass: 1, end: 0, inside: 0}};

class Rules {
  /** Of brackets. */
  depth = 0;
  readonly #pieces: readonly string[];
  readonly #rules = new Map<string, Part>();
  readonly #ways = new Map<string, Ways>();
  /** A chain of rules was too long to follow. */
  isTooDeep = false;
  #at = 0;
  #widest = 0;
  #steps = 0;
  #level = 0;

  constructor(gbnf: string) {
    this.#pieces = [...gbnf.matchAll(PIECES)].map(([piece]) => piece).filter((one) => !/^(?:\s|#.*)$/su.test(one));
    this.depth = deepest(this.#pieces);
    if (this.depth > MAX_DEPTH) return;
    while (this.#at < this.#pieces.length) {
      const name = this.#pieces[this.#at++] ?? '';
      if (this.#pieces[this.#at++] !== '::=') return;
      this.#rules.set(name, this.#choice());
    }
  }

  has(name: string): boolean {
    return this.#rules.has(name);
  }

  /** The most ways to go on at any one place, and behind any one character. */
  ways(): {readonly width: number; readonly steps: number} {
    for (const name of this.#rules.keys()) this.#ofRule(name);
    return {width: this.#widest, steps: this.#steps};
  }

  #choice(): Part {
    const options = [this.#sequence()];
    while (this.#pieces[this.#at] === '|') {
      this.#at++;
      options.push(this.#sequence());
    }
    return {kind: 'choice', options};
  }

  #sequence(): Part {
    const items: Part[] = [];
    for (;;) {
      const piece = this.#pieces[this.#at];
      if (piece === undefined || piece === '|' || piece === ')' || this.#pieces[this.#at + 1] === '::=') break;
      this.#at++;
      const last = items.at(-1);
      const counts = repetitions(piece);
      if (counts && last) items[items.length - 1] = {kind: 'repeat', item: last, ...counts};
      else if (piece === '(') {
        items.push(this.#choice());
        this.#at++;
      } else
        items.push(/^[a-zA-Z0-9-]+$/.test(piece) ? {kind: 'rule', name: piece} : piece === '""' ? NOTHING : CHARACTER);
    }
    return {kind: 'sequence', items};
  }

  #ofRule(name: string): Ways {
    const known = this.#ways.get(name);
    if (known) return known;
    // A rule that begins with itself is refused by the engine; one that goes on with itself does so as often as it likes.
    this.#ways.set(name, CHARACTER.ways);
    const rule = this.#rules.get(name);
    this.#level++;
    if (this.#level > MAX_RULES_DEEP) this.isTooDeep = true;
    const ways = rule && !this.isTooDeep ? this.#of(rule) : {begin: 0, pass: 0, end: 0, inside: 0};
    this.#level--;
    this.#ways.set(name, ways);
    return ways;
  }

  #of(part: Part): Ways {
    if (this.#widest > MAX_WIDTH || this.#steps > MAX_STEPS) return NOTHING_WAYS;
    return this.#seen(this.#count(part));
  }

  #count(part: Part): Ways {
    switch (part.kind) {
      case 'ways':
        return part.ways;
      case 'rule':
        return this.#ofRule(part.name);
      case 'choice': {
        const all = part.options.map((option) => this.#of(option));
        return {
          begin: sum(all.map(({begin}) => begin)),
          pass: sum(all.map(({pass}) => pass)),
          end: sum(all.map(({end}) => end)),
          inside: sum(all.map(({inside}) => inside)),
        };
      }
      case 'sequence':
        // From the end: behind every item the engine may stand at the rest.
        return part.items.reduceRight((rest, item) => this.#behind(this.#of(item), rest), NOTHING_WAYS);
      case 'repeat': {
        const item = this.#of(part.item);
        const most = Math.min(part.max, MAX_WIDTH + 1);
        // Only behind what may be passed the next one may begin too.
        if (item.pass === 0) {
          const again = part.max > 1 ? item.end * item.begin : 0;
          return {begin: item.begin, pass: part.min === 0 ? 1 : 0, end: item.end, inside: item.inside + again};
        }
        let ways: Ways = NOTHING_WAYS;
        for (let count = most; count > 0 && ways.begin <= MAX_WIDTH && ways.inside <= MAX_STEPS; count--) {
          const taken = this.#behind(item, ways);
          ways = count > part.min ? {...taken, pass: taken.pass + 1} : taken;
        }
        return ways;
      }
    }
  }

  #behind(first: Ways, rest: Ways): Ways {
    return this.#seen({
      begin: first.begin + first.pass * rest.begin,
      pass: first.pass * rest.pass,
      end: first.end * rest.pass + first.pass * rest.end,
      inside: first.inside + first.end * rest.begin + first.pass * rest.inside,
    });
  }

  #seen(ways: Ways): Ways {
    this.#widest = Math.max(this.#widest, ways.begin, ways.pass);
    this.#steps = Math.max(this.#steps, ways.inside);
    return ways;
  }
}

const NOTHING_WAYS: Ways = {begin: 0, pass: 1, end: 0, inside: 0};

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);

function deepest(pieces: readonly string[]): number {
  let depth = 0;
  return pieces.reduce((most, piece) => {
    depth += piece === '(' ? 1 : piece === ')' ? -1 : 0;
    return Math.max(most, depth);
  }, 0);
}

/** What `?`, `*`, `+` or a number in braces says; undefined for another piece. Without an end: one more is two ways. */
function repetitions(piece: string): {readonly min: number; readonly max: number} | undefined {
  if (piece === '?') return {min: 0, max: 1};
  if (piece === '*') return {min: 0, max: 2};
  if (piece === '+') return {min: 1, max: 2};
  const [, from, comma, to] = /^\{\s*(\d+)\s*(,?)\s*(\d*)\s*\}$/.exec(piece) ?? [];
  if (from === undefined) return undefined;
  const min = Number(from);
  if (comma === '') return {min, max: min};
  return {min, max: to === '' ? min + 2 : Number(to)};
}
