// What a request says about the tokens of its answer (`TokenLimits`), as an engine takes it: bias, a guide, ends.
import {EngineError} from '../../base/errors.ts';
import type {Grammar, NextToken, TokenGuide} from '../contract/backend.ts';
import type {Token} from '../contract/prompt.ts';
import type {TokenLimits} from '../contract/sampling.ts';
import {BIAS} from '../contract/sampling-table.ts';
import type {Tokenizer} from '../contract/tokenizer.ts';
import type {GenerationInput} from './generate.ts';

/**
 * The same generation within the limits of its request.
 * @throws EngineError `invalid_request` for a token the vocabulary lacks, for an end that must not come beside a form that
 * ends by itself.
 */
export function withinLimits(input: GenerationInput, tokenizer: Tokenizer): GenerationInput {
  const {limits, ...sampling} = input.sampling;
  if (limits === undefined) return input;
  const {ignoreEnd = false, minTokens = 0, stopTokens = [], badWords = []} = limits;
  const isForm = input.grammar !== undefined && input.grammar.after === undefined;
  if (isForm && (ignoreEnd || minTokens > 0)) {
    const param = ignoreEnd ? 'ignore_eos' : 'min_tokens';
    throw new EngineError('invalid_request', `'${param}': the form of the answer says where it ends`, {param});
  }
  checkKnown(stopTokens, 'stop_token_ids', tokenizer);
  const ends = ignoreEnd || minTokens > 0 ? endsOf(input, tokenizer) : [];
  const bias = new Map([...(sampling.logitBias ?? []), ...biasOf(limits, ignoreEnd ? ends : [], tokenizer)]);
  const words = badWords.flatMap((word) => spellings(word, tokenizer));
  const needsGuide = minTokens > 0 || words.length > 0;
  const inner = input.guide ?? new Unguided(input.grammar);
  const early = [...(ignoreEnd ? [] : ends), ...stopTokens];
  const {grammar: _with, ...rest} = input;
  return {
    ...(needsGuide ? {...rest, guide: new LimitingGuide(inner, {early, minTokens, words})} : input),
    sampling: {...sampling, ...(bias.size > 0 && {logitBias: bias})},
    ...(stopTokens.length > 0 && {stopTokens: new Set(stopTokens)}),
    ...(minTokens > 0 && {minTokens}),
  };
}

function checkKnown(tokens: readonly Token[], param: string, {vocabSize}: Tokenizer): void {
  const at = tokens.findIndex((token) => token >= vocabSize);
  if (at < 0) return;
  const message = `'${param}' names the token ${tokens[at]}, which this model does not have`;
  throw new EngineError('invalid_request', message, {param: `${param}[${at}]`});
}

/** Every token that ends an answer of this model. */
function endsOf({model, ends}: GenerationInput, {vocabSize}: Tokenizer): readonly Token[] {
  const tokens: Token[] = [];
  for (let token = 0; token < vocabSize; token++) {
    if (model.isEndOfGeneration(token) || ends?.has(token)) tokens.push(token);
  }
  return tokens;
}

function biasOf(limits: TokenLimits, never: readonly Token[], tokenizer: Tokenizer): (readonly [Token, number])[] {
  const {wordBias = [], allowedTokens} = limits;
  const words = wordBias.flatMap(([text, bias]) => tokenizer.encode(text).map((token) => [token, bias] as const));
  const forbidden: Token[] = [...never];
  if (allowedTokens) {
    checkKnown(allowedTokens, 'allowed_token_ids', tokenizer);
    const allowed = new Set(allowedTokens);
    for (let token = 0; token < tokenizer.vocabSize; token++) if (!allowed.has(token)) forbidden.push(token);
  }
  return [...words, ...forbidden.map((token) => [token, BIAS.min] as const)];
}

/** The ids of a text at the beginning of an answer, behind a space, and in the middle of a word; a space it has is no part of it. */
function spellings(word: string, tokenizer: Tokenizer): readonly Token[][] {
  const bare = word.trimStart() === '' ? word : word.trimStart();
  const line = tokenizer.encode('\n');
  const behindLine = tokenizer.encode(`\n${bare}`);
  const isApart = line.every((token, at) => behindLine[at] === token);
  const all = [
    tokenizer.encode(bare),
    tokenizer.encode(` ${bare}`),
    ...(isApart ? [behindLine.slice(line.length)] : []),
  ];
  const texts = new Map(all.map((tokens) => [tokens.join(' '), tokens]));
  return [...texts.values()].filter((tokens) => tokens.length > 0);
}

/** A grammar alone, as a guide. */
class Unguided implements TokenGuide {
  readonly #next: NextToken;

  constructor(grammar: Grammar | undefined) {
    this.#next = {banned: [], grammar, holds: {tokens: Number.POSITIVE_INFINITY, unless: []}};
  }

  next(): NextToken {
    return this.#next;
  }

  take(): void {}
}

interface Bans {
  /** Must not come before `minTokens` have come. */
  readonly early: readonly Token[];
  readonly minTokens: number;
  /** The last token of each must not come behind the others. */
  readonly words: readonly Token[][];
}

/** Another guide, with more that must not come. */
class LimitingGuide implements TokenGuide {
  readonly #inner: TokenGuide;
  readonly #bans: Bans;
  /** As many of the last tokens as a word has before its end. */
  readonly #tail: Token[] = [];
  readonly #tailLength: number;
  readonly #beginnings: readonly Token[];
  #taken = 0;
  #banned: readonly Token[] = [];

  constructor(inner: TokenGuide, bans: Bans) {
    this.#inner = inner;
    this.#bans = bans;
    this.#tailLength = Math.max(0, ...bans.words.map((word) => word.length - 1));
    this.#beginnings = [...new Set(bans.words.flatMap((word) => word.slice(0, -1)))];
  }

  next(): NextToken {
    const inner = this.#inner.next();
    if (inner.forced !== undefined) return inner;
    const isEarly = this.#taken < this.#bans.minTokens;
    const banned = [...inner.banned, ...(isEarly ? this.#bans.early : []), ...this.#wordEnds()];
    const isSame = banned.length === this.#banned.length && banned.every((token, at) => token === this.#banned[at]);
    if (!isSame) this.#banned = banned;
    const {holds, ...rest} = inner;
    return {...rest, banned: this.#banned, ...(holds && {holds: this.#holds(holds, isEarly)})};
  }

  take(token: Token): void {
    this.#inner.take(token);
    this.#taken++;
    if (this.#tailLength === 0) return;
    this.#tail.push(token);
    if (this.#tail.length > this.#tailLength) this.#tail.shift();
  }

  #holds(holds: NonNullable<NextToken['holds']>, isEarly: boolean): NonNullable<NextToken['holds']> {
    const tail = this.#tail;
    // In the middle of a word what is forbidden differs from token to token.
    if (tail.some((token) => this.#beginnings.includes(token))) return {tokens: 1, unless: holds.unless};
    const left = isEarly ? this.#bans.minTokens - this.#taken : Number.POSITIVE_INFINITY;
    return {tokens: Math.min(holds.tokens, left), unless: [...holds.unless, ...this.#beginnings]};
  }

  #wordEnds(): readonly Token[] {
    return this.#bans.words.flatMap((word) => {
      const before = word.slice(0, -1);
      const tail = this.#tail.slice(this.#tail.length - before.length);
      const isBehind =
        before.length === 0 || (tail.length === before.length && before.every((one, at) => one === tail[at]));
      return isBehind ? word.slice(-1) : [];
    });
  }
}
