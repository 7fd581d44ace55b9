// What a conversion would write, as if it were there: enough to say what the model is, can do and needs.
import {join} from 'node:path';
import {planConversion} from '../convert/convert-weights.ts';
import type {SourceFolder} from '../convert/source/source-folder.ts';
import {type GgufFile, parseGguf} from '../gguf/read-header.ts';
import type {OutputType} from '../gguf/write-header.ts';

/** The file of this type that the folder would become, beside its weights. */
export function plannedFile(source: SourceFolder, type: OutputType): GgufFile {
  const {header, fileSize} = planConversion(source, type).layout;
  return parseGguf(join(source.folder, `${source.name}-${type}.gguf`), header, fileSize);
}
