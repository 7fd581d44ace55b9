// Which files of a folder hold its weights, and whether all of them are there.
import {basename, extname, join} from 'node:path';
import {EngineError} from '../../../base/errors.ts';
import {readPth} from '../weights/pth.ts';
import {readSafetensors} from '../weights/safetensors.ts';
import type {SourceTensor, Weights} from '../weights/weights.ts';
import {readConfigFile} from './config-file.ts';

/** What the names begin with in each format. */
const STEMS = {mistral: 'consolidated', hf: 'model'} as const;

/** Of a checkpoint that was saved in pieces, each by a process of its own. */
const PICKLED = /^consolidated\.(\d{2})\.pth?$/;

/**
 * Paths of all parts. One whole file goes before parts, safetensors before a pickle.
 * @throws EngineError `model_not_found` for a part that is missing, `model_invalid` for an index that names files elsewhere.
 */
export function findWeights(folder: string, format: 'mistral' | 'hf', names: readonly string[]): string[] {
  const stem = STEMS[format];
  const chosen = names.includes(`${stem}.safetensors`) ? [`${stem}.safetensors`] : parts(folder, stem, names);
  const all = chosen.length > 0 || format === 'hf' ? chosen : pickled(folder, names);
  if (all.length === 0) {
    const what = format === 'hf' ? 'there is no model.safetensors' : 'there are no consolidated weights';
    throw missingFile(folder, what, names);
  }
  return all.map((name) => join(folder, name));
}

/** Names tell how many parts there are; the index, where there is one, which. */
function parts(folder: string, stem: string, names: readonly string[]): readonly string[] {
  const indexed = indexedFiles(folder, `${stem}.safetensors.index.json`, names);
  const numbered = names.filter((name) => new RegExp(`^${stem}-\\d{5}-of-\\d{5}\\.safetensors$`).test(name));
  const count = Number(/of-(\d{5})/.exec(numbered[0] ?? '')?.[1] ?? 0);
  for (let part = 1; part <= count; part++) {
    const name = `${stem}-${String(part).padStart(5, '0')}-of-${String(count).padStart(5, '0')}.safetensors`;
    if (!numbered.includes(name)) {
      throw missingFile(folder, `part ${part} of ${count} of the weights is missing: ${name}`, names);
    }
  }
  const missing = indexed.find((name) => !names.includes(name));
  if (missing !== undefined) throw missingFile(folder, `the index of the weights names ${missing}`, names);
  if (numbered.length > 0) return numbered;
  if (indexed.length > 0) return indexed;
  return stem === 'model' ? [] : names.filter((name) => /^consolidated.*\.safetensors$/.test(name));
}

/** The files that an index says tensors are in; none without an index. */
function indexedFiles(folder: string, index: string, names: readonly string[]): readonly string[] {
  if (!names.includes(index)) return [];
  const config = readConfigFile(join(folder, index));
  const map = config.object('weight_map');
  const files = new Set(map?.keys.map((key) => map.string(key) ?? '') ?? []);
  const elsewhere = [...files].find((name) => !/^[^/\\]+\.safetensors$/.test(name));
  if (elsewhere === undefined) return [...files].sort();
  throw config.invalid(`it names the file "${elsewhere}": only safetensors files beside it are read`);
}

function pickled(folder: string, names: readonly string[]): readonly string[] {
  const found = names.filter((name) => /^consolidated.*\.pth?$/.test(name));
  const numbers = found.flatMap((name) => PICKLED.exec(name)?.[1] ?? []);
  const gap = numbers.findIndex((number, at) => Number(number) !== at);
  if (gap < 0 || numbers.length !== found.length) return found;
  throw missingFile(
    folder,
    `part ${gap} of the weights is missing: consolidated.${String(gap).padStart(2, '0')}${extname(found[0] ?? '')}`,
    names,
  );
}

/**
 * The tensors of all files.
 * @throws EngineError `model_invalid` for a tensor that is in two of them, `model_unsupported` for one that is cut.
 */
export function readWeights(folder: string, files: readonly string[]): Weights {
  const all = new Map<string, SourceTensor>();
  for (const file of files) {
    const isPickle = /\.pth?$/.test(file);
    for (const [name, tensor] of isPickle ? readPth(file) : readSafetensors(file)) {
      const other = all.get(name);
      if (other !== undefined && isPickle) throw cutTensors(folder, files);
      if (other !== undefined) throw inTwoFiles(name, other.path, file);
      all.set(name, tensor);
    }
  }
  return all;
}

function inTwoFiles(name: string, one: string, other: string): EngineError {
  return new EngineError('model_invalid', `${other}: the tensor "${name}" is also in ${one}`, {
    hint: 'The parts of two models lie in one folder: take out those that do not belong to it.',
  });
}

/** Whole tensors in several files are a model; a piece of each in every file could be put together in several ways. */
function cutTensors(folder: string, files: readonly string[]): EngineError {
  return new EngineError(
    'model_unsupported',
    `${folder} holds ${files.length} shards (${basename(files[0] ?? '')} ...)`,
    {
      hint: 'How they were cut is not written in them: use a folder with one consolidated file, or a Hugging Face one.',
    },
  );
}

/** @returns the error for a file that is not there, with those that are. */
export function missingFile(folder: string, what: string, names: readonly string[]): EngineError {
  return new EngineError('model_not_found', `${folder}: ${what}: ${listOf(names)}`, {
    hint: 'Fetch the missing file from where the others came from.',
  });
}

/** What a folder has, in words; of many files the first. */
export function listOf(names: readonly string[]): string {
  if (names.length === 0) return 'it has no files';
  const more = names.length > 8 ? ` and ${names.length - 8} more` : '';
  return `it has ${names.slice(0, 8).join(', ')}${more}`;
}
