// Turns a LoRA adapter as it was trained into the adapter GGUF the engine loads.
import {EngineError} from '../../base/errors.ts';
import {modelShape} from '../gguf/model-shape.ts';
import type {GgufFile} from '../gguf/read-header.ts';
import type {GgufEntries} from '../gguf/write-header.ts';
import type {AdapterFile, Factor} from './source/adapter-file.ts';
import type {SourceFolder} from './source/source-folder.ts';
import type {Transform} from './tensors/job.ts';
import {makePlan, type Plan, type PlannedTensor} from './tensors/plan.ts';
import {ggufName} from './tensors/tensor-names.ts';

/** What an adapter has to fit. */
export interface LoraBase {
  /** For messages. */
  readonly path: string;
  readonly architecture: string;
  /** Rows of one attention head. */
  readonly headRows: number;
  /** Rows and columns of matrices, by their GGUF name. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
}

/** A base whose GGUF header is read. */
export function ggufBase(file: GgufFile): LoraBase {
  const {architecture, keyLength} = modelShape(file);
  const shapes = new Map(file.tensors.map(({name, shape}) => [name, shape.toReversed()]));
  return {path: file.path, architecture, headRows: keyLength, shapes};
}

/** A base that is still a folder to be converted. */
export function folderBase({folder, model, tensors}: SourceFolder): LoraBase {
  const shapes = new Map(tensors.map(({name, shape}) => [name, shape]));
  return {path: folder, architecture: model.architecture, headRows: model.headDim, shapes};
}

/** Of latent attention: keys and values of one matrix are two, the keys transposed. */
const SPLIT_WEIGHT = '.attn_kv_b.weight';

/**
 * Throws EngineError model_unsupported for a matrix that llama.cpp has in two, model_invalid: halves
 * without their other half, or an adapter made for another model.
 */
export function planLora(adapter: AdapterFile, base: LoraBase): Plan {
  const tensors = adapter.factors.map((factor) => toPlanned(adapter, factor, base));
  tensors.sort((a, b) => (a.name < b.name ? -1 : 1));
  const rank = sharedRank(adapter.path, tensors);
  // With BF16 factors the engine rounds the activations to BF16 too, which changed answers on tiny models.
  return makePlan(entries(base, adapter.alpha(rank)), tensors, 'F32');
}

function entries(base: LoraBase, alpha: number): GgufEntries {
  return [
    ['general.type', {type: 'string', value: 'adapter'}],
    ['general.architecture', {type: 'string', value: base.architecture}],
    ['adapter.type', {type: 'string', value: 'lora'}],
    ['adapter.lora.alpha', {type: 'f32', value: alpha}],
  ];
}

function toPlanned({path, naming}: AdapterFile, {source, weight, half}: Factor, base: LoraBase): PlannedTensor {
  const target = ggufName(naming, weight);
  if (target?.name.endsWith(SPLIT_WEIGHT)) {
    throw new EngineError(
      'model_unsupported',
      `${path}: tensor "${source.name}" is for a matrix that a GGUF has in two`,
      {
        hint: 'Merge the adapter into its base model first (merge_and_unload).',
      },
    );
  }
  const shape = target?.expert === undefined ? base.shapes.get(target?.name ?? '') : undefined;
  // A goes from the columns to the rank, B from the rank to the rows.
  const [rows, columns] = source.shape;
  const fits = half === 'a' ? columns === shape?.[1] : rows === shape?.[0];
  if (target === undefined || shape?.length !== 2 || source.shape.length !== 2 || !fits) {
    throw new EngineError('model_invalid', `${path}: tensor "${source.name}" does not fit ${base.path}`, {
      hint: 'The adapter was made for another model: give the base it was trained on.',
    });
  }
  // Hugging Face's order of rotary rows is the base's rows, and those of B.
  const isRotary = naming === 'hf' && half === 'b' && /\.attn_[qk]\.weight$/.test(target.name);
  const transform: Transform = isRotary ? {kind: 'interleave-heads', headRows: base.headRows} : {kind: 'none'};
  return {name: `${target.name}.lora_${half}`, shape: source.shape, exact: false, parts: [{source, transform}]};
}

/** The rank of all pairs; each must have both halves. */
function sharedRank(path: string, tensors: readonly PlannedTensor[]): number {
  const ranks = new Set<number>();
  const shapes = new Map(tensors.map(({name, shape}) => [name, shape]));
  for (const {name, shape} of tensors) {
    const isA = name.endsWith('a');
    const other = shapes.get(`${name.slice(0, -1)}${isA ? 'b' : 'a'}`);
    const rank = (isA ? shape[0] : shape[1]) ?? 0;
    if (other === undefined || (isA ? other[1] : other[0]) !== rank) {
      throw new EngineError('model_invalid', `${path}: "${name}" has no other half of its rank`, {
        hint: 'The file is incomplete: fetch it again.',
      });
    }
    ranks.add(rank);
  }
  const [rank] = ranks;
  if (ranks.size === 1 && rank !== undefined) return rank;
  throw new EngineError('model_unsupported', `${path} has several ranks (${[...ranks].join(', ')})`, {
    hint: 'Merge the adapter into its base model first.',
  });
}
