// A regular expression as the GBNF of a JSON string: the texts it matches, each in the one way JSON writes it shortest.
import {type CodeRange, complement, intersection} from './code-points.ts';
import {type Lengths, withLengths} from './pattern-lengths.ts';
import {type PatternNode, parsePattern} from './pattern-parser.ts';

/** Longer repetitions make a grammar slow, also when they stand inside each other. */
const MOST_CHARACTERS = 1024;

/** Characters that stand for themselves between the quotes, as in the rule `char`. */
const PLAIN = complement([
  [0, 0x1f],
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0x7f, 0x7f],
  [0xd800, 0xdfff],
]);
const ESCAPED: readonly (readonly [code: number, escape: string])[] = [
  ...Array.from({length: 32}, (_, code) => [code, `u${code.toString(16).padStart(4, '0')}`] as const),
  [0x7f, 'u007f'],
];
const SHORT: ReadonlyMap<number, string> = new Map([
  [0x08, 'b'],
  [0x09, 't'],
  [0x0a, 'n'],
  [0x0c, 'f'],
  [0x0d, 'r'],
  [0x22, '\\"'],
  [0x5c, '\\\\'],
]);

/**
 * The body of a rule for the strings, quotes and all, that `pattern` is found in (without ^ and $: anywhere, as JSON
 * schema has it). `anything` is the name of a rule for one character. Undefined: a grammar cannot say that.
 */
export function patternString(pattern: string, anything: string, lengths?: Lengths): string | undefined {
  const parsed = parsePattern(pattern);
  const alternatives = parsed && (lengths === undefined ? parsed : withLengths(parsed, lengths));
  if (!alternatives || alternatives.some(({body}) => !isSayable(body) || width(body) > MOST_CHARACTERS))
    return undefined;
  const bodies = alternatives.map(({fromStart, toEnd, body}) => {
    const found = gbnf(body);
    if (found === undefined) return undefined;
    return `"\\"" ${fromStart ? '' : `${anything}* `}${found}${toEnd ? '' : ` ${anything}*`} "\\""`;
  });
  const possible = bodies.filter((body) => body !== undefined);
  return possible.length === 0 ? undefined : possible.join(' | ');
}

/**
 * The body of a rule for the texts that are a match of `pattern` from beginning to end, as they are. Undefined: a grammar
 * cannot say that.
 */
export function patternText(pattern: string): string | undefined {
  const alternatives = parsePattern(pattern);
  if (!alternatives || alternatives.some(({body}) => !isSayable(body) || width(body) > MOST_CHARACTERS))
    return undefined;
  const bodies = alternatives.map(({body}) => gbnf(body, rawSet)).filter((body) => body !== undefined);
  return bodies.length === 0 ? undefined : bodies.join(' | ');
}

/** Characters the grammar has to spell out. */
function width(node: PatternNode): number {
  switch (node.kind) {
    case 'set':
      return 1;
    case 'sequence':
      return node.items.reduce((sum, item) => sum + width(item), 0);
    case 'choice':
      return node.options.reduce((sum, option) => sum + width(option), 0);
    case 'repeat':
      return width(node.item) * Math.max(1, Number.isFinite(node.max) ? node.max : node.min);
  }
}

function canBeEmpty(node: PatternNode): boolean {
  switch (node.kind) {
    case 'set':
      return false;
    case 'sequence':
      return node.items.every(canBeEmpty);
    case 'choice':
      return node.options.some(canBeEmpty);
    case 'repeat':
      return node.min === 0 || canBeEmpty(node.item);
  }
}

/** llama.cpp refuses what may repeat nothing without end: to it that is a rule that starts with itself. */
function isSayable(node: PatternNode): boolean {
  switch (node.kind) {
    case 'set':
      return true;
    case 'sequence':
      return node.items.every(isSayable);
    case 'choice':
      return node.options.every(isSayable);
    case 'repeat':
      return isSayable(node.item) && (Number.isFinite(node.max) || !canBeEmpty(node.item));
  }
}

/** Undefined for what matches nothing that JSON can write. */
function gbnf(node: PatternNode, write = jsonSet): string | undefined {
  switch (node.kind) {
    case 'set':
      return write(node.ranges);
    case 'sequence': {
      const items = node.items.map((item) => gbnf(item, write));
      return items.includes(undefined) ? undefined : items.join(' ') || '""';
    }
    case 'choice': {
      const options = node.options.map((option) => gbnf(option, write)).filter((option) => option !== undefined);
      return options.length === 0 ? undefined : `(${options.join(' | ')})`;
    }
    case 'repeat': {
      const item = gbnf(node.item, write);
      if (node.max === 0 || (item === undefined && node.min === 0)) return '""';
      return item === undefined ? undefined : `(${item})${counts(node.min, node.max)}`;
    }
  }
}

function counts(min: number, max: number): string {
  return Number.isFinite(max) ? `{${min},${max}}` : min === 0 ? '*' : `{${min},}`;
}

/** Every character as it is; NUL ends a text of C. */
const RAW = complement([
  [0, 0],
  [0xd800, 0xdfff],
]);

function rangesBody(ranges: readonly CodeRange[]): string | undefined {
  if (ranges.length === 0) return undefined;
  return `[${ranges.map(([from, to]) => (from === to ? hex(from) : `${hex(from)}-${hex(to)}`)).join('')}]`;
}

const rawSet = (ranges: readonly CodeRange[]) => rangesBody(intersection(ranges, RAW));

function jsonSet(ranges: readonly CodeRange[]): string | undefined {
  const plain = rangesBody(intersection(ranges, PLAIN));
  const has = (code: number) => ranges.some(([from, to]) => from <= code && code <= to);
  const short = [...SHORT].flatMap(([code, sign]) => (has(code) ? [`"\\\\${sign}"`] : []));
  const long = ESCAPED.flatMap(([code, sign]) => (has(code) && !SHORT.has(code) ? [`"\\\\${sign}"`] : []));
  const options = [...(plain === undefined ? [] : [plain]), ...short, ...long];
  if (options.length === 0) return undefined;
  return options.length === 1 ? options[0] : `(${options.join(' | ')})`;
}

/** Letters and digits as they are, everything else by its number: no sign of GBNF's own can be meant. */
export function hex(code: number): string {
  const char = String.fromCodePoint(code);
  if (/[a-zA-Z0-9]/.test(char)) return char;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
}
