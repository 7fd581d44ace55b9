// Opens a model's tar: unpacked once with consent, then the folder in the cache is taken.
import {existsSync, statSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {formatBytes} from '../../base/units.ts';
import {fingerprint} from '../../engine/convert/source/fingerprint.ts';
import {unpackTar} from '../../engine/models/pull/unpack-tar.ts';
import {ByteProgress} from '../host/byte-progress.ts';
import {confirm} from '../host/confirm.ts';
import {cacheFolder} from '../host/folders.ts';
import type {Io} from '../host/io.ts';

/** Where the archive is unpacked to, or was before. */
export function unpackedFolder(io: Io, tar: string): string {
  const stem = basename(tar).replace(/\.tar$/i, '');
  return join(cacheFolder(io), 'unpacked', fingerprint(dirname(tar), basename(tar)), stem);
}

/** The folder of the unpacked archive. Throws EngineError, or the stop's reason. */
export async function unpackOnce(io: Io, tar: string, {yes}: {readonly yes?: true}): Promise<string> {
  const folder = unpackedFolder(io, tar);
  if (existsSync(folder)) return folder;
  const size = formatBytes(statSync(tar).size);
  const what = `${tar} has to be unpacked once: ${size} into ${folder}.`;
  if (yes) io.say(what);
  else if (!(await confirm(io, what, 'Continue?'))) {
    throw new EngineError('model_not_found', `${tar} was not unpacked`, {
      hint: 'Unpack it yourself and give the folder: mkdir FOLDER && tar -xf FILE -C FOLDER',
    });
  }
  const progress = new ByteProgress(`unpacking ${basename(folder)}`, io);
  try {
    await unpackTar(tar, folder, {signal: io.stop, progress: (done, total) => progress.update(done, total)});
  } finally {
    progress.end();
  }
  return folder;
}
