// Brings the tensors of a folder and the tensors its model must have together: names, experts, scales, shapes.
import {EngineError} from '../../../base/errors.ts';
import {type SourceTensor, valueCount, type Weights} from '../weights/weights.ts';
import {type BlockSize, readScale, scaledBy} from './fp8-scale.ts';
import type {Hyperparameters} from './hyperparameters.ts';
import type {Transform} from './job.ts';
import type {PlannedPart, PlannedTensor} from './plan.ts';
import {bareName, ggufName, isLeftOut, type Naming} from './tensor-names.ts';
import {type ExpectedTensor, expectedTensors} from './tensor-shapes.ts';

/**
 * The planned tensors of a model. `folder` is for messages.
 * Throws EngineError model_invalid when a tensor is missing, unknown or of a wrong shape.
 */
export function assemble(
  folder: string,
  weights: Weights,
  model: Hyperparameters,
  naming: Naming,
  blocks?: BlockSize,
): PlannedTensor[] {
  const scaleOf = (source: SourceTensor) =>
    source.dtype === 'F8_E4M3' ? {scale: readScale(source, weights, blocks)} : {};
  const sources = bySourceName(folder, weights, naming);
  const planned: PlannedTensor[] = [];
  for (const expected of expectedTensors(model)) {
    const found = sources.get(expected.name);
    sources.delete(expected.name);
    if (found === undefined) {
      if (expected.optional) continue;
      throw mismatch(folder, `the weights lack ${expected.name}`);
    }
    const transform = transformOf(expected.name, model, naming);
    const parts = found.map((source): PlannedPart => ({source, transform, ...scaleOf(source)}));
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
    if (isLeftOut(bare)) continue;
    const scaled = scaledBy(tensor.name);
    if (scaled !== undefined) {
      if (weights.get(scaled)?.dtype === 'F8_E4M3') continue;
      // Nothing says whether the values were multiplied with it already.
      throw mismatch(folder, `"${tensor.name}" is the scale of a tensor that is not FP8`);
    }
    const target = ggufName(naming, bare);
    if (target === undefined) throw mismatch(folder, `tensor "${tensor.name}" is not known`);
    const list = sources.get(target.name) ?? [];
    list[target.expert ?? 0] = tensor;
    sources.set(target.name, list);
  }
  return sources;
}

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

function transformOf(name: string, model: Hyperparameters, naming: Naming): Transform {
  if (name.endsWith('.ssm_a')) return {kind: 'negated-exp'};
  if (naming === 'hf' && model.architecture !== 'mamba2' && /\.attn_[qk]\.weight$/.test(name)) {
    return {kind: 'interleave-heads', headRows: model.headDim};
  }
  return {kind: 'none'};
}

function mismatch(folder: string, what: string): EngineError {
  return new EngineError('model_invalid', `${folder}: ${what}`, {
    hint: 'The configuration and the weights do not belong together, or the folder is incomplete: fetch it again.',
  });
}
