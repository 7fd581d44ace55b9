// Which files are the library: those that node-llama-cpp's addon calls, or where the user says.
import {readdirSync, statSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {EngineError} from '../../../base/errors.ts';
import {reasonOf} from '../../../base/files/file-error.ts';
import {readRegularText} from '../../../base/files/regular-file.ts';
import {parsePlainJson} from '../../../base/plain-json.ts';
import {complete, text} from '../../../base/shape.ts';
import {processorBuild, systemName} from '../../engine-packages.ts';

export interface LibraryFiles {
  /** Where the library's parts for the processors of this machine lie. */
  readonly folder: string;
  /** In the order of loading; the last one has the llama functions. */
  readonly files: readonly string[];
  /** llama.cpp's release, where something beside the files tells it. */
  readonly release: string | undefined;
}

/** The names that llama.cpp and its parts have on each system; a release or a kind of device may stand in between. */
const PARTS = ['ggml-base', 'ggml', 'llama'].map((part) => partName(part));

function partName(part: string): RegExp {
  return new RegExp(`^(lib)?${part}(\\.[a-z]+)?(\\.v?[0-9.]+)?\\.(so|dylib|dll)(\\.[0-9.]+)?$`);
}

/** The files beside the addon, for the processor. @throws EngineError `unsupported` where there are none. */
export function shippedLibrary(): LibraryFiles {
  const {folder} = processorBuild();
  if (folder !== undefined) return inFolder(folder);
  throw new EngineError('unsupported', `there is no engine library for ${systemName()}`);
}

/**
 * A library of the user's own: a file, or a folder that holds one.
 * @throws EngineError `unsupported` when there is none.
 */
export function libraryAt(path: string): LibraryFiles {
  try {
    if (statSync(path).isDirectory()) return inFolder(path);
  } catch (error) {
    throw new EngineError('unsupported', `the library ${path} cannot be read: ${reasonOf(error)}`, {
      hint: 'Give the file of a llama.cpp library, or the folder it lies in.',
    });
  }
  const folder = dirname(path);
  // A file that is not named as llama.cpp's has everything in itself.
  const parts = PARTS[2]?.test(basename(path)) ? partsIn(folder).slice(0, -1) : [];
  return {folder, files: [...parts, path], release: releaseIn(folder)};
}

function inFolder(folder: string): LibraryFiles {
  const files = partsIn(folder);
  if (!PARTS[2]?.test(basename(files.at(-1) ?? ''))) {
    throw new EngineError('unsupported', `there is no llama.cpp library in ${folder}`, {
      hint: 'Its file is named like libllama.so, libllama.dylib or llama.dll.',
    });
  }
  return {folder, files, release: releaseIn(folder)};
}

/** One file of each part; of several with the same part, the one with the shortest name: the others are links to releases. */
function partsIn(folder: string): string[] {
  const names = readdirSync(folder).sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  return PARTS.flatMap((part) => names.find((name) => part.test(name)) ?? []).map((name) => join(folder, name));
}

/** What node-llama-cpp writes beside its builds. */
const built = complete({buildOptions: complete({llamaCpp: complete({release: text})})});

function releaseIn(folder: string): string | undefined {
  try {
    return built(parsePlainJson(readRegularText(join(folder, '_nlcBuildMetadata.json')))).buildOptions.llamaCpp.release;
  } catch {
    return undefined;
  }
}
