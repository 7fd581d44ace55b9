// Reads a tekken.json: 130,000 tokens as base64 in 8 MB of JSON, walked once into one block of bytes.
import {EngineError} from '../../../base/errors.ts';
import {TEKKEN_SPECIALS} from '../control-tokens.ts';
import type {Pieces} from '../pieces.ts';
import {JsonCursor} from './json-cursor.ts';
import type {TekkenVocabulary} from './tekken.ts';
import {TEKKEN_PATTERN} from './tekken-split.ts';

/** What a tekken.json says beside its vocabulary. */
export interface TekkenHeader {
  readonly config: {
    readonly pattern: string;
    readonly default_vocab_size: number;
    readonly default_num_special_tokens: number;
    readonly version?: string;
  };
  readonly special_tokens?: readonly {readonly token_str: string}[] | null;
}

/** Published files have 1000; more than this is a damaged number. */
const MOST_SPECIALS = 100_000;

export interface TekkenFile {
  readonly header: TekkenHeader;
  /** The `model_settings_builder` as it is written; undefined when the file has none. */
  readonly modelSettings: string | undefined;
  readonly vocabulary: TekkenVocabulary;
}

/** Tokens of text, in the order of their ranks. */
interface Ranked {
  bytes: Uint8Array;
  used: number;
  readonly ends: number[];
}

/**
 * @throws EngineError model_invalid for a file that is no tekken.json or contradicts itself, model_unsupported for one with
 * another split pattern.
 */
export function parseTekken(path: string, file: Buffer): TekkenFile {
  const invalid = (why: string) => new EngineError('model_invalid', `${path} is not a tekken tokenizer: ${why}`);
  const members: Record<string, unknown> = {};
  let modelSettings: string | undefined;
  // A token is shorter than its base64.
  const ranked: Ranked = {bytes: new Uint8Array(file.length), used: 0, ends: []};
  try {
    const cursor = new JsonCursor(file);
    cursor.object(() => {
      if (cursor.is('vocab')) readVocabulary(cursor, ranked);
      else if (cursor.is('model_settings_builder')) modelSettings = cursor.source();
      else members[file.toString('utf8', cursor.start, cursor.end)] = cursor.value();
    });
  } catch (error) {
    if (error instanceof SyntaxError) throw invalid(error.message);
    throw error;
  }
  const header = checkHeader(members, invalid);
  const {pattern, default_vocab_size: size, default_num_special_tokens: specials} = header.config;
  if (pattern !== TEKKEN_PATTERN) {
    throw new EngineError('model_unsupported', `${path} splits text by another pattern than Mistral's published files`);
  }
  const names = header.special_tokens?.map(({token_str}) => token_str) ?? TEKKEN_SPECIALS;
  if (names.length > specials || specials > MOST_SPECIALS || size < specials || size - specials > ranked.ends.length) {
    throw invalid(`${size} tokens with ${specials} specials do not fit its lists`);
  }
  if (modelSettings === 'null') modelSettings = undefined;
  return {header, modelSettings, vocabulary: assemble(ranked, names, specials, size)};
}

function checkHeader(members: Record<string, unknown>, invalid: (why: string) => EngineError): TekkenHeader {
  const {config, special_tokens: specials = null} = members;
  const {
    pattern,
    version,
    default_vocab_size: size,
    default_num_special_tokens: count,
  } = (config ?? {}) as Record<string, unknown>;
  if (typeof pattern !== 'string' || !Number.isInteger(size) || !Number.isInteger(count)) {
    throw invalid('its "config" lacks the pattern or the sizes');
  }
  if (version !== undefined && typeof version !== 'string') throw invalid('its version is no text');
  if (specials !== null && !Array.isArray(specials)) throw invalid('its "special_tokens" are no list');
  specials?.forEach((token: unknown, i) => {
    const {rank, token_str: name} = (token ?? {}) as Record<string, unknown>;
    if (rank !== i || typeof name !== 'string') throw invalid(`special token ${i} has the rank ${rank}`);
  });
  return members as unknown as TekkenHeader;
}

function readVocabulary(cursor: JsonCursor, ranked: Ranked): void {
  cursor.list(() => {
    let rank = -1;
    cursor.object(() => {
      if (cursor.is('rank')) rank = cursor.integer();
      else if (cursor.is('token_bytes')) {
        cursor.string();
        ranked.used = decodeBase64(cursor.bytes, cursor.start, cursor.end, ranked.bytes, ranked.used);
      } else cursor.skip();
    });
    if (rank !== ranked.ends.length) throw new SyntaxError(`token ${ranked.ends.length} has the rank ${rank}`);
    ranked.ends.push(ranked.used);
  });
}

/** Special tokens first, with the names of the missing ones filled in, then the ranked tokens that fit the size. */
function assemble(ranked: Ranked, names: readonly string[], specials: number, size: number): TekkenVocabulary {
  const labels = Array.from({length: specials}, (_, i) => Buffer.from(names[i] ?? `<SPECIAL_${i}>`));
  const labelBytes = Buffer.concat(labels);
  const used = ranked.ends[size - specials - 1] ?? 0;
  const bytes = new Uint8Array(labelBytes.length + used);
  bytes.set(labelBytes);
  bytes.set(ranked.bytes.subarray(0, used), labelBytes.length);
  const pieces: Pieces = {count: size, bytes, starts: new Uint32Array(size), lengths: new Uint32Array(size)};
  let start = 0;
  for (let id = 0; id < size; id++) {
    const label = labels[id];
    const end = label ? start + label.length : labelBytes.length + (ranked.ends[id - specials] as number);
    pieces.starts[id] = start;
    pieces.lengths[id] = end - start;
    start = end;
  }
  return {pieces, special: new Uint8Array(size).fill(1, 0, specials)};
}

const BASE64 = new Uint8Array(256).fill(255);
for (const [i, letter] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries()) {
  BASE64[letter.charCodeAt(0)] = i;
}

/** Decodes base64 in `from[start..end)` to `to` at `at`; gives the end of what it wrote. */
function decodeBase64(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): number {
  let bits = 0;
  let count = 0;
  let written = at;
  for (let i = start; i < end; i++) {
    const value = BASE64[from[i] as number] as number;
    if (value === 255) break;
    bits = (bits << 6) | value;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    to[written++] = bits >> count;
    bits &= (1 << count) - 1;
  }
  return written;
}
