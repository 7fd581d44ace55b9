// Faults in the header of a GGUF: each figure with values it cannot have, keys that are gone, types, bytes at random.

export interface ModelMutant {
  /** What was changed. */
  readonly recipe: string;
  readonly bytes: Buffer;
}

/** Bytes of GGUF's value types, by id; strings and arrays have a length instead. */
const SIZES = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];
const [F32, STRING, ARRAY] = [6, 8, 9];

const WHOLES = [0, 1, 3, 5, 33, 255, 513, 1025, 65_536, 2 ** 31 - 1, 2 ** 32 - 1];
const FRACTIONS = [0, -1, 1e-30, 1e30, Infinity, -Infinity, NaN, 0.5, 3];
const TENSOR_TYPES = [0, 1, 2, 8, 12, 24, 25, 26, 28, 30, 39];
const ALIGNMENT = 32;

interface Field {
  readonly name: string;
  readonly at: number;
  readonly size: number;
  readonly kind: 'whole' | 'fraction' | 'flag' | 'tensor type' | 'tensor size' | 'list' | 'text' | 'piece';
}

interface Header {
  readonly fields: readonly Field[];
  /** Whole key-value pairs. */
  readonly pairs: readonly {readonly name: string; readonly start: number; readonly end: number}[];
  readonly end: number;
}

/** All mutants with one figure or key changed. */
export function* targetedMutants(model: Buffer): Generator<ModelMutant> {
  const header = readFields(model);
  for (const field of header.fields) {
    const {name, at, size, kind} = field;
    const changed = (value: string | number, write: (bytes: Buffer) => void): ModelMutant => {
      const bytes = Buffer.from(model);
      write(bytes);
      return {recipe: `${name} = ${value}`, bytes};
    };
    if (kind === 'whole' && size === 4) {
      for (const value of WHOLES) yield changed(value, (bytes) => bytes.writeUInt32LE(value, at));
    } else if (kind === 'fraction') {
      for (const value of FRACTIONS) yield changed(value, (bytes) => bytes.writeFloatLE(value, at));
    } else if (kind === 'tensor type') {
      for (const value of TENSOR_TYPES) yield changed(value, (bytes) => bytes.writeUInt32LE(value, at));
    } else if (kind === 'flag' || kind === 'list' || kind === 'piece') {
      const last = kind === 'piece' ? at + size - 1 : at;
      yield changed('one bit', (bytes) => bytes.writeUInt8((bytes[last] as number) ^ 1, last));
    }
  }
  for (const {name, start, end} of header.pairs) {
    const head = Buffer.concat([model.subarray(0, start), model.subarray(end, header.end)]);
    head.writeBigUInt64LE(model.readBigUInt64LE(16) - 1n, 16);
    const data = model.subarray(aligned(header.end));
    yield {
      recipe: `no ${name}`,
      bytes: Buffer.concat([head, Buffer.alloc(aligned(head.length) - head.length), data]),
    };
  }
}

/** One with up to three faults drawn by `random`, which gives numbers from 0 to 1. */
export function randomMutant(model: Buffer, random: () => number): ModelMutant {
  const {fields, end} = readFields(model);
  const whole = (below: number) => Math.floor(random() * below);
  const bytes = Buffer.from(model);
  const recipes: string[] = [];
  for (let count = 1 + whole(3); count > 0; count--) {
    const field = fields[whole(fields.length)] as Field;
    const at = random() < 0.7 ? field.at + whole(Math.max(1, field.size)) : whole(end);
    bytes.writeUInt8(random() < 0.5 ? (bytes[at] as number) ^ (1 << whole(8)) : whole(256), at);
    recipes.push(`${field.name} @${at} = ${bytes[at]}`);
  }
  const cut = random() < 0.05 ? whole(bytes.length) : bytes.length;
  return {recipe: `${recipes.join('; ')}${cut < bytes.length ? `; cut at ${cut}` : ''}`, bytes: bytes.subarray(0, cut)};
}

const aligned = (offset: number) => Math.ceil(offset / ALIGNMENT) * ALIGNMENT;

function readFields(model: Buffer): Header {
  const fields: Field[] = [];
  const pairs: {name: string; start: number; end: number}[] = [];
  let at = 8;
  const skip = (size: number) => {
    at += size;
    return at - size;
  };
  const u32 = () => model.readUInt32LE(skip(4));
  const u64 = () => Number(model.readBigUInt64LE(skip(8)));
  const text = () => {
    const size = u64();
    const start = skip(size);
    return model.toString('utf8', start, start + size);
  };
  const tensors = u64();
  const count = u64();
  for (let pair = 0; pair < count; pair++) {
    const start = at;
    const name = text();
    const type = u32();
    if (type === STRING) {
      const size = u64();
      fields.push({name, at, size, kind: 'text'});
      at += size;
    } else if (type === ARRAY) {
      const inner = u32();
      const length = u64();
      if (inner !== STRING) fields.push({name, at, size: SIZES[inner] ?? 0, kind: 'list'});
      for (let item = 0; item < length; item++) {
        const size = inner === STRING ? u64() : (SIZES[inner] ?? 0);
        // A few pieces of a vocabulary stand for all.
        if (inner === STRING && size > 0 && item % 9 === 0)
          fields.push({name: `${name}[${item}]`, at, size, kind: 'piece'});
        at += size;
      }
    } else {
      const size = SIZES[type] ?? 0;
      fields.push({name, at, size, kind: size === 1 ? 'flag' : type === F32 ? 'fraction' : 'whole'});
      at += size;
    }
    pairs.push({name, start, end: at});
  }
  for (let tensor = 0; tensor < tensors; tensor++) {
    const name = text();
    const dimensions = u32();
    fields.push({name, at, size: 8 * dimensions, kind: 'tensor size'});
    at += 8 * dimensions;
    fields.push({name, at, size: 4, kind: 'tensor type'});
    at += 12;
  }
  return {fields, pairs, end: at};
}
