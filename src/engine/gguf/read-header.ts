// Reads what a GGUF file says about itself: metadata and tensor table, never the weights.

import {closeSync, openSync, readSync, statSync} from 'node:fs';
import {EngineError} from '../../base/errors.ts';
import {fileError, isMissing} from '../../base/files/file-error.ts';
import {RECOGNISE_BYTES, recognise} from '../../base/files/recognise-file.ts';
import {HeaderCursor, HeaderEnd, type ReadHeader} from './file-cursor.ts';
import {type GgufMetadata, readMetadata} from './metadata.ts';
import {ggmlType} from './tensor-types.ts';

export interface GgufTensor {
  readonly name: string;
  /** ggml's name of the type ("Q8_0"); `type N` for one this table does not know. */
  readonly type: string;
  /** Values per dimension, fastest first: a matrix of R rows and C columns is [C, R]. */
  readonly shape: readonly number[];
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Undefined when the type is unknown. */
  readonly bytes: number | undefined;
}

export interface GgufFile {
  readonly path: string;
  /** 2 or 3: the layout is the same. */
  readonly version: number;
  readonly metadata: GgufMetadata;
  readonly tensors: readonly GgufTensor[];
  /** Where the tensors begin, in bytes. */
  readonly dataOffset: number;
  readonly fileSize: number;
  /** The bytes the tensor table speaks of; a smaller `fileSize` means an incomplete file. */
  readonly expectedSize: number;
}

/** Bytes of the smallest possible entries, to refuse impossible counts before allocating anything. */
const SMALLEST_PAIR = 13;
const SMALLEST_TENSOR = 24;
const MAX_DIMENSIONS = 4;
const DEFAULT_ALIGNMENT = 32;

/**
 * Reads the header of a GGUF v2 or v3.
 * Throws EngineError: model_not_found (no such file), io (not readable), model_invalid (what it is instead of a GGUF,
 * or that its header is cut or damaged). A file whose tensors are cut is read: compare `fileSize` and `expectedSize`.
 */
export function readGguf(path: string): GgufFile {
  const {fd, size} = open(path);
  try {
    return readHeader(path, (target, at, length, position) => readSync(fd, target, at, length, position), size);
  } catch (error) {
    if (error instanceof HeaderEnd) throw damaged(path, 'its header goes on past the end of the file');
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** As readGguf, of the header of a file that is still to be written; `fileSize` is what it will have. */
export function parseGguf(path: string, header: Buffer, fileSize: number): GgufFile {
  return readHeader(
    path,
    (target, at, length, position) => header.copy(target, at, position, position + length),
    fileSize,
  );
}

function open(path: string): {fd: number; size: number} {
  try {
    // Looked at before it is opened: opening a pipe would wait for its writer.
    const stat = statSync(path);
    if (!stat.isFile()) throw new EngineError('model_invalid', `${path} is not a regular file`);
    return {fd: openSync(path, 'r'), size: stat.size};
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    if (isMissing(cause)) throw new EngineError('model_not_found', `${path} does not exist`);
    throw fileError(cause, path, 'read');
  }
}

function readHeader(path: string, read: ReadHeader, fileSize: number): GgufFile {
  const head = Buffer.alloc(Math.min(RECOGNISE_BYTES, fileSize));
  read(head, 0, head.length, 0);
  if (head.toString('latin1', 0, 4) !== 'GGUF') throw notGguf(path, head);
  const cursor = new HeaderCursor(read, fileSize);
  cursor.take(4);
  const version = cursor.u32();
  if (version !== 2 && version !== 3) throw unknownVersion(path, version);
  const tensorCount = cursor.u64();
  const pairCount = cursor.u64();
  if (pairCount * SMALLEST_PAIR > cursor.left || tensorCount * SMALLEST_TENSOR > cursor.left) throw new HeaderEnd();
  const fail = (what: string) => damaged(path, what);
  const metadata = readMetadata(cursor, pairCount, fail);
  const alignment = metadata.number('general.alignment') ?? DEFAULT_ALIGNMENT;
  if (!(Number.isInteger(alignment) && alignment > 0)) throw damaged(path, `its alignment is ${alignment}`);
  const table = Array.from({length: tensorCount}, () => readTensor(cursor, fail));
  const dataOffset = Math.ceil(cursor.offset / alignment) * alignment;
  const tensors = table.map((tensor) => ({...tensor, offset: tensor.offset + dataOffset}));
  const expectedSize = tensors.reduce((end, {offset, bytes}) => Math.max(end, offset + (bytes ?? 0)), dataOffset);
  return {path, version, metadata, tensors, dataOffset, fileSize, expectedSize};
}

function readTensor(cursor: HeaderCursor, fail: (what: string) => EngineError): GgufTensor {
  const name = cursor.bytes().toString();
  const dimensions = cursor.u32();
  if (dimensions > MAX_DIMENSIONS) throw fail(`tensor "${name}" has ${dimensions} dimensions`);
  const shape = Array.from({length: dimensions}, () => cursor.u64());
  const typeId = cursor.u32();
  const offset = cursor.u64();
  const values = shape.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(values) || !Number.isSafeInteger(offset))
    throw fail(`tensor "${name}" has no possible size`);
  const type = ggmlType(typeId);
  const bytes = type && (values / type.blockSize) * type.blockBytes;
  if (bytes !== undefined && !Number.isInteger(bytes)) throw fail(`tensor "${name}" does not fill its blocks`);
  return {name, type: type?.name ?? `type ${typeId}`, shape, offset, bytes};
}

function notGguf(path: string, head: Buffer): EngineError {
  const foreign = recognise(head);
  if (foreign) return new EngineError('model_invalid', `${path} is ${foreign.kind}, not a GGUF model`, foreign);
  return new EngineError('model_invalid', `${path} is not a GGUF model: it begins with ${head.toString('hex', 0, 4)}`, {
    hint: 'Give a .gguf file or a folder with one.',
  });
}

function unknownVersion(path: string, version: number): EngineError {
  const bigEndian = version > 0xffff;
  const what = bigEndian ? 'a big-endian GGUF' : `a GGUF of version ${version}`;
  return new EngineError('model_invalid', `${path} is ${what}; versions 2 and 3, little-endian, can be read`, {
    hint: version < 2 ? 'Download a newer file of the model.' : 'Download another file of the model.',
  });
}

function damaged(path: string, what: string): EngineError {
  return new EngineError('model_invalid', `${path} is damaged or incomplete: ${what}`, {
    hint: 'Download the file again.',
  });
}
