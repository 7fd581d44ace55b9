// A TokenModel that answers from a script: for tests of everything above the engine.
import type {GenerateOptions, TokenEvent, TokenModel} from '../../src/engine/contract/backend.ts';
import {commonPrefix, type Prompt, type Token, textPrompt, wholeLength} from '../../src/engine/contract/prompt.ts';

export interface Script {
  /** What it "generates" for a prompt; end-of-generation ids end the answer as they do in a real model. */
  readonly answer: (prompt: readonly Token[]) => readonly Token[];
  /** What it would like to come next, best first, behind what it has generated; the first that may come does. */
  readonly ranked?: (generated: readonly Token[]) => readonly Token[];
  readonly endOfGeneration?: Token;
  readonly contextSize?: number;
  /** Runs before each token: a place to abort, to wait, or to throw. */
  readonly beforeToken?: (index: number) => void | Promise<void>;
}

export class ScriptedTokenModel implements TokenModel {
  readonly contextSize: number;
  readonly slots = 1;
  /** What each call was asked, in order. */
  readonly calls: {readonly prompt: readonly Token[]; readonly options: GenerateOptions}[] = [];
  /** The ids of each answer, in order. */
  readonly answers: Token[][] = [];
  closed = false;
  readonly #script: Script;
  #cache: Prompt = textPrompt([]);

  constructor(script: Script) {
    this.#script = script;
    this.contextSize = script.contextSize ?? 1000;
  }

  isEndOfGeneration(token: Token): boolean {
    return token === (this.#script.endOfGeneration ?? 2);
  }

  async *generate(given: Prompt, options: GenerateOptions, signal: AbortSignal): AsyncGenerator<TokenEvent> {
    const {tokens: prompt, media} = given;
    this.calls.push({prompt, options});
    if (signal.aborted) return;
    const cached = this.#reuse(given);
    const answer = this.#script.answer(prompt);
    yield {type: 'prompt', cached};
    yield {type: 'prefill', done: prompt.length - cached, total: prompt.length - cached};
    const room = this.contextSize - prompt.length + 1;
    const limit = Math.min(room, options.sampling.maxTokens ?? Number.POSITIVE_INFINITY);
    const generated: Token[] = [];
    this.answers.push(generated);
    const script = [...answer];
    const {guide} = options;
    while (generated.length < limit) {
      const next = guide?.next();
      // As an engine does whose likeliest token is the script's: one that must not come is passed over.
      while (next?.forced === undefined && next?.banned.includes(script[0] ?? -1)) script.shift();
      const wishes = this.#script.ranked?.(generated);
      const token = next?.forced ?? wishes?.find((one) => !next?.banned.includes(one)) ?? script.shift();
      if (token === undefined) return;
      const index = generated.length;
      await this.#script.beforeToken?.(index);
      if (signal.aborted) return;
      guide?.take(token);
      generated.push(token);
      this.#cache = {tokens: [...prompt, ...generated.slice(0, -1)], media};
      const {topLogprobs} = options.sampling;
      const told = topLogprobs !== undefined && next?.forced === undefined;
      yield {
        type: 'token',
        token,
        ...(told && {logprob: {token, logprob: -index, top: []}}),
        ...(next?.forced !== undefined && {forced: true}),
      };
      if (this.isEndOfGeneration(token)) return;
    }
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  #reuse(prompt: Prompt): number {
    return Math.min(commonPrefix(this.#cache, prompt), wholeLength(prompt, prompt.tokens.length - 1));
  }
}
