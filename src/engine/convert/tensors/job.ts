// One piece of conversion: rows read from a source file, turned into output bytes, written or compared in place.

import {readInto, writeAt} from '../../../base/files/read-at.ts';
import {OUTPUT_TYPES, type OutputType, outputBytes} from '../../gguf/write-header.ts';
import {DTYPES, type Dtype} from '../weights/weights.ts';
import {decode, encode} from './kernels.ts';

/** What happens to the values between reading and writing. */
export type Transform =
  | {readonly kind: 'none'}
  /** Undoes Hugging Face's order of rotary pairs inside each head of this many rows. */
  | {readonly kind: 'interleave-heads'; readonly headRows: number}
  /** Of every group of rows these alone, with rows and columns of each group in each other's place where `transposed`. */
  | {
      readonly kind: 'rows-of-groups';
      readonly groupRows: number;
      readonly first: number;
      readonly count: number;
      readonly transposed: boolean;
    }
  /** Nothing is read: every value is this one. */
  | {readonly kind: 'fill'; readonly value: number}
  /** Mamba: A = -exp(A_log). */
  | {readonly kind: 'negated-exp'};

/** What FP8 values are multiplied with before anything else: a scale for each `blockRows` x `blockColumns` of them. */
export interface BlockScale {
  /** Row-major, `perRow` in a row. */
  readonly scales: Float32Array;
  readonly perRow: number;
  readonly blockRows: number;
  readonly blockColumns: number;
  /** Of stacked matrices, each of which begins with a block of its own. */
  readonly matrixRows: number;
}

export interface Job {
  /** The file and the tensor the rows are of, for messages. */
  readonly from: string;
  readonly sourceFd: number;
  readonly sourceOffset: number;
  readonly dtype: Dtype;
  /** First row within the source tensor: block scales go by it. */
  readonly firstRow: number;
  readonly rows: number;
  readonly columns: number;
  readonly scale: BlockScale | undefined;
  readonly transform: Transform;
  readonly type: OutputType;
  readonly targetFd: number;
  readonly targetOffset: number;
  /** Compare with what the target holds, instead of writing. */
  readonly compare: boolean;
}

/** `differs`: a comparison found other bytes. `not-a-number`: the source holds a value that no weight can have. */
export type JobOutcome = 'done' | 'differs' | 'not-a-number';

/** Bytes of source a job may hold at once, unless one row or head is larger. */
export const JOB_BYTES = 2 << 20;

/** Does jobs one after the other in buffers of its own, which grow to the largest job. */
export class JobRunner {
  #source = new Uint8Array(0);
  #values = new Float32Array(0);
  #rows = new Float32Array(0);
  #target = new Uint8Array(0);
  #there = new Uint8Array(0);

  /** Throws the file system's errors. */
  run(job: Job): JobOutcome {
    const count = job.rows * job.columns;
    const sourceLength = job.transform.kind === 'fill' ? 0 : count * DTYPES[job.dtype];
    this.#source = grow(this.#source, sourceLength);
    const source = this.#source.subarray(0, sourceLength);
    readInto(job.sourceFd, job.sourceOffset, source);
    if (job.dtype === 'F8_E4M3' && holdsNaN(source)) return 'not-a-number';
    const bytes = this.#convert(job, source, count);
    if (!job.compare) {
      writeAt(job.targetFd, job.targetOffset, bytes);
      return 'done';
    }
    this.#there = grow(this.#there, bytes.length);
    const there = this.#there.subarray(0, bytes.length);
    readInto(job.targetFd, job.targetOffset, there);
    return Buffer.compare(bytes, there) === 0 ? 'done' : 'differs';
  }

  #convert(job: Job, source: Uint8Array, count: number): Uint8Array {
    if (job.transform.kind === 'none' && !job.scale && (job.dtype as string) === job.type) return source;
    if (this.#values.length < count) this.#values = new Float32Array(count);
    if (job.transform.kind !== 'fill') decode(job.dtype, source, count, this.#values);
    if (job.scale) scaleBlocks(this.#values, job.scale, job);
    const values = this.#transform(job, count);
    const written = outputValues(job.transform, count);
    this.#target = grow(this.#target, outputBytes(job.type, written));
    return this.#target.subarray(0, encode(job.type, values, written, this.#target));
  }

  #other(count: number): Float32Array {
    if (this.#rows.length < count) this.#rows = new Float32Array(count);
    return this.#rows;
  }

  #transform({transform, rows, columns}: Job, count: number): Float32Array {
    const values = this.#values;
    switch (transform.kind) {
      case 'none':
        return values;
      case 'negated-exp':
        for (let i = 0; i < count; i++) values[i] = -Math.exp(values[i] as number);
        return values;
      case 'fill':
        return values.fill(transform.value, 0, count);
      case 'interleave-heads':
        interleaveHeads(values, this.#other(count), rows, columns, transform.headRows);
        return this.#rows;
      case 'rows-of-groups':
        takeRows(values, this.#other(count), rows, columns, transform);
        return this.#rows;
    }
  }
}

/** How many values become of `count` source values. */
export function outputValues(transform: Transform, count: number): number {
  return transform.kind === 'rows-of-groups' ? (count / transform.groupRows) * transform.count : count;
}

function grow(buffer: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  return buffer.length >= length ? (buffer as Uint8Array<ArrayBuffer>) : new Uint8Array(length);
}

/** E4M3 has one NaN a sign, and no infinity. */
function holdsNaN(codes: Uint8Array): boolean {
  for (let i = 0; i < codes.length; i++) if (((codes[i] as number) & 0x7f) === 0x7f) return true;
  return false;
}

function scaleBlocks(values: Float32Array, scale: BlockScale, {firstRow, rows, columns}: Job): void {
  const {scales, perRow, blockRows, blockColumns, matrixRows} = scale;
  const blocksDown = Math.ceil(matrixRows / blockRows);
  for (let row = 0; row < rows; row++) {
    const matrix = Math.floor((firstRow + row) / matrixRows);
    const inMatrix = firstRow + row - matrix * matrixRows;
    const scaleRow = (matrix * blocksDown + Math.floor(inMatrix / blockRows)) * perRow;
    for (let block = 0; block < perRow; block++) {
      const factor = scales[scaleRow + block] as number;
      const end = row * columns + Math.min(columns, (block + 1) * blockColumns);
      for (let at = row * columns + block * blockColumns; at < end; at++) values[at] = (values[at] as number) * factor;
    }
  }
}

/** Row 2k+j of a head comes from its row j*(headRows/2)+k. */
function interleaveHeads(from: Float32Array, to: Float32Array, rows: number, columns: number, headRows: number): void {
  const half = headRows / 2;
  for (let row = 0; row < rows; row++) {
    const head = Math.floor(row / headRows) * headRows;
    const inHead = row - head;
    const source = head + (inHead % 2) * half + (inHead >> 1);
    to.set(from.subarray(source * columns, (source + 1) * columns), row * columns);
  }
}

function takeRows(
  from: Float32Array,
  to: Float32Array,
  rows: number,
  columns: number,
  {groupRows, first, count, transposed}: Extract<Transform, {kind: 'rows-of-groups'}>,
): void {
  for (let group = 0; group * groupRows < rows; group++) {
    const start = (group * groupRows + first) * columns;
    const target = group * count * columns;
    if (!transposed) {
      to.set(from.subarray(start, start + count * columns), target);
      continue;
    }
    for (let row = 0; row < count; row++) {
      for (let column = 0; column < columns; column++) {
        to[target + column * count + row] = from[start + row * columns + column] as number;
      }
    }
  }
}

/** Whether rows of this many values can be written in this type. */
export function fitsBlocks(type: OutputType, columns: number): boolean {
  return columns % OUTPUT_TYPES[type].blockSize === 0;
}
