// Fetches a model by name, hub repository or address, with its license and its progress.

import {existsSync, statSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {checkRoom, fileError} from '../../base/files/file-error.ts';
import {makeFolder} from '../../base/files/make-folder.ts';
import type {HttpClient} from '../../base/http/http-client.ts';
import {formatBytes} from '../../base/units.ts';
import {runsHere} from '../../engine/local/engines.ts';
import {estimatedBytes} from '../../engine/models/catalogue/catalogue.ts';
import {type CatalogueEntry, licenseConsent} from '../../engine/models/catalogue/entry.ts';
import {type PullSource, parseSource} from '../../engine/models/catalogue/pull-source.ts';
import {damagedFile} from '../../engine/models/hub-cache/cached-models.ts';
import {blobPath, contentPath, ownFolder} from '../../engine/models/hub-cache/hub-repository.ts';
import {thisMachine} from '../../engine/models/memory/machine.ts';
import {download, SMALLER, STORE_HINTS} from '../../engine/models/pull/download.ts';
import {downloadClient, waitLine} from '../../engine/models/pull/download-client.ts';
import {chooseHubFiles, readRepository} from '../../engine/models/pull/hub/hub.ts';
import {fetchHubFile, finishSnapshot} from '../../engine/models/pull/hub/hub-file.ts';
import type {HubFile, HubRepository} from '../../engine/models/pull/hub/hub-folder.ts';
import {storedModel} from '../../engine/models/stored-model.ts';
import {hubCacheFolder} from '../../engine/models/stores.ts';
import {confirm} from '../host/confirm.ts';
import {modelsFolder} from '../host/folders.ts';
import type {Io} from '../host/io.ts';
import {whereToLook} from '../open-model/meant.ts';
import {tokenFor} from './hub-token.ts';
import {PullProgress} from './pull-progress.ts';

export interface PullFlags {
  readonly quant?: string;
  readonly yes?: true;
  readonly offline?: true;
  readonly json?: true;
}

interface Pull {
  readonly io: Io;
  readonly http: HttpClient;
  readonly progress: PullProgress;
  /** By flag or variable: nothing is asked for. */
  readonly isOffline: boolean;
}

type HubSource = PullSource & {kind: 'hub'};

/** @throws EngineError (see `download`); the reason of `io.stop`. */
export async function runPull(io: Io, model: string, flags: PullFlags): Promise<void> {
  const source = parseSource(model, {quant: flags.quant, memory: thisMachine().ramBytes});
  const progress = new PullProgress(io);
  const token = source.kind === 'hub' ? tokenFor(io, hubAddress(io)) : undefined;
  const http = downloadClient({env: io.env, token, waiting: (wait) => progress.say(waitLine(wait))});
  // The values that huggingface_hub takes for yes.
  const isOffline = flags.offline === true || /^(1|on|yes|true)$/i.test(io.env.HF_HUB_OFFLINE ?? '');
  try {
    if (source.kind !== 'url' && source.entry !== undefined) await tellEntry(io, source.entry, flags);
    const path = await fetchSource({io, http, progress, isOffline}, source);
    io.say(`ready: ${path}`);
    if (flags.json) io.json({path});
    else io.print(`${path}\n`);
  } finally {
    await http.close();
  }
}

const hubAddress = ({env}: Io) => (env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/$/, '');

/** What a person has to know before a model of the catalogue is fetched. @throws EngineError (see below) */
async function tellEntry(io: Io, entry: CatalogueEntry, flags: PullFlags): Promise<void> {
  const {title, architecture, hf, unverified} = entry;
  if (architecture !== undefined && !(await runsHere(architecture))) {
    throw new EngineError('model_unsupported', `${title} needs a newer engine: this one does not run ${architecture}`, {
      hint: `Update mistral-chat; the weights alone are fetched by: mistral pull hf:${hf}`,
    });
  }
  await askLicense(io, entry, flags);
  if (unverified?.includes('gguf'))
    io.say(`note: where the GGUF of ${title} is, is unverified; its weights are hf:${hf}`);
  const [least, memory] = [estimatedBytes(entry, 'Q3_K_M'), thisMachine().ramBytes];
  if (least <= memory) return;
  io.say(
    `warning: ${title} takes about ${formatBytes(least)} as Q3_K_M, and this machine has ${formatBytes(memory)} of memory`,
  );
}

/** @throws EngineError `model_not_found` when the license is not agreed to. */
async function askLicense(io: Io, entry: CatalogueEntry, {yes}: PullFlags): Promise<void> {
  const terms = licenseConsent(entry);
  if (terms === undefined || yes) return;
  if (await confirm(io, `${entry.title} is under ${terms}.`, 'Do you agree?')) return;
  throw new EngineError('model_not_found', `${entry.title} was not fetched`, {hint: 'You did not accept its license.'});
}

function fetchSource(pull: Pull, source: PullSource): Promise<string> {
  switch (source.kind) {
    case 'hub':
      return fetchFromHub(pull, source);
    case 'url':
      return fetchUrl(pull, source.url);
    case 'tar':
      return fetchTar(pull, source);
  }
}

async function fetchFromHub(pull: Pull, source: HubSource): Promise<string> {
  const {io, http, progress, isOffline} = pull;
  const there = isOffline || isCommit(source.revision) ? await fetchedBefore(io, source, isOffline) : undefined;
  if (there !== undefined) return there;
  const endpoint = hubAddress(io);
  const repository = await readRepository(http, endpoint, source, io.stop);
  const {files, isFolder, note} = chooseHubFiles(repository, source.want, thisMachine());
  io.say(`${placeOf(source)}: ${note}`);
  await checkRoomFor(io, repository, files);
  const options = {cache: cacheOf(io), endpoint, signal: io.stop, note: progress.say};
  const paths: string[] = [];
  for (const file of files) {
    const fetch = (moved: (done: number, total: number) => void) =>
      fetchHubFile(http, repository, file, {...options, progress: moved});
    paths.push(await progress.during(basename(file.name), fetch));
  }
  finishSnapshot(repository, options);
  const [first] = paths as [string, ...string[]];
  return isFolder ? dirname(first) : first;
}

/** What a whole commit's name stands for never changes. */
function isCommit(revision: string | undefined): boolean {
  return /^[0-9a-f]{40}$/.test(revision ?? '');
}

const placeOf = ({repo, revision}: HubSource) => (revision === undefined ? repo : `${repo}@${revision}`);

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

/**
 * The path of what was fetched before and is whole. @throws EngineError `model_not_found` when it `hasToBe` there and is
 * not, `model_invalid` when it is damaged.
 */
async function fetchedBefore(io: Io, source: HubSource, hasToBe: boolean): Promise<string | undefined> {
  const {want} = source;
  let path: string;
  try {
    path = storedModel(`hf:${placeOf(source)}`, whereToLook(io), want);
  } catch (error) {
    if (!hasToBe) return undefined;
    throw error instanceof EngineError && error.code === 'model_not_found'
      ? offline(want === undefined ? placeOf(source) : `${placeOf(source)}:${want}`)
      : error;
  }
  const damaged = await damagedFile(cacheOf(io), path, io.stop);
  if (damaged === undefined) return path;
  if (!hasToBe) return undefined;
  throw new EngineError('model_invalid', `${damaged} is damaged, and --offline forbids to fetch it again`, {
    hint: 'Pull it once without --offline.',
  });
}

async function fetchUrl({io, http, progress, isOffline}: Pull, url: string): Promise<string> {
  const name = decodeURIComponent(new URL(url).pathname.split('/').at(-1) as string);
  const path = join(modelsFolder(io), basename(name));
  if (isOffline && !existsSync(path)) throw offline(url);
  const options = {url, path, signal: io.stop, note: progress.say};
  return progress.during(name, (moved) => download(http, {...options, progress: moved}));
}

async function fetchTar({io, http, progress, isOffline}: Pull, source: PullSource & {kind: 'tar'}): Promise<string> {
  const folder = join(whereToLook(io).home, 'mistral_models', source.name);
  if (isOffline && !existsSync(folder)) throw offline(source.url);
  const {url, md5, name} = source;
  const {downloadTar} = await import('../../engine/models/pull/download-tar.ts');
  return progress.during(name, (moved) => downloadTar(http, {url, md5, folder, signal: io.stop, progress: moved}));
}

function offline(what: string): EngineError {
  return new EngineError('model_not_found', `${what} is not on this machine, and --offline forbids downloading`, {
    hint: 'See what you have: mistral list',
  });
}
