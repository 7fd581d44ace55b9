// From a model argument (file, folder, nothing) to the file to load, with one line that says which and why.
import {readdirSync, statSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {formatBytes} from '../../base/units.ts';
import type {Machine} from '../contract/local-engine.ts';
import {baseName, type FolderFile, type ModelFile, splitName, splitOf} from '../gguf/model-files.ts';
import {modelShape} from '../gguf/model-shape.ts';
import {preflight} from '../gguf/preflight.ts';
import type {GgufFile} from '../gguf/read-header.ts';
import {readGguf} from '../gguf/read-header.ts';
import {checkEmbedded, noEmbedded} from './check-embedded.ts';
import {embeddedFile} from './embedded-file.ts';
import {folderKind} from './folder-kind.ts';
import {chooseQuantisation} from './memory/choose-file.ts';
import {thisMachine} from './memory/machine.ts';
import {memoryNeed} from './memory/memory-needs.ts';

/** Context the memory of a choice is reckoned with when the model was trained for more. */
const DEFAULT_CONTEXT = 8192;

export interface ResolveOptions {
  /** Quantisation or part of a file name: chooses among several files. */
  readonly quant?: string;
  readonly machine?: Machine;
  /** Folder of the model that is used when none is named. */
  readonly embedded?: string;
}

export type ResolvedModel =
  /** Ready to load: `file` has passed the preflight. */
  | {readonly kind: 'gguf'; readonly path: string; readonly file: GgufFile; readonly note: string}
  /** To be converted first. */
  | {readonly kind: 'convertible'; readonly folder: string; readonly format: 'mistral' | 'hf'; readonly note: string};

/**
 * Finds the model behind an argument; undefined means the embedded model.
 * Throws EngineError model_not_found (no such path, no model in the folder, no file for `quant`) or model_invalid.
 */
export function resolveModel(argument: string | undefined, options: ResolveOptions = {}): ResolvedModel {
  if (argument === undefined) return resolveEmbedded(options.embedded);
  const stat = statSync(argument, {throwIfNoEntry: false});
  if (stat === undefined) {
    throw new EngineError('model_not_found', `there is no file or folder ${argument}`, {
      hint: 'Give a .gguf file, a model folder, or nothing for the embedded model.',
    });
  }
  return stat.isDirectory() ? resolveFolder(argument, options) : resolveFile(argument);
}

function resolveEmbedded(folder: string | undefined): ResolvedModel {
  const path = embeddedFile(folder);
  if (path === undefined) throw noEmbedded();
  checkEmbedded(path);
  return loadable(path, 'the embedded demonstration model, as none was named');
}

function resolveFile(path: string): ResolvedModel {
  const name = basename(path);
  if (/^(params|config)\.json$|\.safetensors$|\.pth$/.test(name)) return resolveWeightFile(path);
  const split = splitOf(name);
  if (split === undefined || split.part === 1) return loadable(path, name);
  const first = join(dirname(path), splitName(split.prefix, 1, split.count));
  if (statSync(first, {throwIfNoEntry: false}) === undefined) {
    throw new EngineError('model_invalid', `${path} is part ${split.part} of ${split.count}, and part 1 is missing`, {
      hint: `Put ${basename(first)} beside it.`,
    });
  }
  return loadable(
    first,
    `${basename(first)}: ${name} is part ${split.part} of ${split.count}, part 1 is the one to load`,
  );
}

/** A weight file stands for the folder it lies in, unless its bytes say that it is a GGUF or no weights at all. */
function resolveWeightFile(path: string): ResolvedModel {
  const folder = dirname(path);
  const found = folderKind(listFiles(folder));
  if (found.kind === 'mistral' || found.kind === 'hf') return convertible(folder, found.kind);
  if (found.kind === 'lora') throw loraError(path);
  return loadable(path, basename(path));
}

function resolveFolder(folder: string, options: ResolveOptions): ResolvedModel {
  const files = listFiles(folder);
  const found = folderKind(files);
  if (found.kind === 'mistral' || found.kind === 'hf') return convertible(folder, found.kind);
  if (found.kind === 'lora') throw loraError(folder);
  if (found.kind === 'none') throw noModel(folder, files, found.almost);
  return chooseAmong(folder, found.models, options);
}

function chooseAmong(folder: string, models: readonly ModelFile[], options: ResolveOptions): ResolvedModel {
  const {quant} = options;
  const fitting = quant === undefined ? models : filterByQuant(models, quant);
  const [only] = fitting;
  const there = models.map((model) => model.name).join(', ');
  if (only === undefined) {
    throw new EngineError('model_not_found', `no file in ${folder} matches "${quant}"`, {hint: `There are: ${there}`});
  }
  if (only.missing.includes(only.name)) return resolveFile(join(folder, only.parts[0] as string));
  if (models.length === 1) return loadable(join(folder, only.name), only.name);
  if (fitting.length === 1) return loadable(join(folder, only.name), `${only.name}: the one that matches "${quant}"`);
  if (new Set(fitting.map(baseName)).size > 1) {
    const names = fitting.map((model) => model.name).join(', ');
    throw new EngineError('model_not_found', `${folder} holds several models: ${names}`, {
      hint: 'Give the file, or a part of its name with --quant.',
    });
  }
  const {file, why} = chooseQuantisation(fitting, overhead(folder, only), options.machine ?? thisMachine());
  const note = `${file.name} (${formatBytes(file.bytes)}), one of ${fitting.length}: ${why}; --quant chooses another`;
  return loadable(join(folder, file.name), note);
}

/** The exact quantisation if one has it, else every file with the text in its name. */
function filterByQuant(models: readonly ModelFile[], quant: string): readonly ModelFile[] {
  const wanted = quant.toLowerCase();
  const exact = models.filter((model) => model.quant?.toLowerCase() === wanted);
  return exact.length > 0 ? exact : models.filter((model) => model.name.toLowerCase().includes(wanted));
}

function overhead(folder: string, model: ModelFile): number {
  const shape = modelShape(readGguf(join(folder, model.name)));
  return memoryNeed(shape, 0, Math.min(shape.usableContext, DEFAULT_CONTEXT), 'F16').total;
}

function loadable(path: string, note: string): ResolvedModel {
  return {kind: 'gguf', path, file: preflight(path), note};
}

function convertible(folder: string, format: 'mistral' | 'hf'): ResolvedModel {
  const layout = format === 'mistral' ? "Mistral's" : "Hugging Face's";
  return {kind: 'convertible', folder, format, note: `${folder}: weights in ${layout} format, to be converted once`};
}

function listFiles(folder: string): FolderFile[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code === 'EACCES' ? 'permission denied' : (cause as Error).message;
    throw new EngineError('io', `the folder ${folder} cannot be read: ${why}`, {cause});
  }
  return names.sort().flatMap((name) => {
    const stat = statSync(join(folder, name), {throwIfNoEntry: false});
    return stat?.isFile() ? [{name, bytes: stat.size}] : [];
  });
}

function loraError(path: string): EngineError {
  return new EngineError('model_invalid', `${path} is a LoRA adapter, not a model`, {
    hint: 'Give the base model, and the adapter with --lora-path.',
  });
}

function noModel(folder: string, files: readonly FolderFile[], almost: string | undefined): EngineError {
  const names = files.slice(0, 8).map((file) => file.name);
  if (files.length > names.length) names.push(`and ${files.length - names.length} more`);
  const there = names.length === 0 ? 'it has no files' : `it has ${names.join(', ')}`;
  return new EngineError('model_not_found', `there is no model in ${folder}: ${there}`, {
    hint:
      almost ?? 'A model folder holds a .gguf file, or params.json with consolidated.safetensors and the tokenizer.',
  });
}
