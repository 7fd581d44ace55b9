// Fetches a model by name, hub repository or address, with its license and its progress.

import {existsSync, statSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {checkRoom, fileError} from '../../base/files/file-error.ts';
import {makeFolder} from '../../base/files/make-folder.ts';
import type {HttpClient} from '../../base/http/http-client.ts';
import {type CatalogueEntry, LICENSE_TERMS} from '../../engine/models/catalogue/catalogue.ts';
import {type PullSource, parseSource} from '../../engine/models/catalogue/pull-source.ts';
import {blobPath, contentPath, ownFolder} from '../../engine/models/hub-cache/hub-repository.ts';
import {thisMachine} from '../../engine/models/memory/machine.ts';
import {download, SMALLER, STORE_HINTS} from '../../engine/models/pull/download.ts';
import {downloadClient} from '../../engine/models/pull/download-client.ts';
import {chooseHubFiles, readRepository} from '../../engine/models/pull/hub/hub.ts';
import {fetchHubFile, finishSnapshot} from '../../engine/models/pull/hub/hub-file.ts';
import type {HubFile, HubRepository} from '../../engine/models/pull/hub/hub-folder.ts';
import {storedModel} from '../../engine/models/stored-model.ts';
import {hubCacheFolder} from '../../engine/models/stores.ts';
import {ByteProgress} from '../host/byte-progress.ts';
import {confirm} from '../host/confirm.ts';
import {hubToken, modelsFolder} from '../host/folders.ts';
import type {Io} from '../host/io.ts';
import {whereToLook} from '../open-model/meant.ts';

export interface PullFlags {
  readonly quant?: string;
  readonly yes?: true;
  readonly offline?: true;
  readonly json?: true;
}

/** @throws EngineError (see `download`); the reason of `io.stop`. */
export async function runPull(io: Io, model: string, flags: PullFlags): Promise<void> {
  const source = parseSource(model, {quant: flags.quant});
  const http = downloadClient({env: io.env, token: source.kind === 'hub' ? hubToken(io) : undefined});
  try {
    if (source.kind !== 'url' && source.entry !== undefined) await askLicense(io, source.entry, flags);
    const path = await fetchSource(io, http, source, flags);
    io.say(`ready: ${path}`);
    if (flags.json) io.json({path});
    else io.print(`${path}\n`);
  } finally {
    await http.close();
  }
}

async function askLicense(io: Io, entry: CatalogueEntry, {yes}: PullFlags): Promise<void> {
  const terms = LICENSE_TERMS[entry.license];
  if (terms === undefined || yes) return;
  if (await confirm(io, `${entry.title} is under ${terms}.`, 'Do you agree?')) return;
  throw new EngineError('model_not_found', `${entry.title} was not fetched`, {hint: 'Its license was not agreed to.'});
}

function fetchSource(io: Io, http: HttpClient, source: PullSource, flags: PullFlags): Promise<string> {
  switch (source.kind) {
    case 'hub':
      return fetchFromHub(io, http, source, flags);
    case 'url':
      return fetchUrl(io, http, source.url, flags);
    case 'tar':
      return fetchTar(io, http, source, flags);
  }
}

async function fetchFromHub(
  io: Io,
  http: HttpClient,
  source: PullSource & {kind: 'hub'},
  flags: PullFlags,
): Promise<string> {
  if (flags.offline || io.env.HF_HUB_OFFLINE === '1') return fetchedBefore(io, source);
  const endpoint = (io.env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/$/, '');
  const repository = await readRepository(http, endpoint, source, io.stop);
  const {files, isFolder, note} = chooseHubFiles(repository, source.want, thisMachine());
  io.say(`${source.repo}: ${note}`);
  await checkRoomFor(io, repository, files);
  const options = {cache: cacheOf(io), endpoint, signal: io.stop, note: io.say};
  const paths: string[] = [];
  for (const file of files) {
    const fetch = (progress: (done: number, total: number) => void) =>
      fetchHubFile(http, repository, file, {...options, progress});
    paths.push(await withProgress(io, basename(file.name), fetch));
  }
  finishSnapshot(repository, options);
  const [first] = paths as [string, ...string[]];
  return isFolder ? dirname(first) : first;
}

/** Of several files the last one is no time to find the disk too small. */
async function checkRoomFor(io: Io, {repo, commit}: HubRepository, files: readonly HubFile[]): Promise<void> {
  const cache = cacheOf(io);
  const blobs = blobPath(cache, repo, '');
  try {
    const bytes = files.reduce((sum, {name, sha256, gitBlob, bytes}) => {
      const blob = sha256 ?? gitBlob ?? '';
      if (contentPath(cache, {repo, commit, name}, blob) !== undefined) return sum;
      // What a part holds needs no more room; one with holes in it counts as what it takes up.
      const part = statSync(join(ownFolder(cache, repo), `${blob}.part`), {throwIfNoEntry: false});
      return sum + Math.max(0, bytes - (part?.blocks ?? 0) * 512);
    }, 0);
    if (bytes === 0) return;
    makeFolder(blobs);
    await checkRoom(blobs, bytes, SMALLER);
  } catch (error) {
    throw fileError(error, blobs, 'write', STORE_HINTS);
  }
}

const cacheOf = (io: Io) => hubCacheFolder(whereToLook(io));

function fetchedBefore(io: Io, {repo, want}: PullSource & {kind: 'hub'}): string {
  try {
    return storedModel(repo, whereToLook(io), want);
  } catch {
    throw offline(want === undefined ? repo : `${repo}:${want}`);
  }
}

async function fetchUrl(io: Io, http: HttpClient, url: string, {offline: isOffline}: PullFlags): Promise<string> {
  const name = decodeURIComponent(new URL(url).pathname.split('/').at(-1) as string);
  const path = join(modelsFolder(io), basename(name));
  if (isOffline && !existsSync(path)) throw offline(url);
  return withProgress(io, name, (progress) => download(http, {url, path, signal: io.stop, progress, note: io.say}));
}

async function fetchTar(io: Io, http: HttpClient, source: PullSource & {kind: 'tar'}, {offline: isOffline}: PullFlags) {
  const folder = join(whereToLook(io).home, 'mistral_models', source.name);
  if (isOffline && !existsSync(folder)) throw offline(source.url);
  const {url, md5} = source;
  const {downloadTar} = await import('../../engine/models/pull/download-tar.ts');
  return withProgress(io, source.name, (progress) => downloadTar(http, {url, md5, folder, signal: io.stop, progress}));
}

async function withProgress(
  io: Io,
  label: string,
  fetch: (progress: (done: number, total: number) => void) => Promise<string>,
): Promise<string> {
  let line: ByteProgress | undefined;
  try {
    return await fetch((done, total) => {
      line ??= new ByteProgress(`fetching ${label}`, io, {before: done});
      line.update(done, total);
    });
  } finally {
    line?.end();
  }
}

function offline(what: string): EngineError {
  return new EngineError('model_not_found', `${what} is not here, and --offline forbids to fetch it`, {
    hint: 'mistral list shows what is here.',
  });
}
