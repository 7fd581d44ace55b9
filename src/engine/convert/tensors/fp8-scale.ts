// The scales of FP8 tensors: which tensor holds them, and which values each of them is for.
import {closeSync, openSync} from 'node:fs';
import {EngineError} from '../../../base/errors.ts';
import {readAt} from '../../../base/files/read-at.ts';
import {type SourceTensor, sourceBytes, valueCount, type Weights} from '../weights/weights.ts';
import type {BlockScale} from './job.ts';
import {decode} from './kernels.ts';

/** Rows and columns that share a scale. */
export type BlockSize = readonly [rows: number, columns: number];

/** What published folders have where their configuration names none. */
const USUAL_BLOCK: BlockSize = [128, 128];

/**
 * Mistral keeps `X.qscale_weight`, Hugging Face `X.weight_scale_inv` or, of stacked experts, `X_scale_inv`,
 * compressed-tensors `X.weight_scale`: whatever the name says, the value is what is multiplied with.
 */
function scaleNames(tensor: string): string[] {
  return [`${tensor}_scale_inv`, `${tensor}_scale`, `${tensor.replace(/\.weight$/, '')}.qscale_weight`];
}

/** The tensor that a tensor of this name holds the scales of; undefined when it holds none. */
export function scaledBy(name: string): string | undefined {
  if (name.endsWith('.qscale_weight')) return name.replace(/\.qscale_weight$/, '.weight');
  return /^(.*(?:\.weight|_proj))_scale(?:_inv)?$/.exec(name)?.[1];
}

/**
 * The scales of an FP8 tensor; `blocks` is what the configuration says of them.
 * @throws EngineError `model_invalid` when there are none, or they fit no division of the tensor.
 */
export function readScale(source: SourceTensor, weights: Weights, blocks: BlockSize = USUAL_BLOCK): BlockScale {
  const found = scaleNames(source.name).flatMap((name) => weights.get(name) ?? []);
  const [scale] = found;
  if (scale === undefined) throw unusable(source, 'has no scale');
  const scales = readValues(scale);
  if (scales.some((value) => !Number.isFinite(value))) throw unusable(source, 'has a scale that is not a number');
  const division = divisionOf(source.shape, scale.shape, blocks);
  if (division === undefined) {
    const [given, of] = [scale.shape, source.shape].map((shape) => shape.join(' x '));
    throw unusable(source, `is ${of} and has scales of ${given}, which no blocks of ${blocks.join(' x ')} give`);
  }
  return {...division, scales};
}

/** Undefined when the scales fit neither the whole, nor each matrix, nor the blocks, nor the rows. */
function divisionOf(shape: readonly number[], scales: readonly number[], blocks: BlockSize) {
  const [rows, columns] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
  const matrices = valueCount(shape.slice(0, -2));
  const whole = {perRow: 1, blockRows: rows, blockColumns: columns, matrixRows: rows};
  if (valueCount(scales) === 1) return {...whole, blockRows: matrices * rows, matrixRows: matrices * rows};
  const given = trimmed(scales);
  const fits = (...sizes: number[]) => given === trimmed(shape.length < 3 ? sizes : [matrices, ...sizes]);
  if (fits(1, 1)) return whole;
  const [down, across] = [Math.ceil(rows / blocks[0]), Math.ceil(columns / blocks[1])];
  if (fits(down, across)) return {...whole, perRow: across, blockRows: blocks[0], blockColumns: blocks[1]};
  return fits(rows, 1) ? {...whole, blockRows: 1} : undefined;
}

/** Sizes of 1 behind the others may be written or not. */
function trimmed(sizes: readonly number[]): string {
  return sizes.join('x').replace(/(x1)+$/, '');
}

function readValues(tensor: SourceTensor): Float32Array {
  const fd = openSync(tensor.path, 'r');
  try {
    const count = valueCount(tensor.shape);
    const values = new Float32Array(count);
    decode(tensor.dtype, Uint8Array.from(readAt(fd, tensor.offset, sourceBytes(tensor))), count, values);
    return values;
  } finally {
    closeSync(fd);
  }
}

function unusable(source: SourceTensor, what: string): EngineError {
  return new EngineError('model_invalid', `${source.path}: the FP8 tensor "${source.name}" ${what}`, {
    hint: 'Its values mean nothing without their scales: take the folder as it was published, or one in BF16.',
  });
}
