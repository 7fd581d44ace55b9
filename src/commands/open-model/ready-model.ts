// From a model's name to a file that can be loaded: found, unpacked and converted with consent, checked.
import {basename} from 'node:path';
import {checkLoadable, preflight} from '../../engine/gguf/preflight.ts';
import type {GgufFile} from '../../engine/gguf/read-header.ts';
import {localMachine} from '../../engine/local/engines.ts';
import {pathKind} from '../../engine/models/existing-path.ts';
import {findModel, findPath} from '../../engine/models/find-model.ts';
import type {FoundModel} from '../../engine/models/model-at.ts';
import type {Io} from '../host/io.ts';
import type {EngineFlags} from '../options.ts';
import {whereToLook} from './meant.ts';

/** The flags that decide which file is opened, and whether one may be made. */
export type FileFlags = Pick<EngineFlags, 'gpu' | 'quant' | 'yes' | 'loraPath'>;

/**
 * The model of this name for this machine, its GPU included; undefined means the embedded one.
 * @throws EngineError as `findModel` does.
 */
export async function findForMachine(io: Io, name: string | undefined, flags: FileFlags): Promise<FoundModel> {
  const {gpu = 'auto', quant, loraPath} = flags;
  const where = whereToLook(io);
  const path = name === undefined ? undefined : findPath(name, where, quant);
  if (path === undefined || pathKind(path) !== 'folder') {
    return findModel(name, where, {quant});
  }
  // Among several files the GPU's memory decides too; a single one is fitted when it is opened.
  const found = findModel(name, where, {quant, machine: await localMachine(gpu)});
  if (loraPath === undefined) {
    const {adapterBeside} = await import('./open-adapter.ts');
    const note = adapterBeside(path);
    if (note !== undefined) io.say(`note: ${note}`);
  }
  return found;
}

/**
 * The file to load; says on stderr which one it is where the argument does not, unless `isSaid` is false.
 * @throws EngineError when it cannot be loaded or the user does not agree to make it; the stop's reason.
 */
export async function readyModel(io: Io, found: FoundModel, flags: FileFlags, isSaid = true): Promise<GgufFile> {
  switch (found.kind) {
    case 'gguf':
      checkLoadable(found.file);
      if (isSaid && found.note !== basename(found.file.path)) io.say(`model: ${found.note}`);
      return found.file;
    case 'folder': {
      const {convertOnce} = await import('./convert-once.ts');
      const converted = await convertOnce(io, found.folder, flags);
      io.say(`model: ${converted}`);
      return preflight(converted);
    }
    case 'tar': {
      const {unpackOnce} = await import('./unpack-once.ts');
      const folder = await unpackOnce(io, found.path, flags);
      return await readyModel(io, await findForMachine(io, folder, flags), flags);
    }
    case 'tokenizer':
      throw found.noModel;
  }
}
