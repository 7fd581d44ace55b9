// The models in the Hugging Face hub's cache: what is whole there, under which revision, and how it is removed.
import {existsSync, lstatSync, readdirSync, rmdirSync, rmSync, statSync} from 'node:fs';
import {basename, dirname, join, sep} from 'node:path';
import {readRegularText} from '../../../base/files/regular-file.ts';
import {otherFormByConfig} from '../../convert/source/other-forms.ts';
import {SYSTEM_PROMPT_FILE} from '../../defaults/system-prompt-file.ts';
import {modelFiles} from '../../gguf/model-files.ts';
import {folderKind, missingShards} from '../folder-kind.ts';
import {CheckedBlobs} from './checked-blobs.ts';
import {removeLeftovers, removeOldParts} from './hub-leftovers.ts';
import {linkTarget, ownFolder, readRef, repositoryFolder} from './hub-repository.ts';

/** Bytes of a config.json that is still looked into. */
const MOST_CONFIG = 1 << 20;

export interface CachedModel {
  readonly repo: string;
  /** Undefined for the main branch, else the name it is shown under: a ref, or the commit where no ref says it. */
  readonly revision: string | undefined;
  /** All names of its snapshot: refs and the commit. */
  readonly revisions: readonly string[];
  /** Of the file in the repository; '' for a folder of weights. */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** Paths of all its files. */
  readonly files: readonly string[];
  /** What it is quantised for, when only that reads it. */
  readonly onlyFor?: string;
}

interface SnapshotEntry {
  /** In the snapshot, with `/`. */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

type Found = Pick<CachedModel, 'name' | 'path' | 'bytes' | 'files' | 'onlyFor'>;

/** GGUF files and folders of Mistral's weights, of every snapshot; those of which a file is missing are left out. */
export function listHubCache(cache: string): CachedModel[] {
  return names(cache).flatMap((folder) => {
    const repo = /^models--(.+)$/.exec(folder)?.[1]?.replace('--', '/');
    if (repo === undefined) return [];
    return snapshots(join(cache, folder)).flatMap(({commit, ...revision}) => {
      const snapshot = join(cache, folder, 'snapshots', commit);
      return modelsIn(snapshot).map((model) => ({repo, ...revision, ...model}));
    });
  });
}

/**
 * The first file, by path, of what `path` is in the cache that has not the content its blob is named by; undefined when all
 * is right. A path outside the cache is right.
 * @throws the file system's error; the signal's reason.
 */
export async function damagedFile(cache: string, path: string, signal: AbortSignal): Promise<string | undefined> {
  const model = listHubCache(cache).find((one) => one.path === path);
  for (const file of model?.files ?? []) {
    const blob = linkTarget(file);
    if (blob === undefined) continue;
    const checked = new CheckedBlobs(ownFolder(cache, (model as CachedModel).repo));
    if ((await checked.look(blob, basename(blob), undefined, signal)) !== 'right') return file;
  }
  return undefined;
}

function modelsIn(snapshot: string): Found[] {
  const all = walk(snapshot).flatMap((name): SnapshotEntry[] => {
    const path = join(snapshot, name);
    const stat = statSync(path, {throwIfNoEntry: false});
    return stat?.isFile() ? [{name: name.replaceAll(sep, '/'), path, bytes: stat.size}] : [];
  });
  const ggufs = ggufsIn(all);
  const weights = all.filter(({name}) => !/\/|\.gguf$/i.test(name));
  const {isMistral, onlyFor} = weightsIn(weights);
  if (!isMistral || missingShards(weights.map(({name}) => name)).length > 0) return ggufs;
  const bytes = weights.reduce((sum, file) => sum + file.bytes, 0);
  const folder = {name: '', path: snapshot, bytes, files: weights.map(({path}) => path)};
  return [{...folder, ...(onlyFor !== undefined && {onlyFor})}, ...ggufs];
}

/** Whole models; a split one is its first part. */
function ggufsIn(all: readonly SnapshotEntry[]): Found[] {
  const folders = new Set(all.map(({name}) => dirname(name)));
  return [...folders].flatMap((folder) => {
    const files = all.filter(({name}) => dirname(name) === folder);
    const at = (name: string) => files.find((file) => basename(file.name) === name) as SnapshotEntry;
    const models = modelFiles(files.map(({name, bytes}) => ({name: basename(name), bytes})));
    // What was fetched beside them belongs to all, so the last one takes it along.
    const beside = files.filter(({name}) => models.length === 1 && basename(name) === SYSTEM_PROMPT_FILE);
    const pathsOf = (parts: readonly string[]) => [...parts.map(at), ...beside].map(({path}) => path);
    return models
      .filter(({missing}) => missing.length === 0)
      .map(({name, parts, bytes}) => ({...at(name), bytes, files: pathsOf(parts)}))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  });
}

/** The cache also holds what other programs use: models of other makers are not shown. */
function weightsIn(files: readonly SnapshotEntry[]): {isMistral: boolean; onlyFor?: string | undefined} {
  const {kind} = folderKind(files);
  if (kind !== 'hf') return {isMistral: kind === 'mistral'};
  const config = files.find(({name}) => name === 'config.json');
  const text = config !== undefined && config.bytes < MOST_CONFIG ? readRegularText(config.path) : '';
  return {
    isMistral: /mi[sx]tral/i.test(text),
    onlyFor: otherFormByConfig(
      text,
      files.map(({name}) => name),
    ),
  };
}

/**
 * Removes the files of a model and their blobs, unless another snapshot shows the same blob; parts of unfinished downloads
 * of them; what is empty then, and the refs to it.
 * @throws the file system's error.
 */
export function removeCached(cache: string, {repo, files}: CachedModel): void {
  const folder = repositoryFolder(cache, repo);
  const own = ownFolder(cache, repo);
  const blobs = files.flatMap((path) => linkTarget(path) ?? []);
  for (const path of files) rmSync(path, {force: true});
  const shown = names(join(folder, 'snapshots')).flatMap((commit) =>
    walk(join(folder, 'snapshots', commit)).map((name) => linkTarget(join(folder, 'snapshots', commit, name))),
  );
  const unused = blobs.filter((blob) => dirname(blob) === join(folder, 'blobs') && !shown.includes(blob));
  for (const blob of unused) {
    rmSync(blob, {force: true});
    removeLeftovers(own, basename(blob));
  }
  removeOldParts(join(folder, 'blobs'));
  new CheckedBlobs(own).forget(unused.map((blob) => basename(blob)));
  for (const commit of names(join(folder, 'snapshots'))) {
    if (removeEmpty(join(folder, 'snapshots', commit))) removeRefs(join(folder, 'refs'), commit);
  }
  for (const place of ['blobs', 'refs', '.mistral-chat']) removeEmpty(join(folder, place));
  // Where another program's part stays, the folder of snapshots does too: huggingface_hub 2 misses it.
  if (names(folder).join() === 'snapshots') removeEmpty(folder);
}

/** A ref to a snapshot that is gone makes huggingface_hub call the whole repository corrupted. */
function removeRefs(refs: string, commit: string): void {
  for (const name of walk(refs)) if (readRef(join(refs, name)) === commit) rmSync(join(refs, name));
}

/** Removes a folder in which, at any depth, there is no file; whether it is gone. */
function removeEmpty(folder: string): boolean {
  for (const name of names(folder)) {
    const path = join(folder, name);
    if (lstatSync(path, {throwIfNoEntry: false})?.isDirectory()) removeEmpty(path);
  }
  if (!existsSync(folder) || names(folder).length > 0) return false;
  rmdirSync(folder);
  return true;
}

/** Of the snapshots there are: those that a ref names, then the others. Without a ref to the main branch, all are its. */
function snapshots(folder: string): (Pick<CachedModel, 'revision' | 'revisions'> & {commit: string})[] {
  const refs = walk(join(folder, 'refs')).map((name) => ({
    name: name.replaceAll(sep, '/'),
    commit: readRef(join(folder, 'refs', name)),
  }));
  const hasMain = refs.some(({name}) => name === 'main');
  const all = names(join(folder, 'snapshots')).map((commit) => {
    const named = refs.filter((ref) => ref.commit === commit).map(({name}) => name);
    const isMain = named.includes('main') || (named.length === 0 && !hasMain);
    return {commit, revision: isMain ? undefined : (named[0] ?? commit), revisions: [...named, commit]};
  });
  return all.sort((a, b) => Number(a.revision !== undefined) - Number(b.revision !== undefined));
}

/** A folder that cannot be read counts as empty. */
function walk(folder: string): string[] {
  try {
    return readdirSync(folder, {recursive: true}).map(String).sort();
  } catch {
    return [];
  }
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
