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
  /** Mamba: A = -exp(A_log). */
  | {readonly kind: 'negated-exp'}
  /** FP8: every value times one scale. */
  | {readonly kind: 'scale'; readonly scale: number}
  /** FP8 by blocks: `scales` row-major, `columns` of them a row, each for `blockRows` x `blockColumns` values. */
  | {
      readonly kind: 'block-scale';
      readonly scales: Float32Array;
      readonly columns: number;
      readonly blockRows: number;
      readonly blockColumns: number;
    };

export interface Job {
  readonly sourceFd: number;
  readonly sourceOffset: number;
  readonly dtype: Dtype;
  /** First row within the source tensor: block scales go by it. */
  readonly firstRow: number;
  readonly rows: number;
  readonly columns: number;
  readonly transform: Transform;
  readonly type: OutputType;
  readonly targetFd: number;
  readonly targetOffset: number;
  /** Compare with what the target holds, instead of writing. */
  readonly compare: boolean;
}

/** Bytes of source a job may hold at once, unless one row or head is larger. */
export const JOB_BYTES = 2 << 20;

/** Does jobs one after the other in buffers of its own, which grow to the largest job. */
export class JobRunner {
  #source = new Uint8Array(0);
  #values = new Float32Array(0);
  #rows = new Float32Array(0);
  #target = new Uint8Array(0);
  #there = new Uint8Array(0);

  /** Gives false when `compare` found other bytes. Throws the file system's errors. */
  run(job: Job): boolean {
    const count = job.rows * job.columns;
    const sourceLength = count * DTYPES[job.dtype];
    this.#source = grow(this.#source, sourceLength);
    const source = this.#source.subarray(0, sourceLength);
    readInto(job.sourceFd, job.sourceOffset, source);
    const bytes = this.#convert(job, source, count);
    if (!job.compare) {
      writeAt(job.targetFd, job.targetOffset, bytes);
      return true;
    }
    this.#there = grow(this.#there, bytes.length);
    const there = this.#there.subarray(0, bytes.length);
    readInto(job.targetFd, job.targetOffset, there);
    return Buffer.compare(bytes, there) === 0;
  }

  #convert(job: Job, source: Uint8Array, count: number): Uint8Array {
    if (job.transform.kind === 'none' && (job.dtype as string) === job.type) return source;
    if (this.#values.length < count) this.#values = new Float32Array(count);
    decode(job.dtype, source, count, this.#values);
    const values = this.#transform(job, count);
    this.#target = grow(this.#target, outputBytes(job.type, count));
    return this.#target.subarray(0, encode(job.type, values, count, this.#target));
  }

  #transform({transform, rows, columns, firstRow}: Job, count: number): Float32Array {
    const values = this.#values;
    switch (transform.kind) {
      case 'none':
        return values;
      case 'negated-exp':
        for (let i = 0; i < count; i++) values[i] = -Math.exp(values[i] as number);
        return values;
      case 'scale':
        for (let i = 0; i < count; i++) values[i] = (values[i] as number) * transform.scale;
        return values;
      case 'block-scale':
        scaleBlocks(values, transform, firstRow, rows, columns);
        return values;
      case 'interleave-heads':
        if (this.#rows.length < count) this.#rows = new Float32Array(count);
        interleaveHeads(values, this.#rows, rows, columns, transform.headRows);
        return this.#rows;
    }
  }
}

function grow(buffer: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  return buffer.length >= length ? (buffer as Uint8Array<ArrayBuffer>) : new Uint8Array(length);
}

function scaleBlocks(
  values: Float32Array,
  {scales, columns: perRow, blockRows, blockColumns}: Extract<Transform, {kind: 'block-scale'}>,
  firstRow: number,
  rows: number,
  columns: number,
): void {
  for (let row = 0; row < rows; row++) {
    const scaleRow = Math.floor((firstRow + row) / blockRows) * perRow;
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      values[at] = (values[at] as number) * (scales[scaleRow + Math.floor(column / blockColumns)] as number);
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

/** Whether rows of this many values can be written in this type. */
export function fitsBlocks(type: OutputType, columns: number): boolean {
  return columns % OUTPUT_TYPES[type].blockSize === 0;
}
