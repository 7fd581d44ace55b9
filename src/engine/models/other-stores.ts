// Where other programs keep models: ollama, LM Studio, Jan, GPT4All, node-llama-cpp, llama.cpp, mistral-inference. Only read.
import {readdirSync, statSync} from 'node:fs';
import {basename, dirname, join, relative} from 'node:path';
import {readRegularText} from '../../base/files/regular-file.ts';
import {xdgFolder} from '../../base/files/xdg-folder.ts';
import {parsePlainJson} from '../../base/plain-json.ts';
import {list, object, optional, text} from '../../base/shape.ts';
import {otherFormByConfig} from '../convert/source/other-forms.ts';
import {towerInside} from '../gguf/check/towers.ts';
import {modelFiles} from '../gguf/model-files.ts';
import {readGguf} from '../gguf/read-header.ts';
import type {WhereToLook} from './existing-path.ts';
import {folderKind, missingShards, PARTIAL} from './folder-kind.ts';

/** A model that is on this machine. */
export interface StoredModel {
  /** What to give as the model argument, beside the path. */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly store:
    | 'hub'
    | 'converted'
    | 'mistral_models'
    | 'ollama'
    | 'lmstudio'
    | 'jan'
    | 'gpt4all'
    | 'node-llama-cpp'
    | 'llama.cpp';
  /** What it is quantised for, when only that reads it: it is listed and cannot be opened. */
  readonly onlyFor?: string;
  /** What the file holds beside the text model, such as a vision tower: it is listed and cannot be opened either. */
  readonly inside?: string;
}

type Places = Pick<WhereToLook, 'env' | 'home'>;

/** Every whole model in these programs' stores. A store that is damaged or cannot be read counts as empty. */
export function listOtherStores({env, home}: Places): StoredModel[] {
  const cache = xdgFolder('cache', env, () => home);
  const lmStudio = [join(home, '.lmstudio', 'models'), join(home, '.cache', 'lm-studio', 'models')];
  return [
    ...weightFolders(join(home, 'mistral_models'), 'mistral_models', 1),
    ...ollama(env.OLLAMA_MODELS || join(home, '.ollama', 'models')),
    ...lmStudio.flatMap((folder) => [...ggufs(folder, 'lmstudio', 3), ...weightFolders(folder, 'lmstudio', 2)]),
    ...janFolders({env, home}).flatMap((folder) => ggufs(folder, 'jan', 4).map((model) => janName(folder, model))),
    ...gpt4allFolders({env, home}).flatMap((folder) => ggufs(folder, 'gpt4all', 1)),
    ...ggufs(join(home, '.node-llama-cpp', 'models'), 'node-llama-cpp', 1),
    ...ggufs(env.LLAMA_CACHE || join(cache, 'llama.cpp'), 'llama.cpp', 1),
  ];
}

/** Whole GGUF models in a folder and, down to this depth, in those below it; a split one is its first part. */
export function ggufs(folder: string, store: StoredModel['store'], depth: number): StoredModel[] {
  const entries = entriesOf(folder);
  const models = modelFiles(entries.filter(({isFolder}) => !isFolder)).filter(({missing}) => missing.length === 0);
  const here = models
    .map(({name, bytes}) => ({name, path: join(folder, name), bytes, store}))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const below = depth > 1 ? entries.filter(({isFolder}) => isFolder) : [];
  return [...here, ...below.flatMap(({name}) => ggufs(join(folder, name), store, depth - 1))];
}

/** Folders of whole weights at this depth below a folder, by their path in it. */
function weightFolders(root: string, store: StoredModel['store'], depth: number, folder = root): StoredModel[] {
  return entriesOf(folder).flatMap(({name, isFolder}): StoredModel[] => {
    const path = join(folder, name);
    if (!isFolder || PARTIAL.test(name)) return [];
    if (depth > 1) return weightFolders(root, store, depth - 1, path);
    const files = entriesOf(path).filter((entry) => !entry.isFolder);
    const names = files.map((file) => file.name);
    const {kind} = folderKind(files);
    const isModel = kind === 'mistral' || kind === 'hf' || (store === 'mistral_models' && kind !== 'none');
    if (!isModel || missingShards(names).length > 0) return [];
    const onlyFor = kind === 'hf' ? otherFormByConfig(readText(join(path, 'config.json')), names) : undefined;
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const shown = relative(root, path).replaceAll('\\', '/');
    return [{name: shown, path, bytes, store, ...(onlyFor !== undefined && {onlyFor})}];
  });
}

/** Of Jan's desktop program, the one before it, and its command line. */
function janFolders({env, home}: Places): string[] {
  const data = [
    join(
      xdgFolder('data', env, () => home),
      'Jan',
      'data',
    ),
    join(home, 'Library', 'Application Support', 'Jan', 'data'),
    ...(env.APPDATA ? [join(env.APPDATA, 'Jan', 'data')] : []),
    join(home, '.config', 'Jan', 'data'),
    join(home, 'jan'),
  ];
  const inside = data.flatMap((folder) => [join(folder, 'llamacpp', 'models'), join(folder, 'models')]);
  return [...inside, join(home, 'cortexcpp', 'models')];
}

/** Jan calls every file model.gguf: there the folder is the name. */
function janName(root: string, model: StoredModel): StoredModel {
  const folder = relative(root, dirname(model.path)).replaceAll('\\', '/');
  const isUnnamed = basename(model.path) === 'model.gguf' && folder !== '';
  return isUnnamed ? {...model, name: `jan:${folder}`} : model;
}

function gpt4allFolders({env, home}: Places): string[] {
  const data = xdgFolder('data', env, () => home);
  return [
    join(data, 'nomic.ai', 'GPT4All'),
    join(home, 'Library', 'Application Support', 'nomic.ai', 'GPT4All'),
    ...(env.LOCALAPPDATA ? [join(env.LOCALAPPDATA, 'nomic.ai', 'GPT4All')] : []),
    join(home, '.cache', 'gpt4all'),
  ];
}

/** ollama's own names need no registry and no `library`. */
const OLLAMA_LIBRARY = /^registry\.ollama\.ai\/(?:library\/)?/;

/** manifests/REGISTRY/NAMESPACE/NAME/TAG name the blob of the model layer, which is a plain GGUF. */
function ollama(folder: string): StoredModel[] {
  const root = join(folder, 'manifests');
  return walk(root).flatMap((manifest): StoredModel[] => {
    const path = join(root, manifest);
    if (!statSync(path, {throwIfNoEntry: false})?.isFile()) return [];
    const blob = ollamaBlob(path, folder);
    const stat = blob && statSync(blob, {throwIfNoEntry: false});
    const parts = manifest.split(/[\\/]/);
    const name = `${parts.slice(0, -1).join('/')}:${parts.at(-1)}`.replace(OLLAMA_LIBRARY, '');
    if (!blob || !stat) return [];
    const inside = towerOf(blob);
    return [{name: `ollama:${name}`, path: blob, bytes: stat.size, store: 'ollama', ...(inside && {inside})}];
  });
}

/** Only ollama writes such files. One whose header cannot be read is named for it when it is opened. */
function towerOf(blob: string): string | undefined {
  try {
    return towerInside(readGguf(blob));
  } catch {
    return undefined;
  }
}

const manifestShape = object({layers: list(optional(object({mediaType: optional(text), digest: optional(text)})))});

function ollamaBlob(manifest: string, folder: string): string | undefined {
  try {
    const {layers} = manifestShape(parsePlainJson(readRegularText(manifest)));
    const digest = layers?.find((layer) => layer?.mediaType === 'application/vnd.ollama.image.model')?.digest;
    const hex = /^sha256:([0-9a-f]{64})$/.exec(digest ?? '')?.[1];
    return hex && join(folder, 'blobs', `sha256-${hex}`);
  } catch {
    return undefined;
  }
}

interface Entry {
  readonly name: string;
  readonly bytes: number;
  readonly isFolder: boolean;
}

/** Files and folders, links followed. */
function entriesOf(folder: string): Entry[] {
  try {
    return readdirSync(folder)
      .sort()
      .flatMap((name) => {
        const stat = statSync(join(folder, name), {throwIfNoEntry: false});
        const isFolder = stat?.isDirectory() === true;
        return isFolder || stat?.isFile() ? [{name, bytes: stat.size, isFolder}] : [];
      });
  } catch {
    return [];
  }
}

function walk(folder: string): string[] {
  try {
    return readdirSync(folder, {recursive: true}).map(String).sort();
  } catch {
    return [];
  }
}

function readText(path: string): string {
  try {
    return readRegularText(path);
  } catch {
    return '';
  }
}
