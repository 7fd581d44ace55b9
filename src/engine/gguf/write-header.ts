// Lays out a GGUF v3 file: the bytes of its header and the place of every tensor, before a single weight is read.

export type GgufNumberType = 'u32' | 'i32' | 'f32' | 'u64';

export type GgufValue =
  | {readonly type: 'string'; readonly value: string | Uint8Array}
  | {readonly type: 'bool'; readonly value: boolean}
  | {readonly type: GgufNumberType; readonly value: number}
  | {readonly type: 'strings'; readonly value: readonly (string | Uint8Array)[]}
  | {readonly type: 'f32s' | 'i32s'; readonly value: ArrayLike<number>}
  | {readonly type: 'bools'; readonly value: readonly boolean[]};

export type GgufEntries = readonly (readonly [key: string, value: GgufValue])[];

/** Tensor types that are written; ids and block sizes are ggml's. */
export const OUTPUT_TYPES = {
  F32: {id: 0, blockSize: 1, blockBytes: 4},
  F16: {id: 1, blockSize: 1, blockBytes: 2},
  Q8_0: {id: 8, blockSize: 32, blockBytes: 34},
  BF16: {id: 30, blockSize: 1, blockBytes: 2},
} as const;

export type OutputType = keyof typeof OUTPUT_TYPES;

export const isOutputType = (name: string): name is OutputType => name in OUTPUT_TYPES;

export interface TensorLayout {
  readonly name: string;
  /** Row-major; the file lists it reversed. */
  readonly shape: readonly number[];
  readonly type: OutputType;
}

export interface GgufLayout {
  readonly header: Buffer;
  /** Bytes from the start of the file, for each tensor in order. */
  readonly offsets: readonly number[];
  readonly fileSize: number;
}

const ALIGNMENT = 32;
const TYPE_IDS = {u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9, u64: 10} as const;

const align = (offset: number) => Math.ceil(offset / ALIGNMENT) * ALIGNMENT;

/** Bytes of a tensor as it is written. Rows must be whole blocks. */
export function outputBytes(type: OutputType, values: number): number {
  const {blockSize, blockBytes} = OUTPUT_TYPES[type];
  return (values / blockSize) * blockBytes;
}

/** Header and tensor places of a file with these entries and tensors. */
export function layOut(entries: GgufEntries, tensors: readonly TensorLayout[]): GgufLayout {
  const parts: Uint8Array[] = [Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(entries.length)];
  for (const [key, value] of entries) parts.push(text(key), encode(value));
  const relative: number[] = [];
  let dataBytes = 0;
  for (const {name, shape, type} of tensors) {
    relative.push(dataBytes);
    parts.push(
      text(name),
      u32(shape.length),
      ...shape.toReversed().map(u64),
      u32(OUTPUT_TYPES[type].id),
      u64(dataBytes),
    );
    const values = shape.reduce((product, size) => product * size, 1);
    dataBytes = align(dataBytes + outputBytes(type, values));
  }
  const unpadded = Buffer.concat(parts);
  const start = align(unpadded.length);
  const header = Buffer.concat([unpadded], start);
  return {header, offsets: relative.map((offset) => start + offset), fileSize: start + dataBytes};
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function text(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([u64(bytes.length), bytes]);
}

/** Many strings one after the other, each with its length: in one piece, as a vocabulary has hundreds of thousands. */
function texts(values: readonly (string | Uint8Array)[]): Buffer {
  const size = values.reduce((sum, value) => sum + 8 + Buffer.byteLength(value), 0);
  const all = Buffer.alloc(size);
  let at = 0;
  for (const value of values) {
    const start = at + 8;
    at =
      start +
      (typeof value === 'string'
        ? all.write(value, start)
        : Buffer.from(value.buffer, value.byteOffset, value.length).copy(all, start));
    // Its upper half stays zero: no string is that long.
    all.writeUInt32LE(at - start, start - 8);
  }
  return all;
}

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function encode(value: GgufValue): Buffer {
  switch (value.type) {
    case 'string':
      return Buffer.concat([u32(TYPE_IDS.string), text(value.value)]);
    case 'bool':
      return Buffer.concat([u32(TYPE_IDS.bool), Buffer.of(value.value ? 1 : 0)]);
    case 'u32':
      return Buffer.concat([u32(TYPE_IDS.u32), u32(value.value)]);
    case 'i32':
      return Buffer.concat([u32(TYPE_IDS.i32), u32(value.value >>> 0)]);
    case 'u64':
      return Buffer.concat([u32(TYPE_IDS.u64), u64(value.value)]);
    case 'f32':
      return Buffer.concat([u32(TYPE_IDS.f32), f32(value.value)]);
    case 'strings':
      return array(TYPE_IDS.string, value.value.length, texts(value.value));
    case 'f32s':
      return array(TYPE_IDS.f32, value.value.length, Buffer.from(Float32Array.from(value.value).buffer));
    case 'bools':
      return array(
        TYPE_IDS.bool,
        value.value.length,
        Uint8Array.from(value.value, (one) => (one ? 1 : 0)),
      );
    case 'i32s':
      return array(TYPE_IDS.i32, value.value.length, Buffer.from(Int32Array.from(value.value).buffer));
  }
}

function array(type: number, count: number, items: Uint8Array): Buffer {
  return Buffer.concat([u32(TYPE_IDS.array), u32(type), u64(count), items]);
}
