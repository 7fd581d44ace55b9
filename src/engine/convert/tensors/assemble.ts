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
  const used = new Set<string>();
  const planned = expectedTensors(model, (name) => sources.has(name)).flatMap((expected): PlannedTensor[] => {
    const {name, shape, exact, rowsOf, filledWith} = expected;
    if (filledWith !== undefined) return [{name, shape, exact, parts: [], filledWith}];
    const from = rowsOf?.name ?? name;
    const found = sources.get(from);
    used.add(from);
    if (found === undefined) {
      if (expected.optional) return [];
      throw mismatch(folder, `the weights lack ${from}`);
    }
    checkShape(folder, from, rowsOf?.shape ?? shape, found);
    const transform = transformOf(expected, model, naming);
    return [{name, shape, exact, parts: found.map((source): PlannedPart => ({source, transform, ...scaleOf(source)}))}];
  });
  const extra = [...sources].find(([name]) => !used.has(name))?.[1].find((source) => source !== undefined);
  if (extra) throw unknownPart(folder, `tensor "${extra.name}" has no place in such a model`);
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
    if (target === undefined) throw unknownPart(folder, `tensor "${tensor.name}" is not known`);
    const list = sources.get(target.name) ?? [];
    const other = list[target.expert ?? 0];
    if (other) throw mismatch(folder, `"${other.name}" and "${tensor.name}" are the same part of the model`);
    list[target.expert ?? 0] = tensor;
    sources.set(target.name, list);
  }
  return sources;
}

/** A stack lies in one tensor, one matrix below the other or not, or in as many as it is high. */
function checkShape(folder: string, name: string, shape: readonly number[], sources: readonly SourceTensor[]): void {
  const isStacked = shape.length === 3;
  const [first] = sources;
  const below = [(shape[0] ?? 0) * (shape[1] ?? 0), shape[2] ?? 0];
  const isBelow = isStacked && shape[0] !== 1 && first?.shape.join() === below.join();
  const isWhole = isBelow || first?.shape.length === 3;
  const each = isBelow ? below : isStacked && !isWhole ? shape.slice(1) : shape;
  const wanted = each.filter((size) => size !== 1).join(' x ');
  const there = sources.filter(Boolean).length;
  const count = isStacked && !isWhole ? shape[0] : 1;
  if (there !== count) throw mismatch(folder, `${name} has ${there} experts instead of ${count}`);
  if (sources.length !== count) {
    const all: (SourceTensor | undefined)[] = Array.from(sources);
    throw mismatch(folder, `${name} lacks expert ${all.indexOf(undefined)}, and has one beyond ${count}`);
  }
  for (const source of sources) {
    // A size of 1 may be written or not; the grouped norm of Mamba is one row in its checkpoint.
    const flat = name.endsWith('ssm_norm.weight') && valueCount(source.shape) === valueCount(shape);
    if (!flat && source.shape.filter((size) => size !== 1).join(' x ') !== wanted) {
      throw mismatch(folder, `tensor "${source.name}" is ${source.shape.join(' x ')} instead of ${wanted}`);
    }
  }
}

function transformOf({name, rowsOf}: ExpectedTensor, model: Hyperparameters, naming: Naming): Transform {
  if (rowsOf) {
    const {groupRows, first, count, transposed} = rowsOf;
    return {kind: 'rows-of-groups', groupRows, first, count, transposed};
  }
  if (name.endsWith('.ssm_a')) return {kind: 'negated-exp'};
  if (naming === 'hf' && model.architecture !== 'mamba2' && /\.attn_[qk]\.weight$/.test(name)) {
    return {kind: 'interleave-heads', headRows: model.headDim};
  }
  return {kind: 'none'};
}

function mismatch(folder: string, what: string): EngineError {
  return new EngineError('model_invalid', `${folder}: ${what}`, {
    hint: 'The configuration and the weights do not belong together, or a file is not whole: compare them with their source.',
  });
}

/** Not damage: fetching such a folder again does not help. */
function unknownPart(folder: string, what: string): EngineError {
  return new EngineError('model_unsupported', `${folder}: ${what}`, {
    hint: 'The model has parts that this program cannot convert, or the configuration is for another model: use a GGUF of it.',
  });
}
