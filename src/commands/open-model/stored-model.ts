// A model argument that is no path: a name `mistral list` shows, or one that `mistral pull` fetched.
import {homedir} from 'node:os';
import {basename, join} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {findEntry, ORIGINAL} from '../../engine/models/catalogue/catalogue.ts';
import {listStores, type StoredModel} from '../../engine/models/stores.ts';
import {cacheFolder} from '../host/folders.ts';
import type {Io} from '../host/io.ts';

/**
 * Path of the model of this name on this machine; `quant` chooses among several files of one repository.
 * Throws EngineError model_not_found, with the command that would fetch it where there is one.
 */
export function storedModel(io: Io, name: string, quant: string | undefined): string {
  const stored = listStores(io.env, io.env.HOME || homedir(), join(cacheFolder(io), 'models'));
  const [plain = '', suffix] = name.replace(/^hf:/, '').split(':');
  const entry = findEntry(plain);
  const repo = entry?.gguf ?? plain;
  const tag = (quant ?? suffix)?.toLowerCase();
  const exact = stored.filter((model) => [model.name, basename(model.path)].includes(name));
  const inRepository = (model: StoredModel) =>
    model.name.startsWith(`hf:${repo}/`) && (tag === undefined || model.name.toLowerCase().includes(tag));
  const isFolder = ({name}: StoredModel) => name === `hf:${repo}` && (tag === undefined || tag === ORIGINAL);
  const original = (model: StoredModel) => model.store === 'mistral_models' && model.name === (entry?.id ?? name);
  const found = exact[0] ?? stored.find(inRepository) ?? stored.find(isFolder) ?? stored.find(original);
  if (found !== undefined) return found.path;
  const known = entry !== undefined || /^\w[\w.-]*\/[\w.-]+(:[\w.-]+)?$/.test(name.replace(/^hf:/, ''));
  const hub = entry === undefined && !name.startsWith('hf:') ? `hf:${name}` : name;
  throw new EngineError('model_not_found', `there is no file, folder or fetched model ${name}`, {
    hint: known
      ? `If it is a model's name, fetch it: mistral pull ${hub}`
      : 'Give a .gguf file, a model folder, a name that mistral list shows, or nothing for the embedded model.',
  });
}
