// One call from an opened folder to a GGUF of any quantisation, whichever way it takes.
import {rmSync} from 'node:fs';
import {writeAlone} from '../../base/files/whole-file.ts';
import {AVERAGE_BITS, fileTypeId} from '../gguf/file-types.ts';
import {isOutputType, OUTPUT_TYPES, type OutputType} from '../gguf/write-header.ts';
import {type ConvertOptions, planConversion, writePlan} from './convert-weights.ts';
import {quantiseFile, quantiserLibrary} from './quantise.ts';
import type {SourceFolder} from './source/source-folder.ts';

export interface ConvertFolderOptions extends ConvertOptions {
  /** Called when a second pass begins: what it does, in words. */
  readonly stage?: (what: string) => void;
}

/** Quantisations that can be made, the ones written without the engine's library first. */
export const QUANTISATIONS: readonly string[] = [
  ...(Object.keys(OUTPUT_TYPES) as OutputType[]),
  ...Object.keys(AVERAGE_BITS).filter((name) => !isOutputType(name)),
];

/** The quantisation of this name in any case; undefined for one that cannot be made. */
export function quantisation(name: string): string | undefined {
  const upper = name.toUpperCase();
  return QUANTISATIONS.includes(upper) && fileTypeId(upper) !== undefined ? upper : undefined;
}

/** About how many bytes the file will have. */
export function estimateBytes(source: SourceFolder, type: string): number {
  if (isOutputType(type)) return planConversion(source, type).layout.fileSize;
  return planConversion(source, 'BF16').layout.fileSize * ((AVERAGE_BITS[type] ?? 16) / 16);
}

/**
 * Converts to `path`. F32, F16, BF16 and Q8_0 are written at once; the others take an exact file beside it first, which
 * the engine's library then quantises. Throws EngineError (see writeAlone and quantiseFile) or the signal's reason.
 */
export async function convertFolder(
  source: SourceFolder,
  type: string,
  path: string,
  options: ConvertFolderOptions,
): Promise<void> {
  if (isOutputType(type)) return writePlan(planConversion(source, type), path, options);
  quantiserLibrary();
  const exact = planConversion(source, exactType(source));
  const exactPath = `${path}.exact`;
  // Under the lock of the result: the exact file of a conversion that runs is not for another one to write or remove.
  const whole = {signal: options.signal, bytes: estimateBytes(source, type)};
  await writeAlone(path, whole, async (_fd, part, signal) => {
    try {
      await writePlan(exact, exactPath, {...options, signal});
      options.stage?.(`quantising to ${type}`);
      await quantiseFile(exactPath, part, type, {
        threads: Math.max(1, options.workers),
        signal,
        ...(options.progress && {progress: options.progress}),
      });
    } finally {
      rmSync(exactPath, {force: true});
    }
  });
}

/** The type that loses nothing of the source. */
function exactType({tensors}: SourceFolder): OutputType {
  const types = new Set(tensors.flatMap(({parts}) => parts.map(({source}) => source.dtype)));
  if (types.has('BF16') || types.has('F8_E4M3')) return 'BF16';
  return types.has('F16') ? 'F16' : 'F32';
}
