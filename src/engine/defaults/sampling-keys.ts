// The sampling figures a GGUF recommends (general.sampling.*), with the fields of generation_config.json they come from.
import {isInRange, type NumberKey, type Range, rangeText} from '../contract/sampling-table.ts';
import type {GgufMetadata} from '../gguf/metadata.ts';
import type {GgufEntries} from '../gguf/write-header.ts';

interface SamplingKey {
  readonly key: string;
  /** As llama.cpp's converter writes it. */
  readonly type: 'f32' | 'i32' | 'string';
  /** Fields of generation_config.json; of several that are set, the first counts. */
  readonly fields: readonly string[];
  /** What it is here; absent where this program has nothing like it. */
  readonly as?: {readonly name: NumberKey; readonly range: Range};
  /** Of one that this program does not have: the value that changes nothing. */
  readonly neutral?: number;
}

const INT32 = {integer: true, min: 0, max: 2 ** 31 - 1} as const;

/** Source: gguf-py and common.cpp of llama.cpp v0.5.0. */
const KEYS: readonly SamplingKey[] = [
  {key: 'temp', type: 'f32', fields: ['temperature'], as: {name: 'temperature', range: {min: 0, max: 5}}},
  {key: 'top_p', type: 'f32', fields: ['top_p'], as: {name: 'topP', range: {above: 0, max: 1}}},
  {key: 'top_k', type: 'i32', fields: ['top_k'], as: {name: 'topK', range: INT32}},
  {key: 'min_p', type: 'f32', fields: ['min_p'], as: {name: 'minP', range: {min: 0, max: 1}}},
  {
    key: 'penalty_repeat',
    type: 'f32',
    fields: ['penalty_repeat', 'repetition_penalty'],
    as: {name: 'repeatPenalty', range: {above: 0, max: 10}},
  },
  {key: 'xtc_probability', type: 'f32', fields: ['xtc_probability'], neutral: 0},
  {key: 'xtc_threshold', type: 'f32', fields: ['xtc_threshold']},
  {key: 'penalty_last_n', type: 'i32', fields: ['penalty_last_n']},
  {key: 'mirostat', type: 'i32', fields: ['mirostat'], neutral: 0},
  {key: 'mirostat_tau', type: 'f32', fields: ['mirostat_tau']},
  {key: 'mirostat_eta', type: 'f32', fields: ['mirostat_eta']},
  {key: 'sequence', type: 'string', fields: ['sequence']},
];

const PREFIX = 'general.sampling.';
/** Ours: the file that the keys above were made of. */
const ORIGIN = 'mistral.sampling.origin';
export const GENERATION_CONFIG = 'generation_config.json';

/** A number as people and files write it. */
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

export interface FileSampling {
  readonly figures: {readonly [Key in NumberKey]?: number};
  /** Where they are from, in words that follow "(": `the file` or `generation_config.json`. */
  readonly origin: string;
  /** What was ignored and why, a sentence each. */
  readonly notes: readonly string[];
}

/** What a file recommends. Any scalar counts, and a text that is a number; llama.cpp reads all of them as text. */
export function readSamplingKeys(metadata: GgufMetadata): FileSampling {
  const figures: {[Key in NumberKey]?: number} = {};
  const notes: string[] = [];
  const names = new Set(metadata.keys);
  for (const {key, as, neutral} of KEYS) {
    const name = `${PREFIX}${key}`;
    if (!names.has(name)) continue;
    const text = metadata.string(name)?.trim();
    const value = metadata.number(name) ?? (text !== undefined && DECIMAL.test(text) ? Number(text) : undefined);
    if (as === undefined) {
      if (neutral !== undefined && value !== neutral)
        notes.push(`the file asks for ${key}, which this program does not have`);
      continue;
    }
    if (value !== undefined && isInRange(as.range, value)) figures[as.name] = shortest(value);
    else notes.push(`the file's ${name} is ignored: ${shown(value, text)} is not ${rangeText(as.range)}`);
  }
  return {figures: greedy(figures), origin: metadata.string(ORIGIN) ?? 'the file', notes};
}

function shown(value: number | undefined, text: string | undefined): string {
  if (value !== undefined) return String(value);
  return text === undefined ? 'what stands there' : `"${text.slice(0, 40)}"`;
}

/** Nothing but the likeliest token is at least as likely as it. */
function greedy(figures: FileSampling['figures']): FileSampling['figures'] {
  if (figures.minP !== 1) return figures;
  const {minP: _, ...others} = figures;
  return {...others, topK: 1};
}

/** The decimal that was meant by a 32-bit float: 0.15 for 0.15000000596046448. */
function shortest(value: number): number {
  if (Math.fround(value) !== value) return value;
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/**
 * The keys for a GGUF made of a folder with this generation_config.json, as llama.cpp's converter writes them. A field
 * that is no such figure is left out with a note.
 */
export function samplingEntries(fieldOf: (field: string) => unknown): {
  readonly entries: GgufEntries;
  readonly notes: readonly string[];
} {
  const notes: string[] = [];
  const entries = KEYS.flatMap(({key, type, fields, as}): GgufEntries => {
    const field = fields.find((name) => (fieldOf(name) ?? undefined) !== undefined);
    if (field === undefined) return [];
    const value = fieldOf(field);
    if (type === 'string') return typeof value === 'string' ? [[`${PREFIX}${key}`, {type, value}]] : [];
    const range = as?.range ?? (type === 'i32' ? {integer: true, min: -(2 ** 31), max: 2 ** 31 - 1} : {});
    if (typeof value === 'number' && isInRange(range, value)) return [[`${PREFIX}${key}`, {type, value}]];
    notes.push(`${GENERATION_CONFIG}: ${field} is ignored, as it is not ${rangeText(range)}.`);
    return [];
  });
  const origin: GgufEntries = [[ORIGIN, {type: 'string', value: GENERATION_CONFIG}]];
  return {entries: entries.length === 0 ? [] : [...entries, ...origin], notes};
}
