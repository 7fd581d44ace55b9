// A slot's KV cache on disk: llama.cpp's own file, and a header beside it that says what it belongs to.
import {createHash} from 'node:crypto';
import {createReadStream} from 'node:fs';
import {open, rm, stat} from 'node:fs/promises';
import {pipeline} from 'node:stream/promises';
import {isMissing} from '../../base/files/file-error.ts';
import {readRegularText} from '../../base/files/regular-file.ts';
import {writeWhole} from '../../base/files/whole-file.ts';
import {parsePlainJson} from '../../base/plain-json.ts';
import {anything, complete, count, every, object, text} from '../../base/shape.ts';
import type {StateLoad} from '../contract/backend.ts';
import type {KvType} from '../contract/local-engine.ts';
import type {Prompt, Token} from '../contract/prompt.ts';
import type {NativeContext} from './native-context.ts';

/** Everything that must be equal for a state to be usable. */
export interface StateKey {
  /** From `modelFingerprint`. */
  readonly model: string;
  /** llama.cpp's release: the file format is its own. */
  readonly engine: string;
  readonly kvType: KvType;
  readonly flashAttention: boolean;
  readonly loras: readonly string[];
}

interface StateHeader {
  readonly format: 1;
  readonly key: StateKey;
  readonly tokens: readonly Token[];
  readonly sha256: string;
}

/** What every version of the header says, and what this one does besides. */
const whoseShape = object({format: anything, key: anything});
const contentShape = complete({tokens: every(count), sha256: text});

const SAMPLE_BYTES = 64 * 1024;
const SAMPLES = 32;

/** A digest of the size and of samples over the whole file: hashing all of a 4 GB model would take seconds. */
export async function modelFingerprint(path: string): Promise<string> {
  const file = await open(path);
  try {
    const {size} = await file.stat();
    const hash = createHash('sha256').update(String(size));
    const buffer = Buffer.alloc(SAMPLE_BYTES);
    const last = Math.max(0, size - SAMPLE_BYTES);
    for (let n = 0; n < SAMPLES; n++) {
      const {bytesRead} = await file.read(buffer, 0, SAMPLE_BYTES, Math.floor((last * n) / (SAMPLES - 1)));
      hash.update(buffer.subarray(0, bytesRead));
    }
    return hash.digest('hex');
  } finally {
    await file.close();
  }
}

/**
 * Writes the state of `sequence` to `path` and its header to `path.json`, replacing what was there. False, and nothing
 * is written, for a state with media: llama.cpp's file has token ids alone, and could not be told from another picture's.
 */
export async function writeState(
  context: NativeContext,
  sequence: number,
  {tokens, media}: Prompt,
  key: StateKey,
  path: string,
): Promise<boolean> {
  if (media.length > 0) return false;
  let digest = '';
  const write = async (_fd: number, part: string) => {
    await context.saveSequenceStateToFile(part, sequence, Uint32Array.from(tokens));
    digest = await sha256(part);
    // A program that ends before the new header is there leaves no state, and not one with a header of another.
    await rm(headerPath(path), {force: true});
  };
  await writeWhole(path, write, {mode: 0o600});
  const header: StateHeader = {format: 1, key, tokens, sha256: digest};
  await writeWhole(headerPath(path), JSON.stringify(header), {mode: 0o600});
  return true;
}

/**
 * The tokens of the state at `path` when it belongs to `key`, fits `contextSize` and is undamaged; otherwise why not.
 * The native loader trusts its file, so everything is checked before it sees it.
 */
export async function checkState(
  path: string,
  key: StateKey,
  contextSize: number,
): Promise<Token[] | Exclude<StateLoad, 'loaded'>> {
  try {
    const json = parsePlainJson(readRegularText(headerPath(path)));
    const {format, key: other} = whoseShape(json);
    if (format !== 1 || JSON.stringify(other) !== JSON.stringify(key)) return 'other';
    const {tokens, sha256: sum} = contentShape(json);
    if (tokens.length === 0) return 'damaged';
    if (tokens.length > contextSize) return 'other';
    return (await sha256(path)) === sum ? [...tokens] : 'damaged';
  } catch (error) {
    return isMissing(error) && (error as NodeJS.ErrnoException).path === headerPath(path) ? 'none' : 'damaged';
  }
}

async function sha256(path: string): Promise<string> {
  const info = await stat(path);
  if (!info.isFile()) throw new Error(`${path} is no file`);
  const hash = createHash('sha256').update(String(info.size));
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function headerPath(path: string): string {
  return `${path}.json`;
}
