// A model argument that is no path: a name `mistral list` shows, or one that `mistral pull` fetched.
import {realpathSync} from 'node:fs';
import {basename} from 'node:path';
import {defined} from '../../base/defined.ts';
import {EngineError} from '../../base/errors.ts';
import {formatBytes} from '../../base/units.ts';
import {otherFormError} from '../convert/source/other-forms.ts';
import {type ModelFile, modelFiles} from '../gguf/model-files.ts';
import {type CatalogueName, catalogueName, ORIGINAL} from './catalogue/catalogue.ts';
import {type HubName, parseHubName} from './catalogue/pull-source.ts';
import type {WhereToLook} from './existing-path.ts';
import {chooseQuantisation, filesNamed, USUAL_OVERHEAD} from './memory/choose-file.ts';
import {thisMachine} from './memory/machine.ts';
import type {StoredModel} from './other-stores.ts';
import {hubModels, listStores} from './stores.ts';

/** Where a model lies, and why it was chosen where there are several. */
export interface StoredChoice {
  readonly path: string;
  readonly note?: string;
}

/** The path of `storedChoice`. @throws EngineError as it does. */
export function storedModel(name: string, where: WhereToLook, quant?: string): string {
  return storedChoice(name, where, quant).path;
}

/**
 * The model of this name on this machine: a file, or a folder of original weights. Of several files of one repository
 * `quant`, else what the name has behind its colon, chooses by the file's name; of those that are left the one that suits
 * this machine, as `mistral pull` chooses.
 * @throws EngineError `model_not_found`, with the command that would fetch it where there is one, or with all there are
 * where stores have different files of this name; `model_unsupported` for one that only other programs read.
 */
export function storedChoice(name: string, where: WhereToLook, quant?: string): StoredChoice {
  const stored = listStores(where);
  const named = catalogueName(name, thisMachine().ramBytes);
  const found: (StoredModel & StoredChoice) | undefined =
    only(name, sameName(stored, name)) ??
    inRepositories(where, name, named, quant) ??
    stored.find((model) => isArchive(model, name, named)) ??
    stored.find((model) => isOllama(model, name));
  if (found === undefined) throw notFound(name, named !== undefined);
  if (found.onlyFor !== undefined) throw otherFormError(name, found.onlyFor);
  return {path: found.path, ...defined({note: found.note})};
}

/** The models that `mistral list` shows under this name, or whose file or path it is. */
export function sameName(stored: readonly StoredModel[], name: string): StoredModel[] {
  return stored.filter((model) => [model.name, basename(model.path), model.path].includes(name));
}

/**
 * The one model of a list of those of one name; undefined for none. Links to one file are one model.
 * @throws EngineError `model_not_found` naming all of them when they are several.
 */
export function only(name: string, models: readonly StoredModel[]): StoredModel | undefined {
  if (new Set(models.map(({path}) => realpathSync(path))).size <= 1) return models[0];
  const paths = models.map(({path, store}) => `${path} (${store})`).join(', ');
  throw new EngineError('model_not_found', `"${name}" is several models: ${paths}`, {hint: 'Give the path.'});
}

function inRepositories(
  where: WhereToLook,
  name: string,
  named: CatalogueName | undefined,
  quant: string | undefined,
): (StoredModel & StoredChoice) | undefined {
  const hub = named === undefined ? parseHubName(name) : undefined;
  const places = hub === undefined ? repositoriesOf(named) : [hub];
  for (const place of places) {
    const found = inRepository(where, place, quant);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Where `mistral pull` fetches these models from: GGUF files, else the published weights. */
function repositoriesOf(named: CatalogueName | undefined): HubName[] {
  const tag = defined({tag: named?.tag});
  const repos = named?.entries.flatMap(({gguf, hf}) => (gguf === undefined ? [hf] : [gguf, hf])) ?? [];
  return repos.map((repo) => ({repo, ...tag}));
}

function inRepository(
  where: WhereToLook,
  {repo, revision, tag}: HubName,
  quant: string | undefined,
): (StoredModel & StoredChoice) | undefined {
  const models = hubModels(where, repo, revision);
  const files = models
    .filter(({path}) => /\.gguf$/i.test(path))
    .flatMap((model) =>
      modelFiles([{name: basename(model.path), bytes: model.bytes}]).map((file) => ({...file, model})),
    );
  const wanted = quant ?? tag;
  const fitting = wanted === undefined ? files : filesNamed(files, wanted);
  if (fitting.length > 0) return bestOf(fitting, repo);
  // What is asked of a file by its name, a folder of weights becomes by conversion.
  const wantsOriginal = tag === undefined || tag.toLowerCase() === ORIGINAL;
  return wantsOriginal ? models.find(({path}) => !/\.gguf$/i.test(path)) : undefined;
}

interface RepositoryFile extends ModelFile {
  readonly model: StoredModel;
}

function bestOf(files: readonly RepositoryFile[], repo: string): StoredModel & StoredChoice {
  const {file, why} = chooseQuantisation(files, USUAL_OVERHEAD, thisMachine());
  const {model} = files.find((one) => one === file) as RepositoryFile;
  if (files.length === 1) return model;
  const others = `one of ${files.length} of ${repo} here: ${why}; --quant chooses another`;
  return {...model, note: `${file.name} (${formatBytes(file.bytes)}), ${others}`};
}

/** Folders of other names are there under theirs. */
function isArchive({store, name}: StoredModel, wanted: string, named: CatalogueName | undefined): boolean {
  if (store !== 'mistral_models' || (named?.tag ?? ORIGINAL).toLowerCase() !== ORIGINAL) return false;
  if (named !== undefined) return named.entries.some(({id}) => id === name);
  const [plain, suffix = ORIGINAL] = wanted.split(':');
  return name === plain && suffix.toLowerCase() === ORIGINAL;
}

/** ollama's users say `mistral:latest`, or leave the tag out; its names have no capitals. */
function isOllama({store, name}: StoredModel, wanted: string): boolean {
  const [own, asked] = [name.toLowerCase(), `ollama:${wanted.replace(/^ollama:/, '')}`.toLowerCase()];
  return store === 'ollama' && (own === asked || own === `${asked}:latest`);
}

function notFound(name: string, isInCatalogue: boolean): EngineError {
  const isHubName = parseHubName(name) !== undefined;
  const source = isInCatalogue || name.startsWith('hf:') ? name : `hf:${name}`;
  return new EngineError('model_not_found', `there is no file, folder or fetched model ${name}`, {
    hint:
      isInCatalogue || (isHubName && !/^\.{1,2}\//.test(name))
        ? `If it is a model's name, fetch it: mistral pull ${source}`
        : 'Give a .gguf file, a model folder, a name that mistral list shows, or nothing for the embedded model.',
  });
}
