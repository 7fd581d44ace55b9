// What a grammar's rules say, before it is text: whatever can never end is left out when it is written down.
import type {Steps} from '../../../base/in-turns.ts';

/** A string is GBNF as it stands, which always ends. */
export type Expression =
  | string
  | {readonly kind: 'rule'; readonly name: string}
  | {readonly kind: 'sequence'; readonly items: readonly Expression[]}
  | {readonly kind: 'choice'; readonly options: readonly Expression[]}
  | {readonly kind: 'repeat'; readonly item: Expression; readonly min: number; readonly max: number};

/** What no text can be. */
export const NOTHING: Expression = {kind: 'choice', options: []};

export const sequence = (...items: readonly Expression[]): Expression => ({kind: 'sequence', items});
export const choice = (options: readonly Expression[]): Expression => ({kind: 'choice', options});
export const optional = (item: Expression): Expression => ({kind: 'repeat', item, min: 0, max: 1});
export const repeat = (item: Expression, min: number, max: number): Expression => ({kind: 'repeat', item, min, max});

/** Text as a GBNF literal. */
export function literal(text: string): string {
  const escaped = text.replace(/["\\]/g, '\\$&').replace(/[\x00-\x1f\x7f]/g, (char) => {
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `"${escaped}"`;
}

/** Longer repetitions make a grammar slow; llama.cpp refuses those above 2,000. Longer ones are blocks of blocks. */
const BLOCK = 256;

/** `item`, a single sign of GBNF, from `min` to `max` (Infinity: no bound) times. */
export function repeated(item: string, min: number, max: number): string {
  if (max < min) return '';
  if (min > BLOCK) {
    const whole = Math.floor(min / BLOCK);
    const behind = repeated(item, min % BLOCK, min % BLOCK);
    const more = repeated(item, 0, max - min);
    return [repeated(`(${item}{${BLOCK}})`, whole, whole), behind, more].filter((part) => part !== '').join(' ');
  }
  if (max === Number.POSITIVE_INFINITY) return min === 0 ? `${item}*` : `${item}{${min},}`;
  if (max === 0) return '';
  if (max <= BLOCK) return min === max ? (min === 1 ? item : `${item}{${min}}`) : `${item}{${min},${max}}`;
  if (min > 0) return `${repeated(item, min, min)} ${repeated(item, 0, max - min)}`;
  // Whole blocks and part of one; then what is left above the last whole block.
  const blocks = Math.floor((max + 1) / BLOCK) - 1;
  const below = `${repeated(`(${item}{${BLOCK}})`, 0, blocks)} ${item}{0,${BLOCK - 1}}`.trim();
  const rest = max - BLOCK * (blocks + 1);
  if (rest < 0) return below;
  const above = `${repeated(`(${item}{${BLOCK}})`, blocks + 1, blocks + 1)} ${repeated(item, 0, rest)}`.trim();
  return `(${below} | ${above})`;
}

/** Rules and parts of them that are looked at between two pauses. */
const AT_ONCE = 200;

/**
 * The bodies of rules as GBNF, without what can never end: a member that must hold itself, an option that allows nothing.
 * Rules that never end are not in the result.
 */
export function* printRules(rules: ReadonlyMap<string, Expression>): Steps<Map<string, string>> {
  const ends = yield* endingRules(rules);
  const printed = new Map<string, string>();
  let count = 0;
  for (const [name, body] of rules) {
    const text = ends.has(name) ? print(body, ends) : undefined;
    if (text !== undefined) printed.set(name, text === '' ? '""' : text);
    if (++count % AT_ONCE === 0) yield;
  }
  return printed;
}

/** Ends once so many of its parts do. */
interface Waiting {
  missing: number;
  /** The rule whose body it is; undefined: it is a part of `around`. */
  readonly rule?: string;
  readonly around?: Waiting;
}

/** Names of the rules that some finite text fulfils. Each part is looked at once, however the rules refer to each other. */
function* endingRules(rules: ReadonlyMap<string, Expression>): Steps<ReadonlySet<string>> {
  const ends = new Set<string>();
  const users = new Map<string, Waiting[]>();
  const ended: Waiting[] = [];
  let count = 0;
  for (const [rule, body] of rules) {
    const open: [Expression, Waiting][] = [[body, {missing: 1, rule}]];
    for (let next = open.pop(); next; next = open.pop()) {
      const [part, around] = next;
      if (++count % AT_ONCE === 0) yield;
      if (typeof part === 'string' || (part.kind === 'repeat' && part.min === 0)) ended.push(around);
      else if (part.kind === 'rule') {
        const others = users.get(part.name);
        if (others) others.push(around);
        else users.set(part.name, [around]);
      } else if (part.kind === 'repeat') open.push([part.item, around]);
      else {
        const inner = part.kind === 'sequence' ? part.items : part.options;
        const needed = part.kind === 'sequence' ? inner.length : 1;
        if (needed === 0) ended.push(around);
        else {
          const own = {missing: needed, around};
          for (const one of inner) open.push([one, own]);
        }
      }
    }
  }
  for (let next = ended.pop(); next; next = ended.pop()) {
    if (++count % AT_ONCE === 0) yield;
    next.missing -= 1;
    if (next.missing !== 0) continue;
    if (next.around) ended.push(next.around);
    if (next.rule === undefined || ends.has(next.rule)) continue;
    ends.add(next.rule);
    for (const user of users.get(next.rule) ?? []) ended.push(user);
  }
  return ends;
}

function print(body: Expression, ends: ReadonlySet<string>): string | undefined {
  if (typeof body === 'string') return body;
  switch (body.kind) {
    case 'rule':
      return ends.has(body.name) ? body.name : undefined;
    case 'sequence': {
      const items = body.items.map((item) => {
        const text = print(item, ends);
        return typeof item !== 'string' && item.kind === 'choice' && text?.includes(' | ') ? `(${text})` : text;
      });
      return items.includes(undefined) ? undefined : items.filter((text) => text !== '').join(' ');
    }
    case 'choice': {
      const options = body.options.flatMap((option) => print(option, ends) ?? []);
      if (options.length === 0) return undefined;
      return [...new Set(options.map((text) => (text === '' ? '""' : text)))].join(' | ');
    }
    case 'repeat': {
      const item = print(body.item, ends);
      if (item === undefined || item === '') return body.min === 0 || item === '' ? '' : undefined;
      if (body.min === 0 && body.max === 1) return `(${item})?`;
      return repeated(/^[a-z0-9]+$/.test(item) ? item : `(${item})`, body.min, body.max);
    }
  }
}
