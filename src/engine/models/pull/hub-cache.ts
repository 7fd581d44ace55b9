// The Hugging Face hub's local cache: one copy of a model for every tool that knows the layout.
import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {dirname, join, relative, resolve} from 'node:path';
import {makeFolder} from '../../make-folder.ts';

/** `models--user--name`, the folder of a repository. */
export function repositoryFolder(cache: string, repo: string): string {
  return join(cache, `models--${repo.replaceAll('/', '--')}`);
}

/** Where a blob's content is kept; its name is the content's sha256. */
export function blobPath(cache: string, repo: string, sha256: string): string {
  return join(repositoryFolder(cache, repo), 'blobs', sha256);
}

/** Path of a file of a snapshot, whether or not it is there. */
export function snapshotPath(cache: string, repo: string, commit: string, name: string): string {
  return join(repositoryFolder(cache, repo), 'snapshots', commit, name);
}

/** Makes a blob visible as a file of a snapshot and the snapshot as the main branch's. */
export function linkSnapshot(cache: string, repo: string, commit: string, name: string, sha256: string): string {
  const path = snapshotPath(cache, repo, commit, name);
  const blob = blobPath(cache, repo, sha256);
  makeFolder(dirname(path));
  if (!existsSync(path)) {
    rmSync(path, {force: true});
    try {
      symlinkSync(relative(dirname(path), blob), path);
    } catch {
      // Systems without links get the file itself, as other tools do there.
      renameSync(blob, path);
    }
  }
  const refs = join(repositoryFolder(cache, repo), 'refs');
  makeFolder(refs);
  writeFileSync(join(refs, 'main'), commit);
  return path;
}

export interface CachedFile {
  readonly repo: string;
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

/** GGUF files of the newest known snapshot of every repository. */
export function listHubCache(cache: string): CachedFile[] {
  const found: CachedFile[] = [];
  for (const folder of names(cache)) {
    const repo = /^models--(.+)$/.exec(folder)?.[1]?.replace('--', '/');
    if (repo === undefined) continue;
    for (const commit of snapshots(join(cache, folder))) {
      const snapshot = join(cache, folder, 'snapshots', commit);
      for (const name of walk(snapshot)) {
        const stat = statSync(join(snapshot, name), {throwIfNoEntry: false});
        if (stat?.isFile() && /\.gguf$/i.test(name))
          found.push({repo, name, path: join(snapshot, name), bytes: stat.size});
      }
    }
  }
  return found;
}

/** Removes a file of a snapshot and its blob, unless another snapshot shows the same blob. */
export function removeCached(cache: string, file: CachedFile): void {
  const folder = repositoryFolder(cache, file.repo);
  const blob = linkTarget(file.path);
  rmSync(file.path, {force: true});
  if (blob === undefined || !blob.startsWith(join(folder, 'blobs'))) return;
  const others = names(join(folder, 'snapshots')).flatMap((commit) =>
    walk(join(folder, 'snapshots', commit)).map((name) => linkTarget(join(folder, 'snapshots', commit, name))),
  );
  if (!others.includes(blob)) rmSync(blob, {force: true});
}

function linkTarget(path: string): string | undefined {
  try {
    return resolve(dirname(path), readlinkSync(path));
  } catch {
    return undefined;
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
