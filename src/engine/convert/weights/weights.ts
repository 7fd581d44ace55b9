// What every weight format is read into: named tensors that lie contiguously somewhere in a file.

/** Number formats of source weights that can be converted. */
export const DTYPES = {F64: 8, F32: 4, F16: 2, BF16: 2, F8_E4M3: 1} as const;

export type Dtype = keyof typeof DTYPES;

export interface SourceTensor {
  readonly name: string;
  readonly dtype: Dtype;
  /** Row-major: a matrix of R rows and C columns is [R, C]. */
  readonly shape: readonly number[];
  /** Path of the file that holds it. */
  readonly path: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
}

export type Weights = ReadonlyMap<string, SourceTensor>;

/** Number of values in a shape; 1 for a scalar. */
export function valueCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Bytes a tensor takes in its source file. */
export function sourceBytes({dtype, shape}: SourceTensor): number {
  return DTYPES[dtype] * valueCount(shape);
}
