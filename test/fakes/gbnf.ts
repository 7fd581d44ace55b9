// Accepts or refuses a text by a GBNF grammar, as llama.cpp would let it be sampled. Control tokens stand in the text
// as numbers: ['a text', 5, 'another'].
import {syntaxFault} from '../../src/engine/llama/gbnf-syntax.ts';

type Unit = string | number;
type Node =
  | {readonly kind: 'set'; readonly matches: (unit: Unit) => boolean; readonly some: readonly string[]}
  | {readonly kind: 'rule'; readonly name: string}
  | {readonly kind: 'sequence'; readonly items: readonly Node[]}
  | {readonly kind: 'choice'; readonly options: readonly Node[]}
  | {readonly kind: 'repeat'; readonly item: Node; readonly min: number; readonly max: number};

export type GbnfInput = readonly (string | number)[];

/** @throws Error for grammars llama.cpp would not load: syntax, missing rules, rules that start with themselves. */
export class Gbnf {
  private readonly rules = new Map<string, Node>();

  constructor(text: string) {
    const fault = syntaxFault(text);
    if (fault !== undefined) fail(fault);
    for (const line of text.split('\n').filter((line) => line.trim() !== '')) {
      const [, name, body] = /^([a-zA-Z0-9-]+) ::= (.*)$/.exec(line) ?? fail(`no rule: ${line}`);
      if (this.rules.has(name ?? '')) fail(`rule ${name} is defined twice`);
      this.rules.set(name ?? '', new BodyParser(body ?? '').parse());
    }
    for (const node of this.rules.values()) this.checkReferences(node);
  }

  /** Whether the whole input is one the grammar generates. */
  accepts(...input: GbnfInput): boolean {
    const units = unitsOf(input);
    return this.match({kind: 'rule', name: 'root'}, units, 0, new Set()).has(units.length);
  }

  /**
   * A text of the grammar, by chance. Behind `size` steps the shortest way on is taken, so that it ends.
   * @throws Error for grammars of which some rule can never end.
   */
  draw(random: () => number, size = 60): string {
    const heights = this.heights();
    let steps = 0;
    const height = (node: Node): number => heightOf(node, (name) => heights.get(name) ?? Number.POSITIVE_INFINITY);
    const draw = (node: Node): string => {
      steps += 1;
      switch (node.kind) {
        case 'set':
          return node.some[Math.floor(random() * node.some.length)] ?? fail('an empty set');
        case 'rule':
          return draw(this.rules.get(node.name) ?? fail(`no rule ${node.name}`));
        case 'sequence':
          return node.items.map(draw).join('');
        case 'choice': {
          const least = Math.min(...node.options.map(height));
          const limit = steps > size ? least : Number.MAX_VALUE;
          const options = node.options.filter((option) => height(option) <= limit);
          return draw(options[Math.floor(random() * options.length)] ?? fail('a choice of nothing that ends'));
        }
        case 'repeat': {
          const canGoOn = Number.isFinite(height(node.item)) && steps <= size;
          const most = canGoOn ? Math.min(node.max, node.min + Math.floor(random() * 4)) : node.min;
          return Array.from({length: most}, () => draw(node.item)).join('');
        }
      }
    };
    const root: Node = {kind: 'rule', name: 'root'};
    if (!Number.isFinite(height(root))) fail('nothing that ends');
    return draw(root);
  }

  /** How deep the least derivation of each rule is. */
  private heights(): ReadonlyMap<string, number> {
    const heights = new Map<string, number>();
    for (let before = -1; before !== heights.size; ) {
      before = heights.size;
      for (const [name, body] of this.rules) {
        if (heights.has(name)) continue;
        const height = heightOf(body, (other) => heights.get(other) ?? Number.POSITIVE_INFINITY);
        if (Number.isFinite(height)) heights.set(name, height + 1);
      }
    }
    return heights;
  }

  private match(node: Node, units: readonly Unit[], at: number, entered: ReadonlySet<string>): Set<number> {
    switch (node.kind) {
      case 'set': {
        const unit = units[at];
        return new Set(unit !== undefined && node.matches(unit) ? [at + 1] : []);
      }
      case 'rule': {
        const key = `${node.name}@${at}`;
        if (entered.has(key)) fail(`rule ${node.name} starts with itself`);
        const rule = this.rules.get(node.name) ?? fail(`no rule ${node.name}`);
        return this.match(rule, units, at, new Set([...entered, key]));
      }
      case 'choice':
        return new Set(node.options.flatMap((option) => [...this.match(option, units, at, entered)]));
      case 'sequence': {
        let ends = new Set([at]);
        for (const item of node.items) {
          ends = new Set(
            [...ends].flatMap((end) => [...this.match(item, units, end, end === at ? entered : new Set())]),
          );
        }
        return ends;
      }
      case 'repeat':
        return this.repeat(node, units, at, entered);
    }
  }

  private repeat(node: Node & {kind: 'repeat'}, units: readonly Unit[], at: number, entered: ReadonlySet<string>) {
    const reached = new Set(node.min === 0 ? [at] : []);
    let ends = new Set([at]);
    for (let count = 1; count <= node.max && ends.size > 0; count += 1) {
      const next = [...ends].flatMap((end) => [...this.match(node.item, units, end, end === at ? entered : new Set())]);
      ends = new Set(next.filter((end) => !reached.has(end) || count <= node.min));
      if (count >= node.min) for (const end of ends) reached.add(end);
    }
    return reached;
  }

  private checkReferences(node: Node): void {
    if (node.kind === 'rule' && !this.rules.has(node.name)) fail(`no rule ${node.name}`);
    if (node.kind === 'choice') for (const option of node.options) this.checkReferences(option);
    if (node.kind === 'sequence') for (const item of node.items) this.checkReferences(item);
    if (node.kind === 'repeat') this.checkReferences(node.item);
  }
}

function heightOf(node: Node, ruleHeight: (name: string) => number): number {
  switch (node.kind) {
    case 'set':
      return node.some.length > 0 ? 0 : Number.POSITIVE_INFINITY;
    case 'rule':
      return ruleHeight(node.name);
    case 'sequence':
      return Math.max(0, ...node.items.map((item) => heightOf(item, ruleHeight)));
    case 'choice':
      return Math.min(...node.options.map((option) => heightOf(option, ruleHeight)));
    case 'repeat':
      return node.min === 0 ? 0 : heightOf(node.item, ruleHeight);
  }
}

function unitsOf(input: GbnfInput): Unit[] {
  return input.flatMap((part): Unit[] => (typeof part === 'number' ? [part] : [...part]));
}

function fail(message: string): never {
  throw new Error(`GBNF: ${message}`);
}

class BodyParser {
  private position = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  parse(): Node {
    const node = this.choice();
    if (this.position < this.text.length) fail(`unexpected "${this.text.slice(this.position)}"`);
    return node;
  }

  private choice(): Node {
    const options = [this.sequence()];
    while (this.take(/\| */y)) options.push(this.sequence());
    return {kind: 'choice', options};
  }

  private sequence(): Node {
    const items: Node[] = [];
    this.take(/ */y);
    while (this.position < this.text.length && !'|)'.includes(this.text[this.position] ?? '')) {
      items.push(this.quantified(this.atom()));
      this.take(/ */y);
    }
    return {kind: 'sequence', items};
  }

  private atom(): Node {
    const token = this.take(/<\[(\d+)\]>/y);
    if (token) return exactly(Number(token[1]));
    const quoted = this.take(/"((?:[^"\\]|\\.)*)"/y);
    if (quoted) return {kind: 'sequence', items: [...unescaped(quoted[1] ?? '')].map(exactly)};
    const set = this.take(/\[(\^?)((?:[^\]\\]|\\.)*)\]/y);
    if (set) return charSet(set[2] ?? '', set[1] === '^');
    const name = this.take(/[a-zA-Z0-9-]+/y);
    if (name) return {kind: 'rule', name: name[0]};
    if (!this.take(/\(/y)) fail(`unexpected "${this.text.slice(this.position)}"`);
    const group = this.choice();
    if (!this.take(/\)/y)) fail('unclosed group');
    return group;
  }

  private quantified(item: Node): Node {
    const found = this.take(/\*|\+|\?|\{(\d+)(,?)(\d*)\}/y);
    if (!found) return item;
    const [mark, least, comma, most] = found;
    if (mark === '*') return {kind: 'repeat', item, min: 0, max: Number.POSITIVE_INFINITY};
    if (mark === '+') return {kind: 'repeat', item, min: 1, max: Number.POSITIVE_INFINITY};
    if (mark === '?') return {kind: 'repeat', item, min: 0, max: 1};
    const max = most ? Number(most) : comma ? Number.POSITIVE_INFINITY : Number(least);
    if (Number.isFinite(max) && max > 2000) fail('repetition too large');
    return {kind: 'repeat', item, min: Number(least), max};
  }

  private take(sticky: RegExp): RegExpExecArray | null {
    sticky.lastIndex = this.position;
    const found = sticky.exec(this.text);
    if (found) this.position += found[0].length;
    return found;
  }
}

function exactly(unit: Unit): Node {
  return {kind: 'set', matches: (other) => other === unit, some: typeof unit === 'string' ? [unit] : []};
}

const HEX = '\\\\x[0-9a-fA-F]{2}|\\\\u[0-9a-fA-F]{4}|\\\\U[0-9a-fA-F]{8}';
const ESCAPES: Readonly<Record<string, string>> = {n: '\n', r: '\r', t: '\t'};

function unescaped(text: string): string {
  return text.replace(new RegExp(`${HEX}|\\\\(.)`, 'g'), (sign: string, char?: string) =>
    char === undefined ? String.fromCodePoint(Number.parseInt(sign.slice(2), 16)) : (ESCAPES[char] ?? char),
  );
}

/** What a set of all characters but some is drawn from. */
const OTHERS = [...'abcxyzABZ0189 _-+.,:;/@#~{}[]()é日😀\u{10ffff}\u00a0\u2028'];

function charSet(body: string, negated: boolean): Node {
  const parts = body.match(new RegExp(`${HEX}|\\\\.|[^\\\\]`, 'gu')) ?? [];
  const ranges: (readonly [from: number, to: number])[] = [];
  for (let index = 0; index < parts.length; index += 1) {
    const from = codeOf(parts[index] ?? '');
    const isRange = parts[index + 1] === '-' && index + 2 < parts.length;
    ranges.push([from, isRange ? codeOf(parts[index + 2] ?? '') : from]);
    if (isRange) index += 2;
  }
  const contains = (char: string): boolean => {
    const code = char.codePointAt(0) ?? 0;
    return ranges.some(([from, to]) => code >= from && code <= to);
  };
  const own = ranges
    .flatMap(([from, to]) => [from, to, Math.floor((from + to) / 2)])
    .map((code) => String.fromCodePoint(code));
  const candidates = negated ? OTHERS : own;
  return {
    kind: 'set',
    matches: (unit) => typeof unit === 'string' && contains(unit) !== negated,
    some: candidates.filter((char) => contains(char) !== negated && !/\p{Surrogate}/u.test(char)),
  };
}

function codeOf(part: string): number {
  return unescaped(part).codePointAt(0) ?? 0;
}
