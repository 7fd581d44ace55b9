// Whether a text is GBNF that llama.cpp takes, found without it: its own parser prints what is wrong straight to stderr, where
// a screen may be drawn, recurses as deep as the text nests, and repeats without end when a range of repetitions is empty.
// The rules are those of llama-grammar.cpp (v0.5.0).

import {EngineError} from '../../base/errors.ts';

/** llama.cpp's own limit: more rules would be made of one by repeating it. */
const MOST_REPEATED = 2000;
/** How deep groups may nest, and rules refer to others at their beginning: llama.cpp recurses. */
const DEEPEST = 500;

/** A piece of a rule, as far as recursion can be told by it. */
type Piece = {readonly rule: string} | 'text';

/** What a name begins with, unlike what stands here for a group or a repetition. */
const NAME = /^[a-zA-Z0-9-]/;

class NoGbnf extends Error {}

/** @throws EngineError `invalid_request` with what is wrong. */
export function checkGbnf(gbnf: string): void {
  const fault = syntaxFault(gbnf);
  if (fault !== undefined) throw new EngineError('invalid_request', `the grammar is not valid GBNF: ${fault}`);
}

/** What is wrong with a grammar, as a clause; undefined when llama.cpp takes it. */
export function syntaxFault(gbnf: string): string | undefined {
  try {
    const reader = new GbnfReader(gbnf);
    checkRules(reader.read(), reader.names);
    return undefined;
  } catch (error) {
    if (error instanceof NoGbnf) return error.message;
    throw error;
  }
}

class GbnfReader {
  readonly #text: string;
  readonly #rules = new Map<string, Piece[][]>();
  /** Names, and what llama.cpp makes of groups and repetitions: it counts them to bound repetitions. */
  readonly #symbols = new Set<string>();
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Every name that stands in it, also where it is repeated no times. */
  get names(): readonly string[] {
    return [...this.#symbols].filter((symbol) => NAME.test(symbol));
  }

  read(): ReadonlyMap<string, Piece[][]> {
    if (this.#text.includes('\0')) throw new NoGbnf('it has a null character');
    this.#space(true);
    while (this.#at < this.#text.length) this.#rule();
    return this.#rules;
  }

  #rule(): void {
    const name = this.#symbol(this.#name());
    this.#space(false);
    this.#expect('::=');
    this.#space(true);
    this.#rules.set(name, this.#choices(false));
    if (this.#at < this.#text.length && !/[\r\n]/.test(this.#next)) this.#fail('a new line or the end');
    this.#space(true);
  }

  #choices(isNested: boolean): Piece[][] {
    const choices = [this.#sequence(isNested)];
    while (this.#next === '|') {
      this.#at++;
      this.#space(true);
      choices.push(this.#sequence(isNested));
    }
    return choices;
  }

  #sequence(isNested: boolean): Piece[] {
    const pieces: Piece[] = [];
    /** Rules that the last item is made of, with its repetitions; 0 = it stands for nothing, or there is none. */
    let weight = 0;
    while (true) {
      const start = this.#next;
      if (start === '*' || start === '+' || start === '?' || start === '{') {
        if (weight === 0) this.#fail('something to repeat');
        weight *= this.#repetition(pieces, isNested);
        if (weight > MOST_REPEATED) throw new NoGbnf(`more than ${MOST_REPEATED} repetitions of one rule`);
        continue;
      }
      const before = this.#symbols.size;
      const item = this.#item();
      if (item === undefined) return pieces;
      weight = item === 'nothing' ? 0 : Math.max(1, this.#symbols.size - before);
      if (item !== 'nothing') pieces.push(item);
      this.#space(isNested);
    }
  }

  #item(): Piece | 'nothing' | undefined {
    const start = this.#next;
    if (start === '"') return this.#quoted('"');
    if (start === '[') return this.#quoted(']');
    if (start === '<' || start === '!') return this.#token();
    if (start === '.') {
      this.#at++;
      return 'text';
    }
    if (start === '(') return this.#group();
    return /[a-zA-Z0-9-]/.test(start) ? {rule: this.#symbol(this.#name())} : undefined;
  }

  #group(): Piece {
    if (++this.#depth > DEEPEST) throw new NoGbnf(`groups nest deeper than ${DEEPEST}`);
    this.#at++;
    this.#space(true);
    const rule = this.#symbol(`(${this.#symbols.size}`);
    this.#rules.set(rule, this.#choices(true));
    this.#expect(')');
    this.#depth--;
    return {rule};
  }

  /** Characters up to `end`. */
  #quoted(end: string): Piece | 'nothing' {
    this.#at++;
    if (end === ']' && this.#next === '^') this.#at++;
    let isEmpty = true;
    while (this.#next !== end) {
      this.#character();
      isEmpty = false;
      if (end === ']' && this.#next === '-' && this.#text[this.#at + 1] !== ']') {
        this.#at++;
        this.#character();
      }
    }
    this.#at++;
    return isEmpty ? 'nothing' : 'text';
  }

  #character(): void {
    if (this.#at >= this.#text.length) throw new NoGbnf('it ends in the middle of a text');
    if (this.#next !== '\\') {
      this.#at += String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0).length;
      return;
    }
    const kind = this.#text[this.#at + 1] ?? '';
    const digits = {x: 2, u: 4, U: 8}[kind];
    if (digits === undefined) {
      if (!'trn\\"[]-'.includes(kind) || kind === '') this.#fail('a known escape');
      this.#at += 2;
      return;
    }
    this.#at += 2;
    const hex = this.#text.slice(this.#at, this.#at + digits);
    if (!/^[0-9a-fA-F]+$/.test(hex) || hex.length < digits) this.#fail(`${digits} hexadecimal digits`);
    this.#at += digits;
  }

  /** `<[12]>`, or `!<[12]>`. By its text a token depends on the vocabulary: nobody here writes one so. */
  #token(): Piece {
    const found = /^!?<\[(\d{1,9})\]>/.exec(this.#text.slice(this.#at, this.#at + 16));
    if (!found) this.#fail('a token such as <[12]>');
    this.#at += found[0].length;
    return 'text';
  }

  /** By how much it repeats, 0 = not once; the item before becomes one that may be missing where it may. */
  #repetition(pieces: Piece[], isNested: boolean): number {
    const sign = this.#next;
    this.#at++;
    this.#space(isNested);
    const [least, most] = sign === '{' ? this.#range(isNested) : [sign === '+' ? 1 : 0, sign === '?' ? 1 : undefined];
    const last = pieces.at(-1) as Piece;
    if (least === 0) pieces.pop();
    if (most === 0) return 0;
    const more = most === undefined ? 1 : most - least;
    const rule = `{${this.#symbols.size}`;
    for (let made = 0; made < more; made++) this.#symbol(`{${this.#symbols.size}`);
    // Without an end it is made of itself: what may stand for nothing would begin with itself.
    if (more > 0) {
      this.#rules.set(rule, [most === undefined ? [last, {rule}] : [last], []]);
      pieces.push({rule});
    }
    return Math.max(1, most || least);
  }

  #range(isNested: boolean): [least: number, most: number | undefined] {
    const least = this.#count();
    this.#space(isNested);
    let most: number | undefined = least;
    if (this.#next === ',') {
      this.#at++;
      this.#space(isNested);
      most = /\d/.test(this.#next) ? this.#count() : undefined;
      this.#space(isNested);
    }
    this.#expect('}');
    this.#space(isNested);
    if (least > MOST_REPEATED) throw new NoGbnf(`more than ${MOST_REPEATED} repetitions`);
    if (most !== undefined && most < least) throw new NoGbnf(`no number is at least ${least} and at most ${most}`);
    return [least, most !== undefined && most > MOST_REPEATED ? undefined : most];
  }

  #count(): number {
    const [digits = ''] = /^\d{1,9}/.exec(this.#text.slice(this.#at, this.#at + 10)) ?? [];
    if (digits === '') this.#fail('a number');
    this.#at += digits.length;
    return Number(digits);
  }

  #name(): string {
    const start = this.#at;
    while (/[a-zA-Z0-9-]/.test(this.#next)) this.#at++;
    if (this.#at === start) this.#fail('the name of a rule');
    return this.#text.slice(start, this.#at);
  }

  #symbol(name: string): string {
    this.#symbols.add(name);
    return name;
  }

  /** Blanks and comments. */
  #space(withLines: boolean): void {
    const blanks = withLines ? /(?:[ \t\r\n]|#[^\r\n]*)*/y : /(?:[ \t]|#[^\r\n]*)*/y;
    blanks.lastIndex = this.#at;
    blanks.exec(this.#text);
    this.#at = blanks.lastIndex;
  }

  get #next(): string {
    return this.#text[this.#at] ?? '';
  }

  #expect(wanted: string): void {
    if (!this.#text.startsWith(wanted, this.#at)) this.#fail(wanted);
    this.#at += wanted.length;
  }

  #fail(wanted: string): never {
    const line = this.#text.slice(0, this.#at).split('\n').length;
    throw new NoGbnf(`line ${line} has "${this.#text.slice(this.#at, this.#at + 12)}" where ${wanted} must stand`);
  }
}

/** Every rule that is named must be there, `root` among them, and none may begin with itself. */
function checkRules(rules: ReadonlyMap<string, Piece[][]>, names: readonly string[]): void {
  const missing = ['root', ...names].find((name) => !rules.has(name));
  if (missing !== undefined) throw new NoGbnf(`it has no rule "${missing}"`);
  const empty = emptyRules(rules);
  const done = new Set<string>();
  const visit = (name: string, open: readonly string[]) => {
    if (open.includes(name)) throw new NoGbnf(`the rule "${shown(name, open)}" begins with itself`);
    if (open.length > DEEPEST) throw new NoGbnf(`rules refer to others at their beginning more than ${DEEPEST} times`);
    if (done.has(name)) return;
    for (const choice of rules.get(name) ?? []) {
      for (const piece of choice) {
        if (piece === 'text') break;
        visit(piece.rule, [...open, name]);
        if (!empty.has(piece.rule)) break;
      }
    }
    done.add(name);
  };
  for (const name of rules.keys()) visit(name, []);
}

/** A rule that was made of a group has no name that anybody wrote. */
function shown(name: string, open: readonly string[]): string {
  return [name, ...open.toReversed()].find((one) => NAME.test(one)) ?? 'root';
}

/** Those that may stand for nothing. */
function emptyRules(rules: ReadonlyMap<string, Piece[][]>): ReadonlySet<string> {
  const empty = new Set<string>();
  for (let before = -1; before < empty.size; ) {
    before = empty.size;
    for (const [name, choices] of rules) {
      const isEmpty = (choice: readonly Piece[]) => choice.every((piece) => piece !== 'text' && empty.has(piece.rule));
      if (!empty.has(name) && choices.some(isEmpty)) empty.add(name);
    }
  }
  return empty;
}
