// `mistral inspect` of a GGUF file, on this machine.
import {EngineError} from '../../base/errors.ts';
import type {GgufFile} from '../../engine/gguf/read-header.ts';
import {modelBytes} from '../../engine/gguf/size-on-disk.ts';
import {type Inspection, inspectModel} from '../../engine/inspect/inspect-model.ts';
import {engineFor} from '../../engine/local/engines.ts';
import {thisMachine} from '../../engine/models/memory/machine.ts';
import {keptRenderings} from '../host/folders.ts';
import type {Io} from '../host/io.ts';
import {libraryChoice} from '../library-choice.ts';

export interface Inspected {
  readonly inspection: Inspection;
  /** Which model it is, or why it was chosen. */
  readonly note: string;
}

/** A library that the environment names is asked when it opens the file: here it is not said to refuse any. */
export async function inspectedFile(io: Io, file: GgufFile, note: string): Promise<Inspected> {
  const inspection = inspectModel(file, modelBytes(file), thisMachine(), keptRenderings(io));
  const problem = inspection.problem ?? (await whyNobodyOpens(io, file));
  return {inspection: {...inspection, problem}, note};
}

async function whyNobodyOpens(io: Io, file: GgufFile): Promise<string | undefined> {
  try {
    await engineFor(file, libraryChoice(io, {}));
    return undefined;
  } catch (error) {
    if (error instanceof EngineError) return error.message;
    throw error;
  }
}
