// Turns mistral-inference's LoRA file (lora.safetensors) into the adapter GGUF the engine loads.
import {EngineError} from '../errors.ts';
import type {GgufFile} from '../models/gguf.ts';
import type {GgufEntries} from './gguf-header.ts';
import {ggufName} from './names.ts';
import {makePlan, type Plan, type PlannedTensor} from './plan.ts';
import {readSafetensors} from './safetensors.ts';
import type {SourceTensor} from './weights.ts';

/** mistral-inference adds `scaling * B A x`, and takes this where nothing else is said. */
export const DEFAULT_SCALING = 2;

/**
 * The adapter for a base model whose header is read.
 * Throws EngineError model_invalid: no LoRA file, halves without their other half, or made for another model.
 */
export function planLora(path: string, base: GgufFile, scaling = DEFAULT_SCALING): Plan {
  const weights = [...readSafetensors(path).values()];
  if (weights.length === 0 || !weights.every(({name}) => /\.lora_[AB]\.weight$/.test(name))) {
    throw new EngineError('model_invalid', `${path} is not a LoRA adapter in mistral-inference's format`, {
      hint: 'Its tensors are named layers.N.X.lora_A.weight and lora_B.weight; PEFT adapters have to be merged first.',
    });
  }
  const tensors = weights.map((source) => toPlanned(path, source, base)).sort((a, b) => (a.name < b.name ? -1 : 1));
  const rank = sharedRank(path, tensors);
  // With BF16 factors the engine rounds the activations to BF16 too, which changed answers on tiny models.
  return makePlan(entries(base, scaling * rank), tensors, 'F32');
}

function entries(base: GgufFile, alpha: number): GgufEntries {
  return [
    ['general.type', {type: 'string', value: 'adapter'}],
    ['general.architecture', {type: 'string', value: base.metadata.string('general.architecture') ?? 'llama'}],
    ['adapter.type', {type: 'string', value: 'lora'}],
    ['adapter.lora.alpha', {type: 'f32', value: alpha}],
  ];
}

function toPlanned(path: string, source: SourceTensor, base: GgufFile): PlannedTensor {
  const half = source.name.includes('.lora_A.') ? 'a' : 'b';
  const target = ggufName('mistral', source.name.replace(/\.lora_[AB]\.weight$/, '.weight'));
  const weight = target?.expert === undefined ? base.tensors.find(({name}) => name === target?.name) : undefined;
  // The file lists [columns, rows]: A goes from the columns to the rank, B from the rank to the rows.
  const wanted = weight?.shape[half === 'a' ? 0 : 1];
  const [rows, columns] = source.shape;
  if (target === undefined || !weight || source.shape.length !== 2 || (half === 'a' ? columns : rows) !== wanted) {
    throw new EngineError('model_invalid', `${path}: tensor "${source.name}" does not fit ${base.path}`, {
      hint: 'The adapter was made for another model: give the base it was trained on.',
    });
  }
  return {
    name: `${target.name}.lora_${half}`,
    shape: source.shape,
    exact: false,
    parts: [{source, transform: {kind: 'none'}}],
  };
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
  throw new EngineError('unsupported', `${path} has several ranks (${[...ranks].join(', ')})`, {
    hint: 'Merge the adapter into its base model first.',
  });
}
