// Finds the models that are on this machine already, in the stores of this and other programs. Others' are only read.
import {existsSync, readdirSync, readFileSync, statSync} from 'node:fs';
import {basename, join} from 'node:path';
import {xdgFolder} from '../../base/files/xdg-folder.ts';
import {isSidecar, splitOf} from '../gguf/model-files.ts';
import type {WhereToLook} from './existing-path.ts';
import {folderKind, PARTIAL} from './folder-kind.ts';
import {listHubCache} from './hub-cache/cached-models.ts';

export interface StoredModel {
  /** What to give as the model argument, beside the path. */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly store: 'hub' | 'converted' | 'mistral_models' | 'ollama' | 'lmstudio' | 'node-llama-cpp' | 'llama.cpp';
}

/** The hub cache's folder, by huggingface_hub's and llama.cpp's order of variables. */
export function hubCacheFolder({env, home}: Pick<WhereToLook, 'env' | 'home'>): string {
  if (env.HF_HUB_CACHE) return env.HF_HUB_CACHE;
  if (env.HUGGINGFACE_HUB_CACHE) return env.HUGGINGFACE_HUB_CACHE;
  if (env.HF_HOME) return join(env.HF_HOME, 'hub');
  return join(
    xdgFolder('cache', env, () => home),
    'huggingface',
    'hub',
  );
}

/** Every model found, by store. A store that is damaged or not readable counts as empty. */
export function listStores({env, home, cache: own}: Omit<WhereToLook, 'cwd'>): StoredModel[] {
  const hub = listHubCache(hubCacheFolder({env, home}))
    .filter(({name}) => name === '' || isModelName(basename(name)))
    .map(({repo, name, path, bytes}) => {
      const shown = name === '' ? `hf:${repo}` : `hf:${repo}/${name}`;
      return {name: shown, path, bytes, store: 'hub' as const};
    });
  const cache = xdgFolder('cache', env, () => home);
  const lmStudio = [join(home, '.lmstudio', 'models'), join(home, '.cache', 'lm-studio', 'models')];
  return [
    ...hub,
    ...ggufs(join(own, 'models'), 'converted', 2),
    ...mistralFolders(join(home, 'mistral_models')),
    ...ollama(env.OLLAMA_MODELS || join(home, '.ollama', 'models')),
    ...lmStudio.flatMap((folder) => ggufs(folder, 'lmstudio', 3)),
    ...ggufs(join(home, '.node-llama-cpp', 'models'), 'node-llama-cpp', 1),
    ...ggufs(env.LLAMA_CACHE || join(cache, 'llama.cpp'), 'llama.cpp', 1),
  ];
}

function isModelName(name: string): boolean {
  return /\.gguf$/i.test(name) && !isSidecar(name) && (splitOf(name)?.part ?? 1) === 1;
}

function ggufs(folder: string, store: StoredModel['store'], depth: number): StoredModel[] {
  return names(folder).flatMap((name) => {
    const path = join(folder, name);
    const stat = statSync(path, {throwIfNoEntry: false});
    if (stat?.isDirectory() && depth > 1) return ggufs(path, store, depth - 1);
    return stat?.isFile() && isModelName(name) ? [{name, path, bytes: stat.size, store}] : [];
  });
}

/** Folders mistral-inference downloads to. */
function mistralFolders(folder: string): StoredModel[] {
  return names(folder).flatMap((name) => {
    const path = join(folder, name);
    const files = names(path).flatMap((file) => {
      const stat = statSync(join(path, file), {throwIfNoEntry: false});
      return stat?.isFile() ? [{name: file, bytes: stat.size}] : [];
    });
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    return PARTIAL.test(name) || folderKind(files).kind === 'none'
      ? []
      : [{name, path, bytes, store: 'mistral_models' as const}];
  });
}

/** manifests/REGISTRY/NAMESPACE/NAME/TAG name the blob of the model layer, which is a plain GGUF. */
function ollama(folder: string): StoredModel[] {
  const root = join(folder, 'manifests');
  if (!existsSync(root)) return [];
  return readdirSync(root, {recursive: true})
    .map(String)
    .sort()
    .flatMap((manifest) => {
      const path = join(root, manifest);
      if (!statSync(path, {throwIfNoEntry: false})?.isFile()) return [];
      const blob = ollamaBlob(path, folder);
      const stat = blob && statSync(blob, {throwIfNoEntry: false});
      const name = `ollama:${manifest.split(/[\\/]/).slice(-2).join(':')}`;
      return blob && stat ? [{name, path: blob, bytes: stat.size, store: 'ollama' as const}] : [];
    });
}

function ollamaBlob(manifest: string, folder: string): string | undefined {
  try {
    const {layers} = JSON.parse(readFileSync(manifest, 'utf8')) as {layers?: {mediaType?: string; digest?: string}[]};
    const digest = layers?.find(({mediaType}) => mediaType === 'application/vnd.ollama.image.model')?.digest;
    const hex = /^sha256:([0-9a-f]{64})$/.exec(digest ?? '')?.[1];
    return hex && join(folder, 'blobs', `sha256-${hex}`);
  } catch {
    return undefined;
  }
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
