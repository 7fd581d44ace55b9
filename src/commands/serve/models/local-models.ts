// Which files `--models` means: those of a folder, those of a name, or all that `mistral list` shows.
import {realpathSync} from 'node:fs';
import {EngineError} from '../../../base/errors.ts';
import {embeddedFile} from '../../../engine/models/embedded-file.ts';
import {existingPath, pathKind} from '../../../engine/models/existing-path.ts';
import {findModel} from '../../../engine/models/find-model.ts';
import {ggufs, type StoredModel} from '../../../engine/models/other-stores.ts';
import {listStores} from '../../../engine/models/stores.ts';
import type {Io} from '../../host/io.ts';
import {whereToLook} from '../../open-model/meant.ts';
import type {Candidate} from './jobs.ts';

/** Folders in a folder that are looked into. */
const DEPTH = 4;

/**
 * The files, each once, in the order they were named; without names all of this machine and the embedded one. What has to be
 * converted first is left out and told.
 * @throws EngineError `model_not_found` where a name means nothing.
 */
export function candidates(io: Io, named: readonly string[], quant: string | undefined): Candidate[] {
  const found = named.length === 0 ? everything(io) : named.flatMap((name) => candidatesOf(io, name, quant));
  const seen = new Set<string>();
  return found.filter(({path}) => {
    const real = realpathSync(path);
    return seen.has(real) ? false : seen.add(real) !== undefined;
  });
}

function everything(io: Io): Candidate[] {
  const stored = listStores(whereToLook(io)).flatMap((model) => storedCandidate(io, model));
  const embedded = embeddedFile();
  return [...stored, ...(embedded === undefined ? [] : [{path: embedded}])];
}

function storedCandidate(io: Io, {name, path, onlyFor, inside, store}: StoredModel): Candidate[] {
  if (pathKind(path) !== 'file') io.say(`note: ${path} is not served: it is to be converted first (mistral convert)`);
  else if (onlyFor !== undefined) io.say(`note: ${path} is not served: it is quantised for ${onlyFor}`);
  else if (inside !== undefined) io.say(`note: ${path} is not served: it holds ${inside} inside`);
  else return [{path, ...(store !== 'converted' && {stored: name})}];
  return [];
}

function candidatesOf(io: Io, name: string, quant: string | undefined): Candidate[] {
  const where = whereToLook(io);
  const path = existingPath(name, where);
  if (path !== undefined && pathKind(path) === 'folder') {
    const files = ggufs(path, 'converted', DEPTH);
    if (files.length > 0) return files.map((file) => ({path: file.path}));
  }
  const found = findModel(name, where, {quant});
  if (found.kind === 'gguf') return [{path: found.file.path, ...(path === undefined && {stored: name})}];
  throw new EngineError('model_not_found', `--models ${name}: ${found.note}`, {
    hint: 'A server of several models loads .gguf files: mistral convert makes one of such a folder.',
  });
}
