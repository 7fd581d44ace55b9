// One answer's sampling: turns SamplingParams into the native sampler's settings before each token, and reads the raw
// distribution when log-probabilities are asked for.
import {EngineError} from '../../../base/errors.ts';
import type {GenerateOptions, Grammar, NextToken, TokenGuide, TokenLogprob} from '../../contract/backend.ts';
import {HOLE, type Token} from '../../contract/prompt.ts';
import type {SamplingParams} from '../../contract/sampling.ts';
import type {Native, NativeGrammar, NativeSampler, NativeSamplerConfig} from '../native-context.ts';
import {drawnLogprob, rawLogprobs} from './logprobs.ts';
import {NgramBlocker} from './ngram-blocker.ts';

/** llama.cpp's default repeat_last_n: popular repeat_penalty values are tuned for it. */
const USUAL_WINDOW = 64;
const NEVER = -100;
/** More than any vocabulary has. */
const WHOLE_VOCABULARY = 2 ** 31 - 1;
/** llama.cpp's LLAMA_DEFAULT_SEED: it draws a seed of its own, so that no answer could be had again. */
const RANDOM_SEED = 2 ** 32 - 1;

export interface SampledToken {
  readonly token: Token;
  readonly logprob?: TokenLogprob;
  /** The guide had it come: nothing was sampled. */
  readonly forced?: true;
}

/**
 * Frequency and presence penalties count generated tokens, as OpenAI and vLLM do; the repeat penalty looks at the last
 * tokens of prompt and answer (`repeatWindow`), as llama.cpp does; n-grams are counted over prompt and answer, as Hugging Face does.
 */
export class TokenSampler {
  readonly #native: Native;
  readonly #params: SamplingParams;
  readonly #guide: TokenGuide | undefined;
  readonly #sampler: NativeSampler;
  readonly #base: NativeSamplerConfig;
  readonly #counts = new Map<Token, number>();
  readonly #ngrams: NgramBlocker | undefined;
  readonly #recent: Token[] = [];
  readonly #window: number;
  /** What holds where no guide says something else. */
  readonly #unguided: NextToken;
  #banned: readonly Token[] = [];
  #grammar: Grammar | undefined;
  #state: NativeGrammar | undefined;
  #grammarRuns = false;
  #configured = false;

  constructor(native: Native, {sampling, grammar, guide}: GenerateOptions, prompt: readonly Token[]) {
    this.#native = native;
    this.#params = sampling;
    this.#guide = guide;
    this.#sampler = native.createSampler();
    this.#base = baseConfig(sampling);
    this.#unguided = {banned: this.#banned, grammar};
    if (sampling.noRepeatNgramSize) this.#ngrams = new NgramBlocker(sampling.noRepeatNgramSize, prompt);
    this.#window = windowOf(sampling);
    if (this.#base.repeatPenalty !== undefined)
      for (const token of lastTokens(prompt, this.#window)) this.#recent.push(token);
  }

  /** Has what the first token needs. @throws EngineError `invalid_request` for a grammar that is none. */
  prepare(): Promise<void> {
    return this.#hold(this.#guide?.next() ?? this.#unguided);
  }

  /** Draws the next token from the logits at `logitIndex` of the batch just decoded, or takes the guide's. */
  async sample(logitIndex: number): Promise<SampledToken> {
    const next = this.#guide?.next() ?? this.#unguided;
    if (next.forced !== undefined) return this.#accept({token: next.forced, forced: true});
    await this.#hold(next);
    this.#configure();
    const token = await this.#native.context.sampleToken(logitIndex, this.#sampler);
    if (token < 0) {
      throw new EngineError('invalid_request', 'no token may come next: the form, the bias and the limits leave none', {
        hint: 'Ask for less at once: a form of the answer beside forbidden or allowed tokens, or an end that must not come.',
      });
    }
    const {topLogprobs, afterSampling} = this.#params;
    if (topLogprobs === undefined) return this.#accept({token});
    if (afterSampling) return this.#accept({token, logprob: await this.#drawnFrom(logitIndex, token, topLogprobs)});
    const logits = await this.#native.context.rawLogits(logitIndex, token, topLogprobs);
    return this.#accept({token, logprob: rawLogprobs(logits, token, topLogprobs)});
  }

  /** The probabilities that the token was drawn by; a grammar is not asked about the others. */
  async #drawnFrom(logitIndex: number, token: Token, top: number): Promise<TokenLogprob> {
    const logits = await this.#native.context.rawLogits(logitIndex, token, WHOLE_VOCABULARY);
    return drawnLogprob(token, top, logits, {...this.#base, biases: this.#biases(), recent: this.#recent});
  }

  dispose(): void {
    this.#sampler.dispose();
    this.#state?.dispose();
    this.#state = undefined;
  }

  /** Takes what may come next into the settings of the native sampler. */
  async #hold({banned, grammar}: NextToken): Promise<void> {
    if (banned !== this.#banned) {
      this.#banned = banned;
      this.#configured = false;
    }
    if (grammar === this.#grammar) return;
    const before = this.#state;
    this.#state = grammar && (await startGrammar(this.#native, grammar));
    this.#grammar = grammar;
    this.#grammarRuns = grammar !== undefined && grammar.after === undefined;
    // The native sampler lets go of one before it is freed.
    this.#configured = false;
    this.#configure();
    before?.dispose();
  }

  #accept(sampled: SampledToken): SampledToken {
    const {token} = sampled;
    this.#guide?.take(token);
    this.#ngrams?.push(token);
    if (this.#params.frequencyPenalty || this.#params.presencePenalty) {
      this.#counts.set(token, (this.#counts.get(token) ?? 0) + 1);
    }
    if (this.#base.repeatPenalty !== undefined) {
      this.#recent.push(token);
      if (this.#recent.length > this.#window) this.#recent.shift();
    }
    if (this.#grammar?.after === token && !this.#grammarRuns) {
      this.#grammarRuns = true;
      this.#configured = false;
    }
    return sampled;
  }

  #configure(): void {
    const changing = this.#ngrams || this.#counts.size > 0 || this.#base.repeatPenalty !== undefined;
    if (this.#configured && !changing) return;
    this.#configured = true;
    const config: NativeSamplerConfig = {...this.#base};
    if (this.#base.repeatPenalty !== undefined) {
      config.repeatPenaltyTokens = Uint32Array.from(this.#recent);
      config.repeatPenaltyMaxTokens = ringSize(this.#recent.length, this.#window);
    }
    const biases = this.#biases();
    if (biases.size > 0) {
      config.tokenBiasKeys = Uint32Array.from(biases.keys());
      config.tokenBiasValues = Float32Array.from(biases.values());
    }
    if (this.#state && this.#grammarRuns) config.grammar = this.#state;
    this.#sampler.applyConfig(config);
  }

  /** What is added to the logits of this step. The native bias is additive, as OpenAI's is. */
  #biases(): Map<Token, number> {
    const biases = new Map<Token, number>();
    for (const [token, bias] of this.#params.logitBias ?? []) {
      biases.set(token, bias <= NEVER ? Number.NEGATIVE_INFINITY : bias);
    }
    const {frequencyPenalty = 0, presencePenalty = 0} = this.#params;
    for (const [token, count] of this.#counts) {
      biases.set(token, (biases.get(token) ?? 0) - frequencyPenalty * count - presencePenalty);
    }
    for (const token of this.#banned) biases.set(token, Number.NEGATIVE_INFINITY);
    for (const token of this.#ngrams?.blocked() ?? []) biases.set(token, Number.NEGATIVE_INFINITY);
    return biases;
  }
}

async function startGrammar(native: Native, {gbnf}: Grammar): Promise<NativeGrammar> {
  try {
    return await native.createGrammar(gbnf);
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError('invalid_request', 'the grammar is not valid GBNF', {cause: error});
  }
}

/** llama.cpp makes room for so many at once: in steps, so that it seldom has to, and never for all that could come. */
function ringSize(count: number, window: number): number {
  return Math.min(window, Math.max(USUAL_WINDOW, 2 ** Math.ceil(Math.log2(count + 1))));
}

function windowOf({repeatWindow = USUAL_WINDOW}: SamplingParams): number {
  return repeatWindow < 0 ? Number.MAX_SAFE_INTEGER : repeatWindow;
}

/** The last `count` tokens; the places of a medium are none, and the native sampler would read them as huge ids. */
function lastTokens(prompt: readonly Token[], count: number): Token[] {
  return prompt.filter((token) => token !== HOLE).slice(-count);
}

function baseConfig(params: SamplingParams): NativeSamplerConfig {
  const {temperature, seed = 0} = params;
  const config: NativeSamplerConfig = {temperature, seed: seed === RANDOM_SEED ? RANDOM_SEED - 1 : seed};
  if (params.temperature > 0) {
    if (params.topK) config.topK = params.topK;
    if (params.topP !== undefined && params.topP < 1) config.topP = params.topP;
    if (params.minP) config.minP = params.minP;
  }
  if (params.repeatPenalty !== undefined && params.repeatPenalty !== 1 && windowOf(params) > 0) {
    config.repeatPenalty = params.repeatPenalty;
  }
  return config;
}
