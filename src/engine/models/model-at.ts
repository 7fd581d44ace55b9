// What a path holds: a GGUF, weights to be converted, an archive or a tokenizer, with one line that says which and why.

import {existsSync, lstatSync, readdirSync, readlinkSync, type Stats, statSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {fileError} from '../../base/files/file-error.ts';
import {formatBytes} from '../../base/units.ts';
import type {Machine} from '../contract/local-engine.ts';
import {otherFormError, otherFormOfFolder} from '../convert/source/other-forms.ts';
import {baseName, type FolderFile, type ModelFile, splitName, splitOf} from '../gguf/model-files.ts';
import {modelShape} from '../gguf/model-shape.ts';
import type {GgufFile} from '../gguf/read-header.ts';
import {readGguf} from '../gguf/read-header.ts';
import {isTokenizerFile} from '../tokenizer/tokenizer-file.ts';
import {cutFile, cutFileError} from './cut-file.ts';
import {folderKind, weightsFormat} from './folder-kind.ts';
import {chooseQuantisation, filesNamed} from './memory/choose-file.ts';
import {thisMachine} from './memory/machine.ts';
import {memoryNeed} from './memory/memory-needs.ts';

/** Context the memory of a choice is reckoned with when the model was trained for more. */
const DEFAULT_CONTEXT = 8192;

export interface ChooseOptions {
  /** Quantisation or part of a file name: chooses among several files. */
  readonly quant?: string | undefined;
  /** Default: this machine without its GPU. */
  readonly machine?: Machine | undefined;
}

/** `note`: which model it is, and why it was chosen. */
export type FoundModel =
  /** A file whose header can be read; `checkLoadable` says whether it can be loaded. */
  | {readonly kind: 'gguf'; readonly file: GgufFile; readonly note: string}
  /** Weights that are to be converted first. */
  | {readonly kind: 'folder'; readonly folder: string; readonly format: 'mistral' | 'hf'; readonly note: string}
  /** An archive of such a folder, to be unpacked first. */
  | {readonly kind: 'tar'; readonly path: string; readonly note: string}
  /** A tokenizer file, or a folder that has no more: for whoever needs no weights. Others are told `noModel`. */
  | {readonly kind: 'tokenizer'; readonly path: string; readonly note: string; readonly noModel: EngineError};

/**
 * @throws EngineError `model_not_found` (nothing there, no model in the folder, no file for `quant`), `model_invalid`
 * (another kind of file) or `io`.
 */
export function modelAt(path: string, options: ChooseOptions = {}): FoundModel {
  return look(path).isDirectory() ? modelInFolder(path, options) : modelInFile(path);
}

/** The error for a command that needs the folder of an archive and unpacks none. */
export function notUnpacked(tar: string): EngineError {
  return new EngineError('model_invalid', `${tar} is a tar archive that is not unpacked`, {
    hint: 'Unpack it and give the folder: mkdir FOLDER && tar -xf FILE -C FOLDER',
  });
}

function look(path: string): Stats {
  try {
    const stat = statSync(path, {throwIfNoEntry: false});
    if (stat !== undefined) return stat;
  } catch (cause) {
    throw fileError(cause, path, 'read');
  }
  const link = danglingLink(path);
  if (link !== undefined) throw new EngineError('model_not_found', link, {hint: FETCH_AGAIN});
  throw new EngineError('model_not_found', `there is no file or folder ${path}`, {
    hint: 'Give a .gguf file, a model folder, or nothing for the embedded model.',
  });
}

const FETCH_AGAIN = 'Fetch the model again, or give the file itself.';

/** What to say of a link whose target is gone, such as one into a cache that was emptied; undefined for anything else. */
function danglingLink(path: string): string | undefined {
  const isLink = lstatSync(path, {throwIfNoEntry: false})?.isSymbolicLink() === true;
  return isLink ? `${path} is a link to ${readlinkSync(path)}, which is not there` : undefined;
}

function modelInFile(path: string): FoundModel {
  const name = basename(path);
  if (/^(params|config)\.json$|\.safetensors$|\.pth?$/.test(name)) return modelOfWeights(path);
  if (/\.tar$/i.test(name)) return {kind: 'tar', path, note: `${path}: an archive, to be unpacked once`};
  if (isTokenizerFile(name) || /\.json$/i.test(name)) {
    const what = isTokenizerFile(name) ? 'a tokenizer' : 'a JSON file';
    const noModel = new EngineError('model_invalid', `${path} is ${what}, not a model`, {
      hint: 'Give the .gguf file or the folder of the model; `mistral tokenize` takes a tokenizer alone.',
    });
    return {kind: 'tokenizer', path, note: name, noModel};
  }
  const cut = cutFile(name);
  if (cut !== undefined && !isWholeModel(path)) throw cutFileError(path, cut);
  const split = splitOf(name);
  const first = split && join(dirname(path), splitName(split.prefix, 1, split.count));
  if (split === undefined || first === undefined || split.part === 1 || !existsSync(first)) return gguf(path, name);
  const why = `${name} is part ${split.part} of ${split.count}, part 1 is the one to load`;
  return gguf(first, `${basename(first)}: ${why}`);
}

/** Whatever its name says. */
function isWholeModel(path: string): boolean {
  try {
    const {fileSize, expectedSize} = readGguf(path);
    return fileSize >= expectedSize;
  } catch (error) {
    if (error instanceof EngineError) return false;
    throw error;
  }
}

/** A weight file stands for the folder it lies in, also beside a GGUF; else its bytes say what it is. */
function modelOfWeights(path: string): FoundModel {
  const folder = dirname(path);
  const {files} = listFiles(folder);
  const format = weightsFormat(files);
  if (format !== undefined) return convertible(folder, format);
  if (folderKind(files).kind === 'lora') throw loraError(path);
  const otherForm = otherFormIn(folder);
  if (otherForm !== undefined) throw otherForm;
  return gguf(path, basename(path));
}

function modelInFolder(folder: string, options: ChooseOptions): FoundModel {
  const {files, dangling} = listFiles(folder);
  const found = folderKind(files);
  if (found.kind === 'gguf') return chooseAmong(folder, found.models, options);
  if (found.kind === 'mistral' || found.kind === 'hf') return convertible(folder, found.kind);
  const noModel =
    found.kind === 'lora'
      ? loraError(folder)
      : (otherFormIn(folder) ?? noModelIn(folder, files, dangling[0] ?? found.almost));
  if (!files.some(({name}) => isTokenizerFile(name))) throw noModel;
  return {kind: 'tokenizer', path: folder, note: `${folder}: a tokenizer and no model`, noModel};
}

/** The refusal of weights that programs which quantise have named as they like. */
function otherFormIn(folder: string): EngineError | undefined {
  const form = otherFormOfFolder(folder);
  return form === undefined ? undefined : otherFormError(folder, form);
}

function chooseAmong(folder: string, models: readonly ModelFile[], options: ChooseOptions): FoundModel {
  const {quant} = options;
  const fitting = quant === undefined ? models : filesNamed(models, quant);
  const [only] = fitting;
  const there = models.map((model) => model.name).join(', ');
  if (only === undefined) {
    throw new EngineError('model_not_found', `no file in ${folder} matches "${quant}"`, {hint: `There are: ${there}`});
  }
  if (only.missing.includes(only.name)) return modelInFile(join(folder, only.parts[0] as string));
  if (models.length === 1) return gguf(join(folder, only.name), only.name);
  if (fitting.length === 1) return gguf(join(folder, only.name), `${only.name}: the one that matches "${quant}"`);
  if (new Set(fitting.map(baseName)).size > 1) {
    const names = fitting.map((model) => model.name).join(', ');
    throw new EngineError('model_not_found', `${folder} holds several models: ${names}`, {
      hint: 'Give the file, or a part of its name with --quant.',
    });
  }
  const {file, why} = chooseQuantisation(fitting, overhead(folder, only), options.machine ?? thisMachine());
  const note = `${file.name} (${formatBytes(file.bytes)}), one of ${fitting.length}: ${why}; --quant chooses another`;
  return gguf(join(folder, file.name), note);
}

function overhead(folder: string, model: ModelFile): number {
  const shape = modelShape(readGguf(join(folder, model.name)));
  return memoryNeed(shape, 0, Math.min(shape.usableContext, DEFAULT_CONTEXT), 'F16').total;
}

function gguf(path: string, note: string): FoundModel {
  return {kind: 'gguf', file: readGguf(path), note};
}

function convertible(folder: string, format: 'mistral' | 'hf'): FoundModel {
  const layout = format === 'mistral' ? "Mistral's" : "Hugging Face's";
  return {kind: 'folder', folder, format, note: `${folder}: weights in ${layout} format, to be converted once`};
}

/** What lies in a folder, and its links that lead nowhere, as sentences. */
function listFiles(folder: string): {readonly files: readonly FolderFile[]; readonly dangling: readonly string[]} {
  let names: string[];
  try {
    names = readdirSync(folder).sort();
  } catch (cause) {
    throw fileError(cause, `the folder ${folder}`, 'read');
  }
  const files = names.flatMap((name) => {
    const stat = existsSync(join(folder, name)) ? statSync(join(folder, name)) : undefined;
    return stat?.isFile() ? [{name, bytes: stat.size}] : [];
  });
  const dangling = names.flatMap((name) =>
    existsSync(join(folder, name)) ? [] : (danglingLink(join(folder, name)) ?? []),
  );
  return {files, dangling: dangling.map((link) => `${link}: fetch the model again.`)};
}

function loraError(path: string): EngineError {
  return new EngineError('model_invalid', `${path} is a LoRA adapter, not a model`, {
    hint: 'Give the base model, and the adapter with --lora-path.',
  });
}

function noModelIn(folder: string, files: readonly FolderFile[], almost: string | undefined): EngineError {
  const names = files.slice(0, 8).map((file) => file.name);
  if (files.length > names.length) names.push(`and ${files.length - names.length} more`);
  const there = names.length === 0 ? 'it has no files' : `it has ${names.join(', ')}`;
  return new EngineError('model_not_found', `there is no model in ${folder}: ${there}`, {
    hint:
      almost ?? 'A model folder holds a .gguf file, or params.json with consolidated.safetensors and the tokenizer.',
  });
}
