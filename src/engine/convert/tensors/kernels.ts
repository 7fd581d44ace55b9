// The arithmetic of conversion: source numbers to 32-bit floats, floats to the types of a GGUF.
// Every step equals llama.cpp's gguf-py bit for bit (quants.py), which the tests hold against golden hashes.
import type {OutputType} from '../../gguf/write-header.ts';
import type {Dtype} from '../weights/weights.ts';

const f16ToF32Table = makeF16Table();
const f8ToF32Table = Float32Array.from({length: 256}, (_, code) => f8e4m3(code));

/** Decodes `count` source values at the start of `bytes` (aligned to 8) into `out`. */
export function decode(dtype: Dtype, bytes: Uint8Array, count: number, out: Float32Array): void {
  const {buffer, byteOffset} = bytes;
  switch (dtype) {
    case 'F32':
      out.set(new Float32Array(buffer, byteOffset, count));
      return;
    case 'F64':
      out.set(new Float64Array(buffer, byteOffset, count));
      return;
    case 'BF16': {
      const source = new Uint16Array(buffer, byteOffset, count);
      const bits = new Uint32Array(out.buffer, out.byteOffset, count);
      for (let i = 0; i < count; i++) bits[i] = (source[i] as number) << 16;
      return;
    }
    case 'F16': {
      const source = new Uint16Array(buffer, byteOffset, count);
      for (let i = 0; i < count; i++) out[i] = f16ToF32Table[source[i] as number] as number;
      return;
    }
    case 'F8_E4M3':
      for (let i = 0; i < count; i++) out[i] = f8ToF32Table[bytes[i] as number] as number;
  }
}

/** Encodes `count` floats into `out` (aligned to 8) and gives the bytes written. For Q8_0 `count` is whole blocks. */
export function encode(type: OutputType, values: Float32Array, count: number, out: Uint8Array): number {
  const {buffer, byteOffset} = out;
  switch (type) {
    case 'F32':
      new Float32Array(buffer, byteOffset, count).set(values.subarray(0, count));
      return 4 * count;
    case 'BF16':
      encodeBf16(values, count, new Uint16Array(buffer, byteOffset, count));
      return 2 * count;
    case 'F16':
      encodeF16(values, count, new Uint16Array(buffer, byteOffset, count));
      return 2 * count;
    case 'Q8_0':
      return encodeQ8(values, count, out);
  }
}

function encodeBf16(values: Float32Array, count: number, out: Uint16Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, count);
  for (let i = 0; i < count; i++) {
    const n = bits[i] as number;
    // A NaN keeps its sign and becomes a quiet one; anything else is rounded to the nearest even.
    out[i] = (n & 0x7fffffff) > 0x7f800000 ? (n >>> 16) | 64 : (n + 0x7fff + ((n >>> 16) & 1)) >>> 16;
  }
}

function encodeF16(values: Float32Array, count: number, out: Uint16Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, count);
  for (let i = 0; i < count; i++) out[i] = f32BitsToF16(bits[i] as number);
}

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/**
 * Blocks of 32 values: an F16 scale d = max/127 and 32 signed bytes, rounded half away from zero.
 * Works on magnitudes as bit patterns, which order as the numbers do.
 */
function encodeQ8(values: Float32Array, count: number, out: Uint8Array): number {
  const bits = new Int32Array(values.buffer, values.byteOffset, count);
  let at = 0;
  for (let start = 0; start < count; start += 32) {
    let largest = 0;
    for (let i = start; i < start + 32; i++) {
      const magnitude = (bits[i] as number) & 0x7fffffff;
      if (magnitude > largest) largest = magnitude;
    }
    scratchBits[0] = largest;
    const scale = Math.fround((scratch[0] as number) / 127);
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
    scratch[0] = scale;
    const half = f32BitsToF16(scratchBits[0] as number);
    out[at] = half;
    out[at + 1] = half >>> 8;
    at += 2;
    for (let i = start; i < start + 32; i++) {
      const value = Math.fround((values[i] as number) * inverse);
      out[at++] = value < 0 ? value - 0.5 : value + 0.5;
    }
  }
  return at;
}

/** Rounds to the nearest even; what is too large becomes infinity. */
function f32BitsToF16(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    const shifted = magnitude - 0x38000000;
    return sign + ((shifted + 0xfff + ((shifted >>> 13) & 1)) >>> 13);
  }
  if (magnitude < 0x33000000) return sign;
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const shift = 126 - (magnitude >>> 23);
  const result = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const halfway = 1 << (shift - 1);
  return sign + result + (rest > halfway || (rest === halfway && (result & 1) === 1) ? 1 : 0);
}

function makeF16Table(): Float32Array {
  return Float32Array.from({length: 65_536}, (_, code) => {
    const sign = code & 0x8000 ? -1 : 1;
    const exponent = (code >>> 10) & 31;
    const mantissa = code & 1023;
    if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return sign * (exponent === 0 ? mantissa * 2 ** -24 : (mantissa + 1024) * 2 ** (exponent - 25));
  });
}

/** OCP FP8 E4M3 as torch's float8_e4m3fn: no infinities, one NaN a sign. */
function f8e4m3(code: number): number {
  const sign = code & 0x80 ? -1 : 1;
  const exponent = (code >>> 3) & 15;
  const mantissa = code & 7;
  if (exponent === 15 && mantissa === 7) return Number.NaN;
  return sign * (exponent === 0 ? mantissa * 2 ** -9 : (mantissa + 8) * 2 ** (exponent - 10));
}
