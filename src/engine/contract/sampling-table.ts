// The sampling parameters that are numbers, one row each: flags, /set, HTTP, help and documents read the same rows.

export interface Range {
  /** `any-size`: also where a double cannot tell it from its neighbours. */
  readonly integer?: boolean | 'any-size';
  readonly min?: number;
  readonly max?: number;
  readonly above?: number;
  readonly below?: number;
}

export interface NumberRow extends Range {
  readonly key: NumberKey;
  /** On the command line. */
  readonly flag: string;
  /** For /set; the first is shown. */
  readonly set: readonly [string, ...string[]];
  /** Members of a request; of several that are given, the first counts. */
  readonly wire: readonly [string, ...string[]];
  /** Over HTTP, where clients send more than the engine takes, such as seeds of 64 bits: see `readSampling`. */
  readonly wireRange?: Range;
  /** Over HTTP, besides null: not set, also where the server was started with a value. */
  readonly off?: readonly number[];
  /** Only where a chat is answered: plain text and fill-in-the-middle have no thoughts. */
  readonly chatOnly?: true;
  readonly help: string;
}

export type NumberKey =
  | 'maxTokens'
  | 'thinkingBudget'
  | 'temperature'
  | 'topP'
  | 'topK'
  | 'minP'
  | 'seed'
  | 'repeatPenalty'
  | 'repeatWindow'
  | 'frequencyPenalty'
  | 'presencePenalty'
  | 'noRepeatNgramSize';

/** What llama.cpp counts with. */
const INT32_MAX = 2 ** 31 - 1;

export const SAMPLING: readonly NumberRow[] = [
  {
    key: 'maxTokens',
    integer: true,
    min: 0,
    max: INT32_MAX,
    wireRange: {integer: 'any-size', min: 0},
    flag: '--max-tokens <n>',
    set: ['max_tokens', 'max', 'num_predict'],
    wire: ['max_completion_tokens', 'max_tokens'],
    off: [-1],
    help: 'maximum tokens of the answer',
  },
  {
    key: 'thinkingBudget',
    integer: true,
    min: 0,
    max: INT32_MAX,
    wireRange: {integer: 'any-size', min: 0},
    flag: '--thinking-budget <n>',
    set: ['thinking_budget'],
    // Ours, vLLM's and llama-server's.
    wire: ['thinking_budget', 'thinking_token_budget', 'thinking_budget_tokens'],
    off: [-1],
    chatOnly: true,
    help: 'maximum tokens of a thought, behind which the answer begins (0 = no thought)',
  },
  {
    key: 'temperature',
    min: 0,
    max: 100,
    flag: '-t, --temperature <t>',
    set: ['temperature', 'temp'],
    wire: ['temperature'],
    help: '0 = always the likeliest token',
  },
  {
    key: 'topP',
    above: 0,
    max: 1,
    wireRange: {min: 0, max: 1},
    flag: '--top-p <p>',
    set: ['top_p'],
    wire: ['top_p'],
    help: 'smallest set of tokens with this probability',
  },
  {
    key: 'topK',
    integer: true,
    min: 0,
    max: INT32_MAX,
    flag: '--top-k <k>',
    set: ['top_k'],
    wire: ['top_k'],
    off: [-1],
    help: 'the k likeliest tokens (0 = off)',
  },
  {
    key: 'minP',
    min: 0,
    below: 1,
    wireRange: {min: 0, max: 1},
    flag: '--min-p <p>',
    set: ['min_p'],
    wire: ['min_p'],
    help: 'tokens at least this likely, relative to the best',
  },
  {
    key: 'seed',
    integer: true,
    min: 0,
    max: 2 ** 32 - 1,
    wireRange: {integer: 'any-size'},
    flag: '--seed <n>',
    set: ['seed'],
    wire: ['random_seed', 'seed'],
    off: [-1],
    help: 'same seed, same answer',
  },
  {
    key: 'repeatPenalty',
    above: 0,
    max: 100,
    flag: '--repeat-penalty <x>',
    set: ['repeat_penalty'],
    wire: ['repeat_penalty', 'repetition_penalty'],
    help: 'divide the logits of seen tokens by x (1 = off)',
  },
  {
    key: 'repeatWindow',
    integer: true,
    min: -1,
    max: INT32_MAX,
    flag: '--repeat-last-n <n>',
    set: ['repeat_last_n'],
    wire: ['repeat_last_n'],
    help: 'tokens that the repeat penalty looks back at (0 = none, -1 = all; 64 if not set)',
  },
  {
    key: 'frequencyPenalty',
    min: -2,
    max: 2,
    flag: '--frequency-penalty <x>',
    set: ['frequency_penalty'],
    wire: ['frequency_penalty'],
    help: "lower a token's logit by x for each time it occurs",
  },
  {
    key: 'presencePenalty',
    min: -2,
    max: 2,
    flag: '--presence-penalty <x>',
    set: ['presence_penalty'],
    wire: ['presence_penalty'],
    help: "lower a token's logit by x once it has occurred",
  },
  {
    key: 'noRepeatNgramSize',
    integer: true,
    min: 0,
    max: 1000,
    flag: '--no-repeat-ngram-size <n>',
    set: ['no_repeat_ngram_size'],
    wire: ['no_repeat_ngram_size'],
    help: 'never repeat a run of n tokens',
  },
];

/** Added to a token's logit; -100 is never. */
export const BIAS = {min: -100, max: 100} as const satisfies Range;
/** The id of a token as text: a flag's, a member's name. */
export const TOKEN_ID = /^\d{1,9}$/;
export const MAX_STOP_TEXTS = 16;

/** Characters of all stop strings: each is a step of what finds them in an answer. */
export const MAX_STOP_LENGTH = 10_000;

/** Tokens and texts of `logit_bias`: each costs something at every token of the answer. */
export const MAX_BIASES = 20_000;

export function rowOf(key: NumberKey): NumberRow {
  const row = SAMPLING.find((one) => one.key === key);
  if (row === undefined) throw new RangeError(`no row for ${key}`);
  return row;
}

export function isInRange({integer, min, max, above, below}: Range, value: number): boolean {
  if (!Number.isFinite(value)) return false;
  if (integer && !(integer === 'any-size' ? Number.isInteger(value) : Number.isSafeInteger(value))) return false;
  return (
    value >= (min ?? value) &&
    value <= (max ?? value) &&
    !(value <= (above ?? -Infinity)) &&
    value < (below ?? Infinity)
  );
}

/** Such as `an integer from 0 to 1000` or `a number above 0, up to 1`. */
export function rangeText({integer, min, max, above, below}: Range): string {
  const kind = integer ? 'an integer' : 'a number';
  if (min !== undefined && max !== undefined) return `${kind} from ${min} to ${max}`;
  const low = min === undefined ? (above === undefined ? '' : ` above ${above}`) : `, at least ${min}`;
  const high = max === undefined ? (below === undefined ? '' : ` below ${below}`) : ` up to ${max}`;
  return kind + (low && high ? `${low},${high}` : low + high);
}

/** Whether a request may have this value: one of the range, or one that means "not set". */
export function isTakenOverHttp(row: NumberRow, value: number): boolean {
  return row.off?.includes(value) === true || isInRange(row.wireRange ?? row, value);
}

/** The same in words, such as `an integer from 0 to 2147483647, or -1`. */
export function httpRangeText(row: NumberRow): string {
  const range = row.wireRange ?? row;
  return [rangeText(range), ...(row.off ?? []).filter((value) => !isInRange(range, value))].join(', or ');
}

/** `refuse` throws its caller's kind of error; it gets what was expected, such as `a number from 0 to 100`. */
export type Refuse = (expected: string) => never;

/** The number that a text stands for: of a flag, of `/set`, of a settings file. */
export function parseNumber(range: Range, text: string, refuse: Refuse): number {
  const value = Number(text);
  return text.trim() !== '' && isInRange(range, value) ? value : refuse(rangeText(range));
}

/** `ID=X` as a token's id and what is added to its logit. */
export function parseLogitBias(text: string, refuse: Refuse): [number, number] {
  const refuseAll = () => refuse(`a token id and ${rangeText(BIAS)}, such as 5=-100`);
  const [, id = '', bias = ''] = /^(.*?)=(.*)$/.exec(text) ?? refuseAll();
  return TOKEN_ID.test(id) ? [Number(id), parseNumber(BIAS, bias, refuseAll)] : refuseAll();
}
