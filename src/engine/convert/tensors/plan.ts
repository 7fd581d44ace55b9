// The plan of a conversion: which source rows become which output tensor, and the jobs that do it.
import {
  type GgufEntries,
  type GgufLayout,
  layOut,
  type OutputType,
  outputBytes,
  type TensorLayout,
} from '../../gguf/write-header.ts';
import {DTYPES, type SourceTensor, sourceBytes, valueCount} from '../weights/weights.ts';
import {type BlockScale, fitsBlocks, JOB_BYTES, type Job, outputValues, type Transform} from './job.ts';

/** One output tensor: its parts lie in it one after the other (the experts of a stacked tensor), most have one. */
export interface PlannedTensor {
  readonly name: string;
  /** Row-major, as it is written. */
  readonly shape: readonly number[];
  readonly parts: readonly PlannedPart[];
  /** Where there are no parts: every value is this. */
  readonly filledWith?: number;
  /** Kept in F32 whatever type the file has. */
  readonly exact: boolean;
}

export interface PlannedPart {
  readonly source: SourceTensor;
  /** Of FP8 values. */
  readonly scale?: BlockScale;
  readonly transform: Transform;
}

export interface Plan {
  readonly layout: GgufLayout;
  readonly tensors: readonly (PlannedTensor & {readonly type: OutputType})[];
  /** Bytes of weights that are read. */
  readonly sourceBytes: number;
}

/** Lays out the file. A tensor whose rows are no whole blocks of `type` is written in F16, as llama.cpp does. */
export function makePlan(entries: GgufEntries, tensors: readonly PlannedTensor[], type: OutputType): Plan {
  const typed = tensors.map((tensor) => ({...tensor, type: typeOf(tensor, type)}));
  const layout = layOut(entries, typed satisfies readonly TensorLayout[]);
  const bytes = tensors.flatMap(({parts}) => parts).reduce((sum, {source}) => sum + sourceBytes(source), 0);
  return {layout, tensors: typed, sourceBytes: bytes};
}

function typeOf({shape, exact}: PlannedTensor, type: OutputType): OutputType {
  if (exact || shape.length < 2) return 'F32';
  return fitsBlocks(type, shape.at(-1) as number) ? type : 'F16';
}

/** The jobs of a plan in file order. `open` gives the descriptor of a source file. */
export function* jobsOf(
  plan: Plan,
  open: (path: string) => number,
  targetFd: number,
  compare: boolean,
): Generator<Job> {
  for (const [index, tensor] of plan.tensors.entries()) {
    let targetOffset = plan.layout.offsets[index] as number;
    if (tensor.filledWith !== undefined) yield fillJob(tensor, tensor.filledWith, {targetFd, targetOffset, compare});
    for (const part of tensor.parts) {
      const common = {sourceFd: open(part.source.path), type: tensor.type, targetFd, compare};
      yield* partJobs(part, common, targetOffset);
      targetOffset += outputBytes(tensor.type, outputValues(part.transform, valueCount(part.source.shape)));
    }
  }
}

function fillJob(
  {name, shape, type}: Plan['tensors'][number],
  value: number,
  place: Pick<Job, 'targetFd' | 'targetOffset' | 'compare'>,
): Job {
  const nowhere = {from: name, sourceFd: -1, sourceOffset: 0, dtype: 'F32', firstRow: 0, scale: undefined} as const;
  return {...place, ...nowhere, type, rows: 1, columns: valueCount(shape), transform: {kind: 'fill', value}};
}

type CommonFields = Pick<Job, 'sourceFd' | 'type' | 'targetFd' | 'compare'>;

function* partJobs(
  {source, scale, transform}: PlannedPart,
  common: CommonFields,
  targetOffset: number,
): Generator<Job> {
  const columns = source.shape.at(-1) ?? 1;
  const rows = valueCount(source.shape) / columns;
  const rowBytes = columns * DTYPES[source.dtype];
  const step = stepOf(transform);
  const chunk = Math.max(step, Math.floor(JOB_BYTES / rowBytes / step) * step);
  for (let firstRow = 0; firstRow < rows; firstRow += chunk) {
    yield {
      ...common,
      from: `${source.path}: tensor "${source.name}"`,
      scale,
      transform,
      dtype: source.dtype,
      firstRow,
      rows: Math.min(chunk, rows - firstRow),
      columns,
      sourceOffset: source.offset + firstRow * rowBytes,
      targetOffset: targetOffset + outputBytes(common.type, outputValues(transform, firstRow * columns)),
    };
  }
}

/** Rows that have to be read together. */
function stepOf(transform: Transform): number {
  if (transform.kind === 'interleave-heads') return transform.headRows;
  return transform.kind === 'rows-of-groups' ? transform.groupRows : 1;
}
