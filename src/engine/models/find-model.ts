// From a model's name to what is there under it: looks, asks nobody, writes nothing.
import {basename} from 'node:path';
import {checkEmbedded, noEmbedded} from './check-embedded.ts';
import {embeddedFile} from './embedded-file.ts';
import {existingPath, type WhereToLook} from './existing-path.ts';
import {type ChooseOptions, type FoundModel, modelAt} from './model-at.ts';
import {storedChoice, storedModel} from './stored-model.ts';

export interface FindOptions extends ChooseOptions {
  /** Folder of the model that is meant when none is named. */
  readonly embedded?: string;
}

/**
 * The path that a name leads to: an existing path, else a model in a store of this machine (`storedModel`).
 * @throws EngineError `model_not_found` with what to do next.
 */
export function findPath(name: string, where: WhereToLook, quant?: string): string {
  return existingPath(name, where) ?? storedModel(name, where, quant);
}

/**
 * The model of this name; undefined means the embedded one. Of a GGUF the header is read and not yet checked.
 * @throws EngineError `model_not_found`, `model_invalid` or `io`, with what to do next.
 */
export function findModel(name: string | undefined, where: WhereToLook, options: FindOptions = {}): FoundModel {
  if (name === undefined) return embeddedModel(options.embedded);
  const existing = existingPath(name, where);
  if (existing !== undefined) return modelAt(existing, options);
  const {path, note} = storedChoice(name, where, options.quant);
  const found = modelAt(path, options);
  // Which of the stores it came from says only the path.
  const isChosen = found.kind !== 'gguf' || found.note !== basename(path);
  return isChosen ? found : {...found, note: note ?? path};
}

function embeddedModel(folder: string | undefined): FoundModel {
  const path = embeddedFile(folder);
  if (path === undefined) throw noEmbedded();
  checkEmbedded(path);
  const found = modelAt(path);
  return {...found, note: 'the embedded demonstration model, as none was named'};
}
