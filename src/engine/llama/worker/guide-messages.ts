// A guide that is asked in one thread about ids that are drawn in another. What it says holds for some ids ahead, as far as
// it knows; only when that ends, the engine waits for its next word.
import type {Grammar, NextToken, TokenGuide} from '../../contract/backend.ts';
import type {Token} from '../../contract/prompt.ts';

/** What a guide says of the id behind `taken` ids. What is absent is as before. */
export interface GuideWord {
  readonly taken: number;
  readonly forced?: Token;
  readonly banned?: readonly Token[];
  readonly grammar?: {readonly is: Grammar | undefined};
  readonly holds?: NextToken['holds'];
}

/** Whether a word holds on behind this id, `ahead` ids after it was said. */
function holdsBehind(holds: NextToken['holds'], ahead: number, token: Token): boolean {
  return holds !== undefined && ahead < holds.tokens && !holds.unless.includes(token);
}

/** The end at the guide: hears the ids, and says what has to be sent. */
export class GuideSpeaker {
  readonly #guide: TokenGuide;
  #taken = 0;
  #saidAt = 0;
  #said: NextToken | undefined;

  constructor(guide: TokenGuide) {
    this.#guide = guide;
  }

  /** The word for the first id. */
  begin(): GuideWord {
    return this.#say();
  }

  /** The word to be sent behind this id; undefined while the last one holds. */
  take(token: Token): GuideWord | undefined {
    this.#guide.take(token);
    this.#taken++;
    return holdsBehind(this.#said?.holds, this.#taken - this.#saidAt, token) ? undefined : this.#say();
  }

  #say(): GuideWord {
    const before = this.#said;
    const next = this.#guide.next();
    this.#said = next;
    this.#saidAt = this.#taken;
    return {
      taken: this.#taken,
      ...(next.forced !== undefined && {forced: next.forced}),
      ...(next.banned !== before?.banned && {banned: next.banned}),
      ...((before === undefined || next.grammar !== before.grammar) && {grammar: {is: next.grammar}}),
      ...(next.holds && {holds: next.holds}),
    };
  }
}

/** The end at the engine. */
export class GuideListener implements TokenGuide {
  #taken = 0;
  #saidAt = 0;
  #next: NextToken = {banned: []};
  #isKnown = false;

  constructor(first: GuideWord) {
    this.hear(first);
  }

  /** False while the next word has to be waited for. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  hear({taken, forced, banned, grammar, holds}: GuideWord): void {
    this.#next = {
      ...(forced !== undefined && {forced}),
      banned: banned ?? this.#next.banned,
      grammar: grammar ? grammar.is : this.#next.grammar,
      ...(holds && {holds}),
    };
    this.#saidAt = taken;
    this.#isKnown = taken === this.#taken;
  }

  /** @throws Error while the next word is not there. */
  next(): NextToken {
    if (!this.#isKnown) throw new Error('the guide was not heard');
    return this.#next;
  }

  take(token: Token): void {
    this.#taken++;
    this.#isKnown = holdsBehind(this.#next.holds, this.#taken - this.#saidAt, token);
  }
}
