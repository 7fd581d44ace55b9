// The sampling parameters that are numbers, one row each: flags, /set, HTTP, help and documents read the same rows.

export interface NumberRow {
  readonly key: NumberKey;
  readonly integer?: true;
  readonly min?: number;
  readonly max?: number;
  readonly above?: number;
  readonly below?: number;
  /** On the command line. */
  readonly flag: string;
  /** For /set; the first is shown. */
  readonly set: readonly [string, ...string[]];
  /** Members of a request; of several that are given, the first counts. */
  readonly wire: readonly [string, ...string[]];
  /** Over HTTP, besides null: not set. */
  readonly off?: readonly number[];
  readonly help: string;
}

export type NumberKey =
  | 'maxTokens'
  | 'temperature'
  | 'topP'
  | 'topK'
  | 'minP'
  | 'seed'
  | 'repeatPenalty'
  | 'frequencyPenalty'
  | 'presencePenalty'
  | 'noRepeatNgramSize';

const WHOLE = 2 ** 31 - 1;

export const SAMPLING: readonly NumberRow[] = [
  {
    key: 'maxTokens',
    integer: true,
    min: 0,
    max: WHOLE,
    flag: '--max-tokens <n>',
    set: ['max_tokens', 'max', 'num_predict'],
    wire: ['max_completion_tokens', 'max_tokens'],
    off: [-1],
    help: 'longest answer',
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
    flag: '--top-p <p>',
    set: ['top_p'],
    wire: ['top_p'],
    help: 'smallest set of tokens with this probability',
  },
  {
    key: 'topK',
    integer: true,
    min: 0,
    max: WHOLE,
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
    flag: '--min-p <p>',
    set: ['min_p'],
    wire: ['min_p'],
    off: [1],
    help: 'tokens at least this likely, relative to the best',
  },
  {
    key: 'seed',
    integer: true,
    min: 0,
    max: 2 ** 32 - 1,
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
    help: 'divide the score of seen tokens (1 = off)',
  },
  {
    key: 'frequencyPenalty',
    min: -2,
    max: 2,
    flag: '--frequency-penalty <x>',
    set: ['frequency_penalty'],
    wire: ['frequency_penalty'],
    help: '-2 to 2',
  },
  {
    key: 'presencePenalty',
    min: -2,
    max: 2,
    flag: '--presence-penalty <x>',
    set: ['presence_penalty'],
    wire: ['presence_penalty'],
    help: '-2 to 2',
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

export type Range = Pick<NumberRow, 'integer' | 'min' | 'max' | 'above' | 'below'>;

export function isInRange({integer, min, max, above, below}: Range, value: number): boolean {
  if (!Number.isFinite(value) || (integer && !Number.isSafeInteger(value))) return false;
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
