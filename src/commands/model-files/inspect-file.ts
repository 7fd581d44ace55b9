// `mistral inspect` of a GGUF file, on this machine.

import type {GgufFile} from '../../engine/gguf/read-header.ts';
import {modelBytes} from '../../engine/gguf/size-on-disk.ts';
import {type Inspection, inspectModel} from '../../engine/inspect/inspect-model.ts';
import {thisMachine} from '../../engine/models/memory/machine.ts';

export interface Inspected {
  readonly inspection: Inspection;
  /** Which model it is, or why it was chosen. */
  readonly note: string;
}

export function inspectedFile(file: GgufFile, note: string): Inspected {
  return {inspection: inspectModel(file, modelBytes(file), thisMachine()), note};
}
