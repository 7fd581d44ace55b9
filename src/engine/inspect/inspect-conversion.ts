// What a folder of weights is, can do and needs: the inspection of the file that it will be converted to.
import type {Machine} from '../contract/local-engine.ts';
import type {SourceFolder} from '../convert/source/source-folder.ts';
import type {OutputType} from '../gguf/write-header.ts';
import {type Inspection, inspectModel} from './inspect-model.ts';
import {plannedFile} from './planned-file.ts';

/** Inspects the file that a folder's weights will be converted to. */
export function inspectFolder(source: SourceFolder, type: OutputType, machine: Machine): Inspection {
  const file = plannedFile(source, type);
  const {folder, format, weightBytes, notes} = source;
  const tensors = source.tensors.flatMap(({parts}) => parts.map((part) => part.source));
  const types = [...new Set(tensors.map(({dtype}) => dtype))];
  const files = new Set(tensors.map(({path}) => path)).size;
  const found = inspectModel(file, file.fileSize, machine);
  const {reasons} = source.vocabulary.template;
  const tokenizer = found.tokenizer && {...found.tokenizer, templateReason: reasons.join('; ')};
  const template = found.template && {...found.template, reasons};
  return {
    ...found,
    path: folder,
    source: {format, types, files, bytes: weightBytes},
    tokenizer,
    template,
    notes: [...notes, ...found.notes],
  };
}
