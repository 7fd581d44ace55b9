// How the next token is chosen and when generation ends: one set of fields and the rules for their values.

import {EngineError} from '../../base/errors.ts';
import {
  BIAS,
  isInRange,
  MAX_BIASES,
  MAX_STOP_LENGTH,
  MAX_STOP_TEXTS,
  type NumberKey,
  rangeText,
  SAMPLING,
} from './sampling-table.ts';

/**
 * Absent means: the neutral value that changes nothing. Temperature 0 is argmax, with no hidden penalty. The ranges stand
 * in the table of sampling parameters.
 */
export interface SamplingParams {
  readonly temperature: number;
  readonly topP?: number;
  /** 0 = off. */
  readonly topK?: number;
  readonly minP?: number;
  /** Absent = a fresh one, reported in the usage. */
  readonly seed?: number;
  /** Multiplicative, 1 = off (llama.cpp's repeat_penalty, HF's repetition_penalty). */
  readonly repeatPenalty?: number;
  /** Tokens the repeat penalty looks back at, in prompt and answer; -1 = all. Absent = 64. */
  readonly repeatWindow?: number;
  /** OpenAI's meaning. */
  readonly frequencyPenalty?: number;
  readonly presencePenalty?: number;
  /** No run of this many tokens occurs twice; 0 = off. */
  readonly noRepeatNgramSize?: number;
  /** Added to a token's logit, -100 to 100 (-100 = never). */
  readonly logitBias?: ReadonlyMap<number, number>;
  /** Generated tokens at most; absent = up to the context limit. */
  readonly maxTokens?: number;
  /** Tokens of thoughts at most, without their marks; absent = as many as leave room for the answer. */
  readonly thinkingBudget?: number;
  /** Generation ends before the first of these; never part of the answer. */
  readonly stop?: readonly string[];
  /** The stop string, or stop token, that ended the answer is part of it. */
  readonly keepStop?: boolean;
  /** Report the raw distribution's log-probability of each token, with this many alternatives (0 = the token alone). */
  readonly topLogprobs?: number;
  /** These are of the distribution that the token was drawn from: behind bias, penalties, temperature and truncation. */
  readonly afterSampling?: boolean;
  /** Report the ids of all generated tokens. */
  readonly returnTokens?: boolean;
  readonly limits?: TokenLimits;
}

/** What may be in an answer and how it may end, in the words and ids of the model's vocabulary; nobody but a local model knows them. */
export interface TokenLimits {
  /** The model's own ends never come: the answer is as long as `maxTokens` or the context allows. */
  readonly ignoreEnd?: boolean;
  /** Before so many tokens no end of the model's, no stop token and no stop string counts. */
  readonly minTokens?: number;
  /** Tokens that end the answer, besides the model's own. */
  readonly stopTokens?: readonly number[];
  /** Nothing but these may come. */
  readonly allowedTokens?: readonly number[];
  /** Texts of which the last token never comes behind the others (vLLM's `bad_words`). */
  readonly badWords?: readonly string[];
  /** As `logitBias`, for each token of a text (llama-server's). */
  readonly wordBias?: readonly (readonly [text: string, bias: number])[];
}

/** @throws EngineError `invalid_request` that names the field (`param`) and the values it takes. */
export function validateSampling(params: SamplingParams): void {
  for (const row of SAMPLING) {
    const value = params[row.key];
    if (value === undefined || isInRange(row, value)) continue;
    throw new EngineError('invalid_request', `${row.key} must be ${rangeText(row)}, not ${value}`, {param: row.key});
  }
  const {topLogprobs = 0} = params;
  if (!Number.isSafeInteger(topLogprobs) || topLogprobs < 0) {
    throw new EngineError('invalid_request', `topLogprobs must be an integer, at least 0, not ${topLogprobs}`, {
      param: 'topLogprobs',
    });
  }
  const biases = params.logitBias?.size ?? 0;
  if (biases > MAX_BIASES) {
    throw new EngineError('invalid_request', `at most ${MAX_BIASES} entries of logitBias, not ${biases}`, {
      param: 'logitBias',
    });
  }
  const bias = [...(params.logitBias?.values() ?? [])].find((value) => !isInRange(BIAS, value));
  if (bias !== undefined) {
    throw new EngineError('invalid_request', `a value of logitBias must be ${rangeText(BIAS)}, not ${bias}`, {
      param: 'logitBias',
    });
  }
  const {minTokens = 0} = params.limits ?? {};
  if (minTokens > (params.maxTokens ?? minTokens)) {
    throw new EngineError(
      'invalid_request',
      `min_tokens (${minTokens}) is more than max_tokens (${params.maxTokens})`,
      {
        param: 'min_tokens',
      },
    );
  }
  const {stop = []} = params;
  if (stop.includes('')) {
    throw new EngineError('invalid_request', 'a stop string must not be empty', {param: 'stop'});
  }
  if (stop.length > MAX_STOP_TEXTS) {
    throw new EngineError('invalid_request', `at most ${MAX_STOP_TEXTS} stop strings, not ${stop.length}`, {
      param: 'stop',
    });
  }
  const length = stop.reduce((sum, text) => sum + text.length, 0);
  if (length > MAX_STOP_LENGTH) {
    throw new EngineError(
      'invalid_request',
      `stop strings of at most ${MAX_STOP_LENGTH} characters together, not ${length}`,
      {
        param: 'stop',
      },
    );
  }
}

/** Figures that are recommended for a model, each with where it is from, in words that follow "(". */
export type RecommendedSampling = {
  readonly [Key in NumberKey]?: {readonly value: number; readonly origin: string};
};

/** The sampling of a run, before the model that it is for is known. */
export interface SamplingChoice {
  /** What somebody asked for. */
  readonly asked: Partial<SamplingParams>;
  /** What this program does where nobody asked and the model recommends nothing. */
  readonly otherwise: SamplingParams;
  /** What the model recommends is left out. */
  readonly withoutModel?: boolean;
}

/**
 * What holds for a model: what was asked for, else what is recommended, else this program's own. A recommendation is one
 * recipe: this program's own limits of the likely tokens are not mixed into it.
 */
export function chosenSampling(choice: SamplingChoice, recommended: RecommendedSampling = {}): SamplingParams {
  const {asked, otherwise, withoutModel} = choice;
  const figures = withoutModel ? [] : Object.entries(recommended).map(([key, {value}]) => [key, value] as const);
  const {temperature, maxTokens} = otherwise;
  const own = figures.length === 0 ? otherwise : {temperature, ...(maxTokens !== undefined && {maxTokens})};
  return {...own, ...Object.fromEntries(figures), ...asked};
}

/**
 * The sampling of a chat that goes on with another model: what the person changed or switched off stays so, what the first
 * model recommended goes.
 */
export function carriedSampling(
  now: SamplingParams,
  choice: SamplingChoice,
  [before, after]: readonly [RecommendedSampling | undefined, RecommendedSampling | undefined],
): SamplingParams {
  const then = new Map<string, unknown>(Object.entries(chosenSampling(choice, before)));
  const changed = Object.entries(now).filter(([name, value]) => then.get(name) !== value);
  const off = [...then.keys()].filter((name) => !Object.hasOwn(now, name));
  const base = Object.entries(chosenSampling(choice, after)).filter(([name]) => !off.includes(name));
  return {temperature: now.temperature, ...Object.fromEntries([...base, ...changed])};
}

/**
 * One line about figures that the model recommends, such as `sampling: temperature 0.15 (the file), top_p 1`; undefined
 * where none of them holds.
 */
export function samplingLine(choice: SamplingChoice, recommended: RecommendedSampling = {}): string | undefined {
  const taken = (key: NumberKey) =>
    choice.withoutModel || choice.asked[key] !== undefined ? undefined : recommended[key];
  if (!SAMPLING.some(({key}) => taken(key) !== undefined)) return undefined;
  const chosen = {topP: 1, ...chosenSampling(choice, recommended)};
  const figures = SAMPLING.flatMap(({key, set: [name]}) => {
    const origin = taken(key)?.origin;
    if (origin === undefined && key !== 'temperature' && key !== 'topP') return [];
    return [`${name} ${chosen[key]}${origin === undefined ? '' : ` (${origin})`}`];
  });
  return `sampling: ${figures.join(', ')}`;
}
