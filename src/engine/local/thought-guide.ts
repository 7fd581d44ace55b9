// Keeps the thoughts of one answer within their budget: which ids may come next, and when a thought is ended.
import type {Grammar, NextToken, TokenGuide} from '../contract/backend.ts';
import type {Token} from '../contract/prompt.ts';
import type {TemplateVersion} from '../contract/requests.ts';
import {TEMPLATES} from '../contract/templates.ts';
import type {TokenDecoder, Tokenizer} from '../contract/tokenizer.ts';
import {closingText, PlainThought} from '../template/parse/plain-thought.ts';

export interface ThoughtRules {
  /** Tokens of all thoughts together, without their marks. */
  readonly budget: number;
  /** The ids the model goes on from: they may end inside a thought. */
  readonly prompt: readonly Token[];
  /** What holds the answer. */
  readonly grammar?: Grammar | undefined;
  /** Where a thought may come before it, how it begins and goes on behind one; absent: none may come. */
  readonly thoughtful?: {readonly opening: Grammar; readonly behind: Grammar} | undefined;
}

/** The guide of an answer; undefined where a model of this version and vocabulary has no thoughts. */
export function thoughtGuide(
  tokenizer: Tokenizer,
  version: TemplateVersion,
  rules: ThoughtRules,
): TokenGuide | undefined {
  const row = TEMPLATES[version];
  const [open, close] = [tokenizer.controlId('[THINK]'), tokenizer.controlId('[/THINK]')];
  if (row.thinking === 'encoded' && open !== undefined && close !== undefined) {
    return new MarkedThought(tokenizer, {open, close}, rules);
  }
  const isBeginning = tokenizer.isControl(rules.prompt.at(-1) ?? tokenizer.bos);
  // A form begins at its first token, and there is none for a thought in words.
  if (row.plainThought === 'none' || !isBeginning || (rules.grammar && rules.grammar.after === undefined)) {
    return undefined;
  }
  return new WordedThought(tokenizer, rules);
}

const NONE: readonly Token[] = [];
const FOR_GOOD = {tokens: Number.POSITIVE_INFINITY, unless: NONE};

/** A thought between two control tokens. */
class MarkedThought implements TokenGuide {
  readonly #open: Token;
  readonly #close: Token;
  readonly #rules: ThoughtRules;
  /** In a thought: all control tokens but its end, first the ends of the answer. */
  readonly #inside: readonly Token[];
  /** The same for the first token of a thought that a form asks to be none that is empty. */
  readonly #first: readonly Token[];
  readonly #noMark: readonly Token[];
  #phase: 'free' | 'thinking' | 'behind' = 'free';
  #used = 0;
  #isFirst = false;
  /** The last id ended a thought. */
  #hasEnded = false;

  constructor(tokenizer: Tokenizer, {open, close}: {open: Token; close: Token}, rules: ThoughtRules) {
    this.#open = open;
    this.#close = close;
    this.#rules = rules;
    const controls = controlTokens(tokenizer).filter((token) => token !== close);
    this.#inside = [tokenizer.eos, open, ...controls.filter((token) => token !== tokenizer.eos && token !== open)];
    this.#first = [close, ...this.#inside];
    this.#noMark = [open, close];
    if (rules.prompt.findLast((token) => tokenizer.isControl(token)) === open) this.#phase = 'thinking';
  }

  next(): NextToken {
    if (this.#phase === 'thinking') {
      const grammar = this.#rules.grammar?.after === undefined ? undefined : this.#rules.grammar;
      const left = this.#rules.budget - this.#used;
      if (left <= 0) return {forced: this.#close, banned: NONE, grammar};
      const isFirst = this.#isFirst && this.#isForm;
      const holds = {tokens: isFirst ? 1 : left, unless: this.#noMark};
      return {banned: isFirst ? this.#first : this.#inside, grammar, holds};
    }
    const mayBegin = this.#mayThink && !this.#hasEnded;
    // Behind the end of a thought another one may begin, but not at once.
    const holds = {tokens: this.#hasEnded ? 1 : Number.POSITIVE_INFINITY, unless: this.#noMark};
    return {banned: mayBegin ? NONE : this.#noMark, grammar: this.#grammar, holds};
  }

  take(token: Token): void {
    this.#hasEnded = token === this.#close;
    if (this.#phase === 'thinking' && token === this.#close) {
      this.#phase = 'behind';
    } else if (this.#phase === 'thinking') {
      this.#used += 1;
      this.#isFirst = false;
    } else if (token === this.#open) {
      this.#phase = 'thinking';
      this.#isFirst = true;
    }
  }

  /** The answer is held from its first token on. */
  get #isForm(): boolean {
    const {grammar} = this.#rules;
    return grammar !== undefined && grammar.after === undefined;
  }

  get #mayThink(): boolean {
    if (this.#used >= this.#rules.budget) return false;
    return !this.#isForm || (this.#phase === 'free' && this.#rules.thoughtful !== undefined);
  }

  get #grammar(): Grammar | undefined {
    const {grammar, thoughtful} = this.#rules;
    if (!this.#isForm || thoughtful === undefined) return grammar;
    return this.#phase === 'behind' ? thoughtful.behind : thoughtful.opening;
  }
}

/** A thought in words, `<think>` at the very beginning of an answer, as models of v11 write it. */
class WordedThought implements TokenGuide {
  readonly #tokenizer: Tokenizer;
  readonly #rules: ThoughtRules;
  readonly #thought = new PlainThought();
  readonly #inside: readonly Token[];
  readonly #decoder: TokenDecoder;
  #used = 0;
  #closing: Token[] | undefined;

  constructor(tokenizer: Tokenizer, rules: ThoughtRules) {
    this.#tokenizer = tokenizer;
    this.#rules = rules;
    this.#decoder = tokenizer.decoder();
    this.#inside = controlTokens(tokenizer);
  }

  next(): NextToken {
    const {grammar, budget} = this.#rules;
    const [forced] = this.#closing ?? [];
    if (forced !== undefined) return {forced, banned: NONE, grammar};
    if (!this.#thought.isThinking) return {banned: NONE, grammar, ...(this.#thought.isOver && {holds: FOR_GOOD})};
    if (this.#used < budget) return {banned: this.#inside, grammar};
    const [first] = this.#ending();
    return first === undefined ? {banned: NONE, grammar} : {forced: first, banned: NONE, grammar};
  }

  take(token: Token): void {
    if (this.#closing?.[0] === token) this.#closing.shift();
    else if (this.#thought.isThinking) {
      if (this.#used >= this.#rules.budget) this.#closing = this.#ending().slice(1);
      else this.#used += 1;
    }
    if (!this.#tokenizer.isControl(token)) this.#thought.push(this.#decoder.push(token));
  }

  /** What of the end of a thought the model has not written yet. */
  #ending(): Token[] {
    return this.#tokenizer.encode(closingText(this.#thought.unsettled));
  }
}

const controls = new WeakMap<Tokenizer, readonly Token[]>();

function controlTokens(tokenizer: Tokenizer): readonly Token[] {
  const known = controls.get(tokenizer);
  if (known) return known;
  const found = Array.from({length: tokenizer.vocabSize}, (_, token) => token).filter((token) =>
    tokenizer.isControl(token),
  );
  controls.set(tokenizer, found);
  return found;
}
