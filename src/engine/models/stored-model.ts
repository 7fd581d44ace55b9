// A model argument that is no path: a name `mistral list` shows, or one that `mistral pull` fetched.
import {basename} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {findEntry, ORIGINAL} from './catalogue/catalogue.ts';
import type {WhereToLook} from './existing-path.ts';
import {listStores, type StoredModel} from './stores.ts';

/**
 * Path of the model of this name on this machine: a file, or a folder of original weights. Of several files of one
 * repository `quant`, else what the name has behind its colon, chooses by the file's name.
 * @throws EngineError `model_not_found`, with the command that would fetch it where there is one.
 */
export function storedModel(name: string, where: WhereToLook, quant?: string): string {
  const stored = listStores(where);
  const [plain = '', suffix] = name.replace(/^hf:/, '').split(':');
  const entry = findEntry(plain);
  const repository = `hf:${entry?.gguf ?? plain}`;
  const tag = (quant ?? suffix)?.toLowerCase();
  const isExact = (model: StoredModel) => model.name === name || basename(model.path) === name;
  const isFile = (model: StoredModel) =>
    model.name.startsWith(`${repository}/`) && (tag === undefined || nameInRepository(model).includes(tag));
  // What is asked of a file by its name, a folder of weights becomes by conversion.
  const wantsOriginal = suffix === undefined || suffix.toLowerCase() === ORIGINAL;
  const isFolder = (model: StoredModel) => model.name === repository;
  const isArchive = (model: StoredModel) => model.store === 'mistral_models' && model.name === (entry?.id ?? plain);
  const found =
    stored.find(isExact) ??
    stored.find(isFile) ??
    (wantsOriginal ? (stored.find(isFolder) ?? stored.find(isArchive)) : undefined);
  if (found !== undefined) return found.path;
  throw notFound(name, entry !== undefined);
}

function nameInRepository({name}: StoredModel): string {
  return name.slice(name.lastIndexOf('/') + 1).toLowerCase();
}

function notFound(name: string, isInCatalogue: boolean): EngineError {
  const isHubName = /^\w[\w.-]*\/[\w.-]+(:[\w.-]+)?$/.test(name.replace(/^hf:/, ''));
  const source = isInCatalogue || name.startsWith('hf:') ? name : `hf:${name}`;
  return new EngineError('model_not_found', `there is no file, folder or fetched model ${name}`, {
    hint:
      isInCatalogue || isHubName
        ? `If it is a model's name, fetch it: mistral pull ${source}`
        : 'Give a .gguf file, a model folder, a name that mistral list shows, or nothing for the embedded model.',
  });
}
