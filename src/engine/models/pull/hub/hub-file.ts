// Fetches one file of a repository into the hub's cache, or finds that it is there with the content it should have.
import {dirname, join} from 'node:path';
import {EngineError} from '../../../../base/errors.ts';
import {fileError, reasonOf} from '../../../../base/files/file-error.ts';
import type {HttpClient} from '../../../../base/http/http-client.ts';
import {CheckedBlobs} from '../../hub-cache/checked-blobs.ts';
import {removeLeftovers, removeOldParts} from '../../hub-cache/hub-leftovers.ts';
import {blobPath, contentPath, linkBlob, ownFolder, snapshotPath, writeRef} from '../../hub-cache/hub-repository.ts';
import {type DownloadOptions, download, STORE_HINTS} from '../download.ts';
import type {HubFile, HubRepository} from './hub-folder.ts';

export interface HubFileOptions extends Pick<DownloadOptions, 'signal' | 'progress' | 'note' | 'retryDelay'> {
  /** The hub's cache. */
  readonly cache: string;
  /** Address of the hub. */
  readonly endpoint: string;
}

/**
 * Path of the file in its snapshot. What another program left under its name is looked into before it is called whole.
 * @throws EngineError as `download` does, `backend_failed` when the hub says no sum of the file.
 */
export async function fetchHubFile(
  http: HttpClient,
  {repo, commit}: HubRepository,
  file: HubFile,
  {cache, endpoint, ...transfer}: HubFileOptions,
): Promise<string> {
  const {signal, note} = transfer;
  const {name, sha256, gitBlob, bytes} = file;
  const blob = sha256 ?? gitBlob;
  if (blob === undefined) {
    throw new EngineError('backend_failed', `${repo} gives no checksum for ${name}`, {hint: 'Choose another file.'});
  }
  const snapshot = {repo, commit, name};
  const shown = snapshotPath(cache, repo, commit, name);
  const path = blobPath(cache, repo, blob);
  const own = ownFolder(cache, repo);
  const checked = new CheckedBlobs(own);
  const saidOf = new Set<string>();
  const isThere = async () => {
    const there = contentPath(cache, snapshot, blob);
    if (there === undefined) return false;
    const state = await checked.look(there, blob, bytes, signal);
    if (state === 'right') return true;
    const whose = state === 'changed' ? 'it has changed since it was fetched' : 'another program left it so';
    if (!saidOf.has(there)) note?.(`${name} in ${dirname(there)} is damaged, ${whose}: it is fetched again`);
    saidOf.add(there);
    return false;
  };
  const url = `${endpoint}/${repo}/resolve/${commit}/${name.split('/').map(encodeURIComponent).join('/')}`;
  await download(http, {
    ...transfer,
    ...{url, path, stem: join(own, blob), shown, bytes, sha256, gitBlob, isThere},
    page: `${endpoint}/${repo}`,
    done: () => checked.remember(path, blob),
  });
  removeLeftovers(own, blob);
  if (contentPath(cache, snapshot, blob) === shown) return shown;
  try {
    return linkBlob(cache, snapshot, blob);
  } catch (error) {
    throw fileError(error, shown, 'write', STORE_HINTS);
  }
}

/** Makes the fetched snapshot the one of its revision, and removes what earlier versions left beside the blobs. */
export function finishSnapshot(
  {repo, commit, revision}: HubRepository,
  {cache, note}: Pick<HubFileOptions, 'cache' | 'note'>,
): void {
  for (const old of removeOldParts(dirname(blobPath(cache, repo, 'x')))) {
    note?.(`removed an unfinished download of an earlier version, which other programs take for a whole file: ${old}`);
  }
  try {
    writeRef(cache, repo, revision, commit);
  } catch (error) {
    // Of a model that is there whole, in a cache that is read-only, this alone is no reason to refuse it.
    note?.(`${revision} of ${repo} is not kept as ${commit}: ${reasonOf(error)}`);
  }
}
