// How a model is spread over several GPUs: what the user asks for, held against those that the library sees.
import {EngineError} from '../../../base/errors.ts';
import {counted, formatBytes} from '../../../base/units.ts';
import type {GpuChoice, SplitMode} from '../../contract/local-engine.ts';

/** A GPU as the library sees it. */
export interface GpuDevice {
  /** Such as `CUDA0`. */
  readonly name: string;
  readonly freeBytes: number;
  /** It has no memory of its own. */
  readonly usesRam: boolean;
}

export interface GpuSpread {
  /** In the order in which the library is given them; empty: the processor computes everything. */
  readonly gpus: readonly GpuDevice[];
  readonly mode: SplitMode;
  /** Shares of the GPUs in their order; absent: by the memory that each has free. */
  readonly split: readonly number[] | undefined;
  /** The place of the one that has what is not split. */
  readonly main: number;
  /** What was decided, for people; absent where there is nothing to spread. */
  readonly line: string | undefined;
  /** What was asked for and has no effect, a line each. */
  readonly notes: readonly string[];
}

const FLAGS = {split: '--gpu-split', mode: '--split-mode', main: '--main-gpu'} as const;

/** @throws EngineError `usage` for a GPU that is not there, and for shares that do not go with the GPUs. */
export function spreadOver(asked: GpuChoice, there: readonly GpuDevice[]): GpuSpread {
  const {mode = 'layer', split, main = 0} = asked;
  const gpus = asked.devices?.map((name) => deviceCalled(name, there)) ?? there;
  if (gpus.length === 0) return {gpus, mode, split: undefined, main: 0, line: undefined, notes: withoutEffect(asked)};
  if (main >= gpus.length) throw wrong(`${FLAGS.main} ${main} is not there: ${theGpus(gpus)}, counted from 0`);
  if (split && split.length > 1 && mode === 'none')
    throw wrong(`${FLAGS.split} and ${FLAGS.mode} none exclude each other`);
  if (split && split.length !== gpus.length) {
    throw wrong(`${FLAGS.split} has ${counted(split.length, 'share')} for ${theGpus(gpus)}`);
  }
  if (mode === 'none') {
    const one = gpus[main] as GpuDevice;
    const line = gpus.length > 1 ? `all layers of the GPU on ${one.name}` : undefined;
    return {gpus: [one], mode, split: undefined, main: 0, line, notes: []};
  }
  return {gpus, mode, split, main, line: gpus.length > 1 ? told(gpus, mode, split) : undefined, notes: []};
}

function deviceCalled(name: string, there: readonly GpuDevice[]): GpuDevice {
  const device = there.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (device) return device;
  throw wrong(
    `there is no GPU called ${name}`,
    there.length === 0 ? 'The engine sees none here.' : `Here: ${names(there)}.`,
  );
}

/** Scripts carry such flags from one machine to others, as they do with `--gpu-layers`. */
function withoutEffect(asked: GpuChoice): string[] {
  return (['split', 'mode', 'main'] as const)
    .filter((key) => asked[key] !== undefined)
    .map((key) => `${FLAGS[key]} has no effect: there is no GPU to use, the CPU computes everything`);
}

function told(gpus: readonly GpuDevice[], mode: SplitMode, split: readonly number[] | undefined): string {
  const what = mode === 'row' ? 'rows of each layer' : 'layers of the GPU';
  if (split) return `${what} shared ${split.join(' : ')} between ${gpus.map(({name}) => name).join(', ')}`;
  return `${what} shared between ${names(gpus)} by what is free; change it with ${FLAGS.split}`;
}

function theGpus(gpus: readonly GpuDevice[]): string {
  return gpus.length === 1 ? `one GPU (${names(gpus)})` : `${gpus.length} GPUs (${names(gpus)})`;
}

function names(gpus: readonly GpuDevice[]): string {
  return gpus.map(({name, freeBytes}) => `${name} with ${formatBytes(freeBytes)} free`).join(', ');
}

function wrong(what: string, hint?: string): EngineError {
  return new EngineError('usage', what, {...(hint !== undefined && {hint})});
}
