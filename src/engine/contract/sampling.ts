// How the next token is chosen and when generation ends: one set of fields and the rules for their values.
import {EngineError} from '../../base/errors.ts';

/** Absent means: the neutral value that changes nothing. Temperature 0 is argmax, with no hidden penalty. */
export interface SamplingParams {
  /** 0 or more. */
  readonly temperature: number;
  /** 0 < topP <= 1. */
  readonly topP?: number;
  /** 0 = off. */
  readonly topK?: number;
  /** 0 <= minP < 1. */
  readonly minP?: number;
  /** 0 to 2^32 - 1; absent = a fresh one, reported in the usage. */
  readonly seed?: number;
  /** Multiplicative, 1 = off (llama.cpp's repeat_penalty, HF's repetition_penalty). */
  readonly repeatPenalty?: number;
  /** -2 to 2, OpenAI's meaning. */
  readonly frequencyPenalty?: number;
  readonly presencePenalty?: number;
  /** No run of this many tokens occurs twice; 0 = off. */
  readonly noRepeatNgramSize?: number;
  /** Added to a token's logit, -100 to 100 (-100 = never). */
  readonly logitBias?: ReadonlyMap<number, number>;
  /** Generated tokens at most; absent = up to the context limit. */
  readonly maxTokens?: number;
  /** Generation ends before the first of these; never part of the answer. */
  readonly stop?: readonly string[];
  /** Report the raw distribution's log-probability of each token, with this many alternatives (0 = the token alone). */
  readonly topLogprobs?: number;
}

interface Rule {
  readonly isValid: (value: number) => boolean;
  readonly range: string;
}

const between = (low: number, high: number): Rule => ({
  isValid: (value) => value >= low && value <= high,
  range: `between ${low} and ${high}`,
});
const wholeFrom0 = (high = Number.MAX_SAFE_INTEGER, range = 'a whole number of 0 or more'): Rule => ({
  isValid: (value) => Number.isInteger(value) && value >= 0 && value <= high,
  range,
});

const RULES = {
  temperature: {isValid: (value) => value >= 0 && value < Number.POSITIVE_INFINITY, range: '0 or more'},
  topP: {isValid: (value) => value > 0 && value <= 1, range: 'above 0 and at most 1'},
  topK: wholeFrom0(),
  minP: {isValid: (value) => value >= 0 && value < 1, range: '0 or more and below 1'},
  seed: wholeFrom0(2 ** 32 - 1, 'a whole number from 0 to 4294967295'),
  repeatPenalty: {isValid: (value) => value > 0 && value < Number.POSITIVE_INFINITY, range: 'above 0'},
  frequencyPenalty: between(-2, 2),
  presencePenalty: between(-2, 2),
  noRepeatNgramSize: wholeFrom0(),
  maxTokens: wholeFrom0(),
  topLogprobs: wholeFrom0(),
} as const satisfies Record<string, Rule>;

/** @throws EngineError `invalid_request` that names the field (`param`) and the values it takes. */
export function validateSampling(params: SamplingParams): void {
  for (const [name, rule] of Object.entries(RULES)) {
    const value = params[name as keyof typeof RULES];
    if (value === undefined || rule.isValid(value)) continue;
    throw new EngineError('invalid_request', `${name} must be ${rule.range}, not ${value}`, {param: name});
  }
  const bias = [...(params.logitBias?.values() ?? [])].find((value) => !(value >= -100 && value <= 100));
  if (bias !== undefined) {
    throw new EngineError('invalid_request', `logitBias values must be between -100 and 100, not ${bias}`, {
      param: 'logitBias',
    });
  }
  if (params.stop?.includes('')) {
    throw new EngineError('invalid_request', 'a stop string must not be empty', {param: 'stop'});
  }
}
