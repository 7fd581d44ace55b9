// Chooses one file among several quantisations of a model by what fits the machine, and says why.

import {formatBytes} from '../../../base/units.ts';
import type {Machine} from '../../contract/local-engine.ts';
import type {ModelFile} from '../../gguf/model-files.ts';

export interface Choice {
  readonly file: ModelFile;
  /** Why this one, as a clause: `the largest up to Q8_0 that fits the GPU`. */
  readonly why: string;
}

/** Memory a model takes beyond its weights, in bytes (KV cache at the default context, work buffers). */
export type Overhead = number;

/** What is counted with for a file whose header nobody has read. */
export const USUAL_OVERHEAD: Overhead = 1.5e9;

const FULL_PRECISION = /^(BF16|F16|F32)$/;
/** Good trades of speed against loss on a CPU, where decoding is bound by the bytes read; best first. */
const CPU_FAVOURITES = ['Q4_K_M', 'Q5_K_M', 'Q4_K_S', 'Q5_K_S', 'Q4_0'];
/** Up to this share of the memory even Q8_0 is small enough to be taken on a CPU. */
const SMALL_SHARE = 0.25;
/** Left to the system and to other programs. */
const RAM_RESERVE = 1e9;

/** The files that this text chooses: of the exact quantisation if one has it, else every file with the text in its name. */
export function filesNamed<F extends Pick<ModelFile, 'name' | 'quant'>>(
  files: readonly F[],
  text: string,
): readonly F[] {
  const wanted = text.toLowerCase();
  const exact = files.filter(({quant}) => quant?.toLowerCase() === wanted);
  return exact.length > 0 ? exact : files.filter(({name}) => name.toLowerCase().includes(wanted));
}

/** `files` are quantisations of one model, not empty. */
export function chooseQuantisation(files: readonly ModelFile[], overhead: Overhead, machine: Machine): Choice {
  const quantised = files.filter((file) => !FULL_PRECISION.test(file.quant ?? ''));
  const pool = (quantised.length > 0 ? quantised : files).toSorted((a, b) => b.bytes - a.bytes);
  const onGpu = pool.find((file) => file.bytes + overhead <= machine.vramBytes);
  if (onGpu !== undefined)
    return {file: onGpu, why: `the largest that fits the GPU's ${formatBytes(machine.vramBytes)}`};
  const room = machine.ramBytes + machine.vramBytes - RAM_RESERVE;
  const fitting = pool.filter((file) => file.bytes + overhead <= room);
  const smallest = pool.at(-1) as ModelFile;
  if (fitting.length === 0) {
    return {file: smallest, why: `the smallest, though more than the memory of ${formatBytes(machine.ramBytes)} holds`};
  }
  const small = fitting.find((file) => file.bytes < SMALL_SHARE * machine.ramBytes);
  if (small !== undefined && small === fitting[0])
    return {file: small, why: 'the most exact one, small for this machine'};
  for (const quant of CPU_FAVOURITES) {
    const file = fitting.find((candidate) => candidate.quant?.replace(/^UD-/, '') === quant);
    if (file !== undefined) return {file, why: `${quant} is fast on a CPU at little loss`};
  }
  return {file: fitting[0] as ModelFile, why: `the largest that fits ${formatBytes(machine.ramBytes)} of memory`};
}
