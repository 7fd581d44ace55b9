// Brings the tensors of a folder and the tensors its model must have together: names, experts, scales, shapes.
import {closeSync, openSync} from 'node:fs';
import {EngineError} from '../../../base/errors.ts';
import {readAt} from '../../../base/files/read-at.ts';
import {type SourceTensor, sourceBytes, valueCount, type Weights} from '../weights/weights.ts';
import type {Hyperparameters} from './hyperparameters.ts';
import type {Transform} from './job.ts';
import {decode} from './kernels.ts';
import type {PlannedPart, PlannedTensor} from './plan.ts';
import {bareName, ggufName, isLeftOut, type Naming} from './tensor-names.ts';
import {type ExpectedTensor, expectedTensors} from './tensor-shapes.ts';

/**
 * The planned tensors of a model. `folder` is for messages.
 * Throws EngineError model_invalid when a tensor is missing, unknown or of a wrong shape.
 */
export function assemble(folder: string, weights: Weights, model: Hyperparameters, naming: Naming): PlannedTensor[] {
  const sources = bySourceName(folder, weights, naming);
  const planned: PlannedTensor[] = [];
  for (const expected of expectedTensors(model)) {
    const found = sources.get(expected.name);
    sources.delete(expected.name);
    if (found === undefined) {
      if (expected.optional) continue;
      throw mismatch(folder, `the weights lack ${expected.name}`);
    }
    const parts = found.map((source) => toPart(source, expected.name, weights, model, naming));
    checkShape(folder, expected, found);
    planned.push({name: expected.name, shape: expected.shape, exact: expected.exact, parts});
  }
  const [extra] = sources.values();
  if (extra?.[0]) throw mismatch(folder, `tensor "${extra[0].name}" has no place in such a model`);
  return planned;
}

/** Source tensors under their GGUF name, experts in order. */
function bySourceName(folder: string, weights: Weights, naming: Naming): Map<string, SourceTensor[]> {
  const sources = new Map<string, SourceTensor[]>();
  for (const tensor of weights.values()) {
    const bare = bareName(naming, tensor.name);
    if (isLeftOut(bare) || isScale(bare)) continue;
    const target = ggufName(naming, bare);
    if (target === undefined) throw mismatch(folder, `tensor "${tensor.name}" is not known`);
    const list = sources.get(target.name) ?? [];
    list[target.expert ?? 0] = tensor;
    sources.set(target.name, list);
  }
  return sources;
}

const isScale = (name: string) => /\.(qscale_weight|weight_scale_inv|weight_scale)$/.test(name);

function checkShape(folder: string, {name, shape}: ExpectedTensor, sources: readonly SourceTensor[]): void {
  const stacked = shape.length === 3;
  const each = stacked ? shape.slice(1) : shape;
  const wanted = each.filter((size) => size !== 1).join(' x ');
  if (stacked && sources.filter(Boolean).length !== shape[0]) {
    throw mismatch(folder, `${name} has ${sources.filter(Boolean).length} experts instead of ${shape[0]}`);
  }
  for (const source of sources) {
    // A size of 1 may be written or not; the grouped norm of Mamba is one row in its checkpoint.
    const flat = name.endsWith('ssm_norm.weight') && valueCount(source.shape) === valueCount(shape);
    if (!flat && source.shape.filter((size) => size !== 1).join(' x ') !== wanted) {
      throw mismatch(folder, `tensor "${source.name}" is ${source.shape.join(' x ')} instead of ${wanted}`);
    }
  }
}

function toPart(
  source: SourceTensor,
  name: string,
  weights: Weights,
  model: Hyperparameters,
  naming: Naming,
): PlannedPart {
  if (source.dtype === 'F8_E4M3') return {source, transform: fp8Scale(source, weights)};
  if (name.endsWith('.ssm_a')) return {source, transform: {kind: 'negated-exp'}};
  if (naming === 'hf' && model.architecture !== 'mamba2' && /\.attn_[qk]\.weight$/.test(name)) {
    return {source, transform: {kind: 'interleave-heads', headRows: model.headDim}};
  }
  return {source, transform: {kind: 'none'}};
}

/** Mistral keeps `X.qscale_weight`, Hugging Face `X.weight_scale_inv`: one number, or one a block. */
function fp8Scale(source: SourceTensor, weights: Weights): Transform {
  const stem = source.name.replace(/\.weight$/, '');
  const scale =
    weights.get(`${stem}.qscale_weight`) ??
    weights.get(`${stem}.weight_scale_inv`) ??
    weights.get(`${stem}.weight_scale`);
  if (scale === undefined) {
    throw new EngineError('model_invalid', `${source.path}: the FP8 tensor "${source.name}" has no scale`, {
      hint: 'Fetch the folder again from where the weights came from.',
    });
  }
  const scales = readValues(scale);
  if (scales.length === 1) return {kind: 'scale', scale: scales[0] as number};
  const [rows = 1, columns = 1] = source.shape;
  const [scaleRows = 1, scaleColumns = 1] = scale.shape;
  return {
    kind: 'block-scale',
    scales,
    columns: scaleColumns,
    blockRows: Math.ceil(rows / scaleRows),
    blockColumns: Math.ceil(columns / scaleColumns),
  };
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

function mismatch(folder: string, what: string): EngineError {
  return new EngineError('model_invalid', `${folder}: ${what}`, {
    hint: 'The configuration and the weights do not belong together, or the folder is incomplete: fetch it again.',
  });
}
