// The key-values of a GGUF header. Big arrays (the vocabulary) stay bytes until somebody asks for them.
import type {EngineError} from '../../base/errors.ts';
import type {HeaderCursor} from './file-cursor.ts';

/** GGUF's value types, by id. */
const STRING = 8;
const ARRAY = 9;
const SCALARS = [
  ['u8', 1],
  ['i8', 1],
  ['u16', 2],
  ['i16', 2],
  ['u32', 4],
  ['i32', 4],
  ['f32', 4],
  ['bool', 1],
  undefined,
  undefined,
  ['u64', 8],
  ['i64', 8],
  ['f64', 8],
] as const;

type Scalar = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'f32' | 'bool' | 'u64' | 'i64' | 'f64';

/** An array of strings as it lies in the file: `bytes[starts[i] .. starts[i] + lengths[i]]` is string i. */
export interface GgufStrings {
  readonly count: number;
  readonly bytes: Buffer;
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;
}

type Value =
  | {readonly kind: 'number'; readonly value: number}
  | {readonly kind: 'boolean'; readonly value: boolean}
  | {readonly kind: 'string'; readonly value: Buffer}
  | {readonly kind: 'numbers'; readonly type: Scalar; readonly count: number; readonly value: Buffer}
  | {readonly kind: 'strings'; readonly count: number; readonly value: Buffer};

/** Typed access by key; a key that is absent or of another kind gives undefined. */
export class GgufMetadata {
  readonly #values: ReadonlyMap<string, Value>;

  constructor(values: ReadonlyMap<string, Value>) {
    this.#values = values;
  }

  /** Keys in file order. */
  get keys(): readonly string[] {
    return [...this.#values.keys()];
  }

  string(key: string): string | undefined {
    return this.#get(key, 'string')?.value.toString();
  }

  /** Any integer or float type; 64-bit integers above 2^53 lose their last digits. */
  number(key: string): number | undefined {
    return this.#get(key, 'number')?.value;
  }

  boolean(key: string): boolean | undefined {
    return this.#get(key, 'boolean')?.value;
  }

  /** An array of any number type, decoded on each call. */
  numbers(key: string): Float64Array | undefined {
    const array = this.#get(key, 'numbers');
    if (!array) return undefined;
    const {value, type, count} = array;
    const step = value.length / Math.max(count, 1);
    return new Float64Array(count).map((_, i) => Number(readScalar(value, i * step, type)));
  }

  /** An array of strings, indexed on each call. */
  strings(key: string): GgufStrings | undefined {
    const array = this.#get(key, 'strings');
    return array && indexStrings(array.value, array.count);
  }

  #get<K extends Value['kind']>(key: string, kind: K): Extract<Value, {kind: K}> | undefined {
    const value = this.#values.get(key);
    return value?.kind === kind ? (value as Extract<Value, {kind: K}>) : undefined;
  }
}

/** Reads `count` key-value pairs; `fail` makes the error for a pair that no GGUF can have. */
export function readMetadata(cursor: HeaderCursor, count: number, fail: (what: string) => EngineError): GgufMetadata {
  const values = new Map<string, Value>();
  for (let i = 0; i < count; i++) {
    const key = cursor.bytes().toString();
    values.set(key, readValue(cursor, key, fail));
  }
  return new GgufMetadata(values);
}

function readValue(cursor: HeaderCursor, key: string, fail: (what: string) => EngineError): Value {
  const type = cursor.u32();
  if (type === STRING) return {kind: 'string', value: cursor.bytes()};
  if (type === ARRAY) return readArray(cursor, key, fail);
  const scalar = SCALARS[type];
  if (!scalar) throw fail(`"${key}" has the unknown type ${type}`);
  const start = cursor.take(scalar[1]);
  const value = readScalar(cursor.view(start, cursor.offset), 0, scalar[0]);
  return typeof value === 'boolean' ? {kind: 'boolean', value} : {kind: 'number', value};
}

function readArray(cursor: HeaderCursor, key: string, fail: (what: string) => EngineError): Value {
  const type = cursor.u32();
  const count = cursor.u64();
  const start = cursor.offset;
  if (type === STRING) {
    // Each string costs at least its length field: an impossible count ends at the file's end, not in a long loop.
    for (let i = 0; i < count; i++) cursor.take(cursor.u64());
    return {kind: 'strings', count, value: cursor.view(start, cursor.offset)};
  }
  const scalar = SCALARS[type];
  if (!scalar) throw fail(`"${key}" is an array of the unknown type ${type}`);
  cursor.take(count * scalar[1]);
  return {kind: 'numbers', type: scalar[0], count, value: cursor.view(start, cursor.offset)};
}

function readScalar(bytes: Buffer, at: number, type: Scalar): number | boolean {
  switch (type) {
    case 'u8':
      return bytes.readUInt8(at);
    case 'i8':
      return bytes.readInt8(at);
    case 'u16':
      return bytes.readUInt16LE(at);
    case 'i16':
      return bytes.readInt16LE(at);
    case 'u32':
      return bytes.readUInt32LE(at);
    case 'i32':
      return bytes.readInt32LE(at);
    case 'f32':
      return bytes.readFloatLE(at);
    case 'bool':
      return bytes.readUInt8(at) !== 0;
    case 'u64':
      return Number(bytes.readBigUInt64LE(at));
    case 'i64':
      return Number(bytes.readBigInt64LE(at));
    case 'f64':
      return bytes.readDoubleLE(at);
  }
}

function indexStrings(bytes: Buffer, count: number): GgufStrings {
  const starts = new Uint32Array(count);
  const lengths = new Uint32Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const length = bytes.readUInt32LE(at);
    starts[i] = at + 8;
    lengths[i] = length;
    at += 8 + length;
  }
  return {count, bytes, starts, lengths};
}
