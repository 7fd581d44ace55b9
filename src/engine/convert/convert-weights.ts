// Converts an opened folder to one GGUF file, at constant memory, in worker threads.
import {closeSync, ftruncateSync, openSync} from 'node:fs';
import {writeAt} from '../../base/files/read-at.ts';
import {writeAlone} from '../../base/files/whole-file.ts';
import {Figures} from '../gguf/check/figures.ts';
import {checkFigures, familyOf} from '../gguf/check/model-figures.ts';
import {fileTypeId} from '../gguf/file-types.ts';
import {parseGguf} from '../gguf/read-header.ts';
import {type GgufEntries, type GgufValue, OUTPUT_TYPES, type OutputType} from '../gguf/write-header.ts';
import type {SourceFolder} from './source/source-folder.ts';
import {hyperparameterEntries} from './tensors/hyperparameters.ts';
import {runJobs} from './tensors/job-pool.ts';
import {jobsOf, makePlan, type Plan} from './tensors/plan.ts';
import {vocabularyEntries} from './vocabulary/vocabulary.ts';
import {sourceBytes, valueCount} from './weights/weights.ts';

export interface ConvertOptions {
  /** Threads; 0 works on this one. */
  readonly workers: number;
  readonly signal: AbortSignal;
  /** Bytes of weights read so far, of all. */
  readonly progress?: (done: number, total: number) => void;
}

/**
 * What will be written for this folder in this type. `extra` entries go at the end.
 * @throws EngineError `model_invalid` for figures that contradict each other: nothing could load the result.
 */
export function planConversion(source: SourceFolder, type: OutputType, extra: GgufEntries = []): Plan {
  const plan = makePlan([...generalEntries(source, type), ...modelEntries(source), ...extra], source.tensors, type);
  const {header, fileSize} = plan.layout;
  const family = familyOf(source.model.architecture);
  if (family) checkFigures(new Figures(parseGguf(source.files[0] ?? source.folder, header, fileSize)), family);
  return plan;
}

/** A GGUF of the vocabulary alone, for tools that only tokenize. */
export function planVocabulary(source: SourceFolder): Plan {
  return makePlan([...generalEntries(source, 'F32'), ...modelEntries(source)], [], 'F32');
}

/** Writes the planned file. Throws EngineError as `writeAlone`, or the signal's reason; nothing half is left. */
export async function writePlan(plan: Plan, path: string, options: ConvertOptions): Promise<void> {
  const whole = {signal: options.signal, bytes: plan.layout.fileSize};
  await writeAlone(path, whole, (fd, _part, signal) => fillFile(plan, fd, {...options, signal}));
}

/** Writes header and tensors into an open file. */
export async function fillFile(plan: Plan, fd: number, options: ConvertOptions): Promise<void> {
  writeAt(fd, 0, plan.layout.header);
  await runPlan(plan, fd, false, options, () => {});
  // Only what pads the last tensor is still to come: a file that is full size from the start would hide a full disk.
  ftruncateSync(fd, plan.layout.fileSize);
}

/** Compares an open file with what the plan would write; calls `differs` for each stretch that does, with its offset. */
export async function compareFile(
  plan: Plan,
  fd: number,
  options: ConvertOptions,
  differs: (offset: number) => void,
): Promise<void> {
  await runPlan(plan, fd, true, options, differs);
}

async function runPlan(
  plan: Plan,
  fd: number,
  compare: boolean,
  options: ConvertOptions,
  differs: (offset: number) => void,
): Promise<void> {
  const opened = new Map<string, number>();
  const open = (path: string): number => {
    const known = opened.get(path) ?? openSync(path, 'r');
    opened.set(path, known);
    return known;
  };
  let read = 0;
  try {
    await runJobs(jobsOf(plan, open, fd, compare), {
      workers: options.workers,
      signal: options.signal,
      done: (job, same) => {
        if (job.transform.kind !== 'fill') {
          read += sourceBytes({...job, name: '', path: '', offset: 0, shape: [job.rows, job.columns]});
        }
        if (!same) differs(job.targetOffset);
        options.progress?.(read, plan.sourceBytes);
      },
    });
  } finally {
    for (const source of opened.values()) closeSync(source);
  }
}

const text = (value: string): GgufValue => ({type: 'string', value});
const u32 = (value: number): GgufValue => ({type: 'u32', value});

function generalEntries({model, name, tensors}: SourceFolder, type: OutputType): GgufEntries {
  const parameters = tensors.reduce((sum, {shape}) => sum + valueCount(shape), 0);
  return [
    ['general.architecture', text(model.architecture)],
    ['general.type', text('model')],
    ['general.name', text(name)],
    ['general.size_label', text(sizeLabel(parameters))],
    ['general.file_type', u32(fileTypeId(type) ?? OUTPUT_TYPES[type].id)],
    ['general.quantization_version', u32(2)],
  ];
}

/** Two digits at least: `7.2B`, `24B`, `141B`. */
function sizeLabel(parameters: number): string {
  const units = ['K', 'M', 'B', 'T'];
  let scaled = parameters / 1000;
  while (scaled >= 999.5 && units.length > 1) {
    scaled /= 1000;
    units.shift();
  }
  return `${scaled.toFixed(scaled < 9.95 ? 1 : 0)}${units[0]}`;
}

function modelEntries({model, vocabulary, hasVision, hasAudio, defaults}: SourceFolder): GgufEntries {
  return [
    ...defaults,
    ...hyperparameterEntries(model),
    ...vocabularyEntries(vocabulary, model.vocabSize),
    ...(hasVision ? ([['mistral.vision', text('left out')]] as const) : []),
    ...(hasAudio ? ([['mistral.audio', text('left out')]] as const) : []),
  ];
}
