// Reads the header of a safetensors file: 8 bytes of length, JSON, then the tensors.
import {closeSync, fstatSync, openSync} from 'node:fs';
import {EngineError} from '../../../base/errors.ts';
import {readAt} from '../../../base/files/read-at.ts';
import {recognise} from '../../../base/files/recognise-file.ts';
import {parsePlainJson} from '../../../base/plain-json.ts';
import {formatBytes} from '../../../base/units.ts';
import {DTYPES, type Dtype, type SourceTensor, valueCount, type Weights} from './weights.ts';

/** The format's own limit on its JSON. */
const LARGEST_HEADER = 100_000_000;

/** Throws EngineError model_invalid: not safetensors (and what it is), damaged, or cut off. */
export function readSafetensors(path: string): Weights {
  const {entries, dataStart, fileSize} = readHeader(path);
  const weights = new Map<string, SourceTensor>();
  for (const [name, entry] of entries) weights.set(name, parseEntry(path, name, entry, dataStart, fileSize));
  return weights;
}

/** Names of the tensors, of whatever type. Throws EngineError as `readSafetensors`. */
export function safetensorsNames(path: string): string[] {
  return readHeader(path).entries.map(([name]) => name);
}

interface Header {
  readonly entries: readonly (readonly [name: string, entry: unknown])[];
  readonly dataStart: number;
  readonly fileSize: number;
}

function readHeader(path: string): Header {
  const fd = openSync(path, 'r');
  try {
    const {size} = fstatSync(fd);
    const head = readAt(fd, 0, Math.min(512, size));
    const length = head.length < 8 ? 0 : Number(head.readBigUInt64LE());
    if (length < 2 || length > LARGEST_HEADER || head[8] !== 0x7b) throw notSafetensors(path, head);
    if (8 + length > size) throw damaged(path, 'it ends inside its header');
    return {entries: parseHeader(path, readAt(fd, 8, length)), dataStart: 8 + length, fileSize: size};
  } finally {
    closeSync(fd);
  }
}

function parseHeader(path: string, json: Buffer): Header['entries'] {
  let entries: unknown;
  try {
    entries = parsePlainJson(json);
  } catch (cause) {
    throw damaged(path, 'its header is no JSON', cause);
  }
  if (!isObject(entries)) throw damaged(path, 'its header is no JSON object');
  return Object.entries(entries).filter(([name]) => name !== '__metadata__');
}

function parseEntry(path: string, name: string, entry: unknown, dataStart: number, fileSize: number): SourceTensor {
  if (!isObject(entry)) throw damaged(path, `tensor "${name}" has no place`);
  const {dtype, shape, data_offsets: offsets} = entry;
  if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2)
    throw damaged(path, `tensor "${name}" has no place`);
  if (typeof dtype !== 'string' || !(dtype in DTYPES)) {
    throw new EngineError('model_invalid', `${path}: tensor "${name}" is of type ${String(dtype)}`, {
      hint: `Types that can be converted: ${Object.keys(DTYPES).join(', ')}.`,
    });
  }
  const [start, end] = offsets as [number, number];
  if (end - start !== DTYPES[dtype as Dtype] * valueCount(shape))
    throw damaged(path, `tensor "${name}" has a wrong size`);
  if (dataStart + end > fileSize) {
    throw new EngineError(
      'model_invalid',
      `${path} is incomplete: it has ${formatBytes(fileSize)}, "${name}" ends later`,
      {
        hint: 'The download or copy was interrupted: resume it, or fetch the file again.',
      },
    );
  }
  return {name, dtype: dtype as Dtype, shape, path, offset: dataStart + start};
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function notSafetensors(path: string, head: Buffer): EngineError {
  const foreign = recognise(head);
  const what = foreign ? `is ${foreign.kind}` : 'is not a safetensors file';
  return new EngineError('model_invalid', `${path} ${what}`, {hint: foreign?.hint ?? 'Fetch the file again.'});
}

function damaged(path: string, what: string, cause?: unknown): EngineError {
  return new EngineError('model_invalid', `${path} is damaged: ${what}`, {hint: 'Fetch the file again.', cause});
}
