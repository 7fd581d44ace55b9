// The models that are on this machine already, in the stores of this and other programs. Others' are only read.
import {basename, join} from 'node:path';
import {xdgFolder} from '../../base/files/xdg-folder.ts';
import {isSidecar} from '../gguf/model-files.ts';
import type {WhereToLook} from './existing-path.ts';
import {type CachedModel, listHubCache} from './hub-cache/cached-models.ts';
import {ggufs, listOtherStores, type StoredModel} from './other-stores.ts';

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

/** Every whole model found, by store. A store that is damaged or cannot be read counts as empty. */
export function listStores({env, home, cache: own}: Omit<WhereToLook, 'cwd'>): StoredModel[] {
  return [
    ...listHubCache(hubCacheFolder({env, home}))
      .filter(({name}) => name === '' || !isSidecar(basename(name)))
      .map((model) => hubModel(model, model.revision)),
    ...ggufs(join(own, 'models'), 'converted', 2),
    ...listOtherStores({env, home}),
  ];
}

/** The models of a repository at a revision by any of its names; undefined is the main branch. */
export function hubModels(where: WhereToLook, repo: string, revision: string | undefined): StoredModel[] {
  return listHubCache(hubCacheFolder(where))
    .filter((model) => model.repo === repo)
    .filter((model) => (revision === undefined ? model.revision === undefined : model.revisions.includes(revision)))
    .map((model) => hubModel(model, revision));
}

function hubModel({repo, name, path, bytes, onlyFor}: CachedModel, revision: string | undefined): StoredModel {
  const place = revision === undefined ? `hf:${repo}` : `hf:${repo}@${revision}`;
  return {
    name: name === '' ? place : `${place}/${name}`,
    path,
    bytes,
    store: 'hub',
    ...(onlyFor !== undefined && {onlyFor}),
  };
}
