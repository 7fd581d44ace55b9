// `mistral inspect` of a folder whose weights are to be converted.
import {existsSync} from 'node:fs';
import {basename} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {formatBytes} from '../../base/units.ts';
import {estimateBytes} from '../../engine/convert/convert-folder.ts';
import {openSourceFolder} from '../../engine/convert/source/source-folder.ts';
import {readGguf} from '../../engine/gguf/read-header.ts';
import {isOutputType, OUTPUT_TYPES} from '../../engine/gguf/write-header.ts';
import {inspectFolder} from '../../engine/inspect/inspect-conversion.ts';
import {thisMachine} from '../../engine/models/memory/machine.ts';
import {notUnpacked} from '../../engine/models/model-at.ts';
import type {Io} from '../host/io.ts';
import {convertedBefore, defaultType} from '../open-model/convert-once.ts';
import {unpackedFolder} from '../open-model/unpack-once.ts';
import {type Inspected, inspectedFile} from './inspect-file.ts';

/** Weights that are to be converted: what was made of them earlier, else what would be. */
export async function inspectedFolder(io: Io, folder: string, quant?: string): Promise<Inspected> {
  const made = convertedBefore(io, folder, quant);
  if (made !== undefined) return inspectedFile(io, readGguf(made), `${basename(made)}, made of ${folder}`);
  const source = openSourceFolder(folder);
  const type = quant?.toUpperCase() ?? 'Q8_0';
  if (!isOutputType(type)) {
    throw new EngineError('usage', `what ${folder} becomes as ${type} is known when it is made`, {
      hint: `Inspect it as ${Object.keys(OUTPUT_TYPES).join(', ')}, or make it: mistral convert ${folder} --quant ${type}`,
    });
  }
  const inspection = inspectFolder(source, type, thisMachine());
  const opened = quant === undefined ? defaultType(source) : type;
  const other = `it would be opened as ${opened}, about ${formatBytes(estimateBytes(source, opened))}: ${type} leaves no room`;
  return {
    inspection: opened === type ? inspection : {...inspection, notes: [...inspection.notes, other]},
    note: `what ${folder} will be converted to`,
  };
}

/** An archive is described as the folder that was unpacked of it; nothing is unpacked to be described. */
export async function inspectedArchive(io: Io, tar: string, quant?: string): Promise<Inspected> {
  const folder = unpackedFolder(io, tar);
  if (existsSync(folder)) return await inspectedFolder(io, folder, quant);
  throw notUnpacked(tar);
}
