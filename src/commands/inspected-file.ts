// `mistral inspect` of a GGUF file, on this machine.
import {type Inspection, inspectModel} from '../engine/inspect-model.ts';
import type {GgufFile} from '../engine/models/gguf.ts';
import {thisMachine} from '../engine/models/machine.ts';
import {modelBytes} from '../engine/models/parts.ts';

export interface Inspected {
  readonly inspection: Inspection;
  /** Which model it is, or why it was chosen. */
  readonly note: string;
}

export function inspectedFile(file: GgufFile, note: string): Inspected {
  return {inspection: inspectModel(file, modelBytes(file), thisMachine()), note};
}
