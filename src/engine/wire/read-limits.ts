// What a request says about the tokens of its answer: ids and words that may come, must not come, or end it.
import {defined} from '../../base/defined.ts';
import {isJsonArray, isJsonNumber, isJsonObject, type Json} from '../../base/json.ts';
import type {Token} from '../contract/prompt.ts';
import type {SamplingParams, TokenLimits} from '../contract/sampling.ts';
import {BIAS, MAX_BIASES, TOKEN_ID} from '../contract/sampling-table.ts';
import {Fields} from './fields.ts';

/** Every field that is looked at: vLLM's, of which llama-server has the first. */
export const LIMIT_FIELDS: readonly string[] = [
  'ignore_eos',
  'min_tokens',
  'stop_token_ids',
  'allowed_token_ids',
  'bad_words',
  'include_stop_str_in_output',
];

export interface BiasRules {
  /** Values beyond OpenAI's range are taken for its ends, as llama-server does, not refused. */
  readonly isClamped?: boolean;
}

/** What a request says; absent where it says nothing. @throws Refusal with the path of the field at fault. */
export function readLimits(
  request: Fields,
  rules: BiasRules = {},
): Pick<SamplingParams, 'limits' | 'keepStop' | 'logitBias'> {
  const {ids, words} = readBias(request, rules);
  const limits: TokenLimits = defined({
    ignoreEnd: request.boolean('ignore_eos') || undefined,
    minTokens: request.number('min_tokens', {integer: true, min: 0}) || undefined,
    stopTokens: readIds(request, 'stop_token_ids'),
    allowedTokens: readIds(request, 'allowed_token_ids'),
    badWords: readWords(request),
    wordBias: words.length > 0 ? words : undefined,
  });
  return defined({
    logitBias: ids,
    keepStop: request.boolean('include_stop_str_in_output') || undefined,
    limits: Object.keys(limits).length > 0 ? limits : undefined,
  });
}

/** Undefined for an empty list, which asks for nothing. */
function readIds(request: Fields, name: string): readonly Token[] | undefined {
  const list = request.list(name) ?? [];
  const ids = list.map((token) => (isJsonNumber(token) ? Number(token.source) : Number.NaN));
  if (ids.some((id) => !Number.isSafeInteger(id) || id < 0)) throw request.wrong(name, 'a list of token ids');
  return ids.length > 0 ? ids : undefined;
}

function readWords(request: Fields): readonly string[] | undefined {
  const list = request.list('bad_words') ?? [];
  const words = list.filter((word) => typeof word === 'string' && word !== '');
  if (words.length < list.length) throw request.wrong('bad_words', 'a list of texts that are not empty');
  return words.length > 0 ? (words as string[]) : undefined;
}

interface Bias {
  readonly ids: ReadonlyMap<Token, number> | undefined;
  readonly words: readonly (readonly [text: string, bias: number])[];
}

/** Each is made into tokens before anything is generated. */
const MAX_WORDS = 1000;
const EXPECTED = 'an object or a list of pairs: a token id or a text, and a number or false';

/** OpenAI's object of ids; llama-server's also has texts for ids, false for never, and may be a list of pairs. */
function readBias(request: Fields, {isClamped = false}: BiasRules): Bias {
  const bias = request.get('logit_bias');
  if (bias === undefined) return {ids: undefined, words: []};
  const size = isJsonObject(bias) ? bias.size : isJsonArray(bias) ? bias.length : 0;
  if (size > MAX_BIASES) throw request.wrong('logit_bias', `of ${MAX_BIASES} entries at most`);
  const ids = new Map<Token, number>();
  const words: [string, number][] = [];
  if (isJsonObject(bias)) checkWords(bias.keys(), request);
  // The others speak OpenAI's form alone.
  const takesWords = request.context.dialect === 'lenient';
  for (const [of, value] of pairsOf(bias, request)) {
    const member = new Fields(new Map([[String(of), value]]), request.pathOf('logit_bias'), request.context);
    const number = value === false ? BIAS.min : member.number(String(of), isClamped ? {} : BIAS);
    if (number === undefined) continue;
    const bounded = Math.max(BIAS.min, Math.min(BIAS.max, number));
    if (typeof of === 'number') ids.set(of, bounded);
    else if (takesWords) words.push([of, bounded]);
    else throw request.wrong('logit_bias', 'an object of token ids and numbers');
  }
  return {ids, words};
}

/** Before any work on them. */
function checkWords(names: Iterable<string>, request: Fields): void {
  let words = 0;
  for (const name of names) {
    if (!TOKEN_ID.test(name) && ++words > MAX_WORDS) throw request.wrong('logit_bias', `of ${MAX_WORDS} texts at most`);
  }
}

function pairsOf(bias: Json, request: Fields): readonly (readonly [Token | string, Json])[] {
  if (isJsonObject(bias)) return [...bias].map(([key, value]) => [TOKEN_ID.test(key) ? Number(key) : key, value]);
  if (!isJsonArray(bias)) throw request.wrong('logit_bias', EXPECTED);
  let words = 0;
  return bias.map((pair) => {
    const [of, value = null] = isJsonArray(pair) ? pair : [];
    if (typeof of === 'string') {
      if (++words > MAX_WORDS) throw request.wrong('logit_bias', `of ${MAX_WORDS} texts at most`);
      return [of, value];
    }
    if (isJsonNumber(of) && TOKEN_ID.test(of.source)) return [Number(of.source), value];
    throw request.wrong('logit_bias', EXPECTED);
  });
}
