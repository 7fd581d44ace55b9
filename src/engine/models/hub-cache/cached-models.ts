// The Hugging Face hub's local cache: one copy of a model for every tool that knows the layout.
import {existsSync, readdirSync, readFileSync, rmSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {folderKind} from '../folder-kind.ts';
import {linkTarget, repositoryFolder} from './hub-repository.ts';

/** Bytes of a config.json that is still looked into. */
const MOST_CONFIG = 1 << 20;

export interface CachedModel {
  readonly repo: string;
  /** Of the file in the repository; '' for a folder of weights. */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** Paths of all its files. */
  readonly files: readonly string[];
}

interface SnapshotFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

/** GGUF files and folders of Mistral's weights, of the newest known snapshot of every repository. */
export function listHubCache(cache: string): CachedModel[] {
  return names(cache).flatMap((folder) => {
    const repo = /^models--(.+)$/.exec(folder)?.[1]?.replace('--', '/');
    if (repo === undefined) return [];
    return snapshots(join(cache, folder)).flatMap((commit) => {
      const snapshot = join(cache, folder, 'snapshots', commit);
      return modelsIn(snapshot).map((model) => ({repo, ...model}));
    });
  });
}

function modelsIn(snapshot: string): Omit<CachedModel, 'repo'>[] {
  const all = walk(snapshot).flatMap((name): SnapshotFile[] => {
    const path = join(snapshot, name);
    const stat = statSync(path, {throwIfNoEntry: false});
    return stat?.isFile() ? [{name, path, bytes: stat.size}] : [];
  });
  const ggufs = all.filter(({name}) => /\.gguf$/i.test(name)).map((file) => ({...file, files: [file.path]}));
  const weights = all.filter(({name}) => !/[\\/]|\.gguf$/i.test(name));
  if (!isMistralFolder(weights)) return ggufs;
  const bytes = weights.reduce((sum, file) => sum + file.bytes, 0);
  return [{name: '', path: snapshot, bytes, files: weights.map(({path}) => path)}, ...ggufs];
}

/** The cache also holds what other programs use: models of other makers are not shown. */
function isMistralFolder(files: readonly SnapshotFile[]): boolean {
  const {kind} = folderKind(files);
  if (kind !== 'hf') return kind === 'mistral';
  const config = files.find(({name}) => name === 'config.json');
  return config !== undefined && config.bytes < MOST_CONFIG && /mi[sx]tral/i.test(readFileSync(config.path, 'utf8'));
}

/** Removes the files of a model and their blobs, unless another snapshot shows the same blob. */
export function removeCached(cache: string, {repo, files}: CachedModel): void {
  const folder = repositoryFolder(cache, repo);
  const blobs = files.flatMap((path) => linkTarget(path) ?? []);
  for (const path of files) rmSync(path, {force: true});
  const shown = names(join(folder, 'snapshots')).flatMap((commit) =>
    walk(join(folder, 'snapshots', commit)).map((name) => linkTarget(join(folder, 'snapshots', commit, name))),
  );
  for (const blob of blobs) {
    if (blob.startsWith(join(folder, 'blobs')) && !shown.includes(blob)) rmSync(blob, {force: true});
  }
}

/** The snapshot of refs/main, else all there are. */
function snapshots(folder: string): string[] {
  const all = names(join(folder, 'snapshots'));
  const ref = join(folder, 'refs', 'main');
  const main = existsSync(ref) ? readFileSync(ref, 'utf8').trim() : '';
  return all.includes(main) ? [main] : all;
}

function walk(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder, {recursive: true}).map(String).sort() : [];
}

function names(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}
