// Where things lie in a repository's folder of the Hugging Face hub's cache, which many programs share.
import {lstatSync, readlinkSync, renameSync, rmSync, statSync, symlinkSync} from 'node:fs';
import {dirname, join, relative, resolve} from 'node:path';
import {makeFolder} from '../../../base/files/make-folder.ts';
import {readRegularText} from '../../../base/files/regular-file.ts';
import {writeWholeSync} from '../../../base/files/whole-file.ts';

/** `models--user--name`, the folder of a repository. */
export function repositoryFolder(cache: string, repo: string): string {
  return join(cache, `models--${repo.replaceAll('/', '--')}`);
}

/** Where a blob's content is kept; its name is the content's sha256, or git's name for a small one. */
export function blobPath(cache: string, repo: string, blob: string): string {
  return join(repositoryFolder(cache, repo), 'blobs', blob);
}

/**
 * The folder of what is only this program's: parts of downloads, their notes and locks. A name of its own, as
 * huggingface_hub before 2.0 takes `blobs/<sum>.incomplete` for its own and judges it by its size; inside the repository's
 * folder, where no version of it counts or complains of what it does not know, and deletes it with the repository.
 */
export function ownFolder(cache: string, repo: string): string {
  return join(repositoryFolder(cache, repo), '.mistral-chat');
}

/** Path of a file of a snapshot, whether or not it is there. */
export function snapshotPath(cache: string, repo: string, commit: string, name: string): string {
  return join(repositoryFolder(cache, repo), 'snapshots', commit, name);
}

export interface SnapshotFile {
  readonly repo: string;
  readonly commit: string;
  /** In the repository, folders included. */
  readonly name: string;
}

/** What a file system without links says, by system. */
const NO_LINKS = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL'];

/**
 * Makes a blob visible as a file of a snapshot; its path. `link` makes a symbolic link.
 * @throws the file system's error.
 */
export function linkBlob(cache: string, file: SnapshotFile, blobName: string, link = symlinkSync): string {
  const path = snapshotPath(cache, file.repo, file.commit, file.name);
  const blob = blobPath(cache, file.repo, blobName);
  if (linkTarget(path) === resolve(blob)) return path;
  makeFolder(dirname(path));
  rmSync(path, {force: true});
  try {
    link(relative(dirname(path), blob), path);
  } catch (error) {
    const {code = ''} = error as NodeJS.ErrnoException;
    // Another process that fetches the same was faster.
    if (code === 'EEXIST' && linkTarget(path) === resolve(blob)) return path;
    if (!NO_LINKS.includes(code)) throw error;
    // Such systems get the file itself, as huggingface_hub does there.
    renameSync(blob, path);
  }
  return path;
}

/**
 * Keeps which commit a branch, tag or `refs/pr/7` is; a commit's own name needs nothing kept.
 * @throws EngineError `io` or `disk_full`.
 */
export function writeRef(cache: string, repo: string, revision: string, commit: string): void {
  const path = join(repositoryFolder(cache, repo), 'refs', revision);
  if (revision === commit || readRef(path) === commit) return;
  writeWholeSync(path, commit);
}

/** The commit that a file of `refs` holds; undefined when it holds none. */
export function readRef(path: string): string | undefined {
  try {
    return readRegularText(path).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** What a symbolic link points to; undefined for anything else. */
export function linkTarget(path: string): string | undefined {
  try {
    return resolve(dirname(path), readlinkSync(path));
  } catch {
    return undefined;
  }
}

/** The file with a snapshot's content: its blob, or the file itself where links cannot be; undefined for neither. */
export function contentPath(cache: string, file: SnapshotFile, blobName: string): string | undefined {
  const blob = blobPath(cache, file.repo, blobName);
  if (statSync(blob, {throwIfNoEntry: false})?.isFile()) return blob;
  const path = snapshotPath(cache, file.repo, file.commit, file.name);
  return lstatSync(path, {throwIfNoEntry: false})?.isFile() ? path : undefined;
}
