// A TokenModel that answers from a script: for tests of everything above the engine.
import type {GenerateOptions, TokenEvent, TokenModel} from '../../src/engine/contract/backend.ts';
import {commonPrefix, type Prompt, type Token, textPrompt, wholeLength} from '../../src/engine/contract/prompt.ts';

export interface Script {
  /** What it "generates" for a prompt; end-of-generation ids end the answer as they do in a real model. */
  readonly answer: (prompt: readonly Token[]) => readonly Token[];
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
    const limit = Math.min(answer.length, room, options.sampling.maxTokens ?? Number.POSITIVE_INFINITY);
    const generated: Token[] = [];
    for (const [index, token] of answer.slice(0, limit).entries()) {
      await this.#script.beforeToken?.(index);
      if (signal.aborted) return;
      generated.push(token);
      this.#cache = {tokens: [...prompt, ...generated.slice(0, -1)], media};
      const {topLogprobs} = options.sampling;
      yield {type: 'token', token, ...(topLogprobs !== undefined && {logprob: {token, logprob: -index, top: []}})};
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
