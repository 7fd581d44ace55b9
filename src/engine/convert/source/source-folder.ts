// Opens a folder in Mistral's or Hugging Face's format: configuration, weights, tokenizer, what was decided.
import {existsSync, readdirSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {EngineError} from '../../../base/errors.ts';
import {readRegular} from '../../../base/files/regular-file.ts';
import type {DetectedTemplate} from '../../template/version/detect.ts';
import {assemble} from '../tensors/assemble.ts';
import type {Hyperparameters} from '../tensors/hyperparameters.ts';
import type {PlannedTensor} from '../tensors/plan.ts';
import {bareName, ggufName, type Naming} from '../tensors/tensor-names.ts';
import {readHfVocabulary} from '../vocabulary/hf-vocabulary.ts';
import {readVocabulary, type Vocabulary} from '../vocabulary/vocabulary.ts';
import {readPth} from '../weights/pth.ts';
import {readSafetensors} from '../weights/safetensors.ts';
import {type SourceTensor, sourceBytes, type Weights} from '../weights/weights.ts';
import {readConfigFile} from './config-file.ts';
import {type FolderDefaults, folderDefaults} from './folder-defaults.ts';
import {folderName} from './folder-name.ts';
import {fp8Blocks} from './fp8-blocks.ts';
import {readHfConfig} from './hf-config.ts';
import {readMistralParams} from './mistral-params.ts';
import {refuseOtherForms} from './other-forms.ts';
import {versionClues} from './version-clues.ts';

export interface SourceFolder {
  readonly folder: string;
  readonly format: 'mistral' | 'hf';
  /** Of the folder: becomes `general.name`. */
  readonly name: string;
  readonly model: Hyperparameters;
  readonly vocabulary: Vocabulary;
  /** Path of the file the vocabulary is from. */
  readonly tokenizer: string;
  readonly tensors: readonly PlannedTensor[];
  /** What it recommends, as it stands in the file that is made of it. */
  readonly defaults: FolderDefaults['entries'];
  /** Every file that goes into the conversion, weights last. */
  readonly files: readonly string[];
  readonly weightBytes: number;
  /** A vision encoder is there; it is left out. */
  readonly hasVision: boolean;
  readonly notes: readonly string[];
}

export interface OpenFolderOptions {
  /** Context length to write, when the folder has none or a wrong one. */
  readonly context?: number | undefined;
}

/** Throws EngineError model_not_found, model_invalid or model_unsupported: what is missing, damaged or does not fit. */
export function openSourceFolder(folder: string, options: OpenFolderOptions = {}): SourceFolder {
  const names = readdirSync(folder).sort();
  const format = names.includes('params.json') && names.some((name) => /^consolidated/.test(name)) ? 'mistral' : 'hf';
  const configPath = join(folder, format === 'mistral' ? 'params.json' : 'config.json');
  if (!existsSync(configPath)) throw missing(folder, 'there is no params.json or config.json', names);
  const config = readConfigFile(configPath);
  refuseOtherForms(
    folder,
    config,
    names.filter((name) => /^consolidated/.test(name) === (format === 'mistral')),
  );
  const weightFiles = findWeights(folder, format, names);
  const weights = readWeights(weightFiles);
  const naming: Naming = format === 'hf' ? 'hf' : config.string('model_type') === 'mamba' ? 'mamba' : 'mistral';
  const rows = embeddingRows(folder, weights, naming);
  const read = format === 'mistral' ? readMistralParams : readHfConfig;
  const {model, notes} = read(config, rows, options.context);
  const tensors = assemble(folder, weights, model, naming, fp8Blocks(config));
  const tokenizer = findTokenizer(folder, names, rows);
  const defaults = folderDefaults(folder, names);
  return {
    folder,
    format,
    name: folderName(folder),
    model,
    vocabulary: tokenizer.vocabulary,
    tokenizer: tokenizer.path,
    tensors,
    defaults: defaults.entries,
    files: [configPath, tokenizer.path, ...defaults.files, ...weightFiles],
    weightBytes: [...weights.values()].reduce((sum, tensor) => sum + sourceBytes(tensor), 0),
    hasVision: config.has('vision_encoder') || config.has('vision_config'),
    notes: [...notes, ...tokenizer.notes, ...defaults.notes],
  };
}

function findWeights(folder: string, format: 'mistral' | 'hf', names: readonly string[]): string[] {
  if (format === 'hf') return hfWeights(folder, names);
  const safetensors = names.filter((name) => /^consolidated.*\.safetensors$/.test(name));
  const pickled = names.filter((name) => /^consolidated.*\.pth$/.test(name));
  if (pickled.length > 1) {
    throw new EngineError('model_unsupported', `${folder} holds ${pickled.length} shards (${pickled[0]} ...)`, {
      hint: 'How they were cut is not written in them: use a folder with one consolidated file, or a Hugging Face one.',
    });
  }
  const chosen = safetensors.length > 0 ? safetensors : pickled;
  if (chosen.length === 0) throw missing(folder, 'there are no consolidated weights', names);
  return chosen.map((name) => join(folder, name));
}

/** All parts of the weights: the names tell how many there must be. */
function hfWeights(folder: string, names: readonly string[]): string[] {
  if (names.includes('model.safetensors')) return [join(folder, 'model.safetensors')];
  const parts = names.filter((name) => /^model-\d{5}-of-\d{5}\.safetensors$/.test(name));
  const count = Number(/of-(\d{5})/.exec(parts[0] ?? '')?.[1] ?? 0);
  if (count === 0) throw missing(folder, 'there is no model.safetensors', names);
  for (let part = 1; part <= count; part++) {
    const name = `model-${String(part).padStart(5, '0')}-of-${String(count).padStart(5, '0')}.safetensors`;
    if (!parts.includes(name))
      throw missing(folder, `part ${part} of ${count} of the weights is missing: ${name}`, names);
  }
  return parts.map((name) => join(folder, name));
}

function readWeights(files: readonly string[]): Weights {
  const all = new Map<string, SourceTensor>();
  for (const file of files) {
    for (const [name, tensor] of file.endsWith('.pth') ? readPth(file) : readSafetensors(file)) all.set(name, tensor);
  }
  return all;
}

function embeddingRows(folder: string, weights: Weights, naming: Naming): number {
  for (const tensor of weights.values()) {
    const target = ggufName(naming, bareName(naming, tensor.name));
    if (target?.name === 'token_embd.weight') return tensor.shape[0] ?? 0;
  }
  const names = [...weights.keys()];
  if (names.length > 0 && names.every((name) => name.includes('lora'))) {
    throw new EngineError('model_invalid', `${folder} holds a LoRA adapter, not a model`, {
      hint: 'Give the base model, and the adapter with --lora-path.',
    });
  }
  throw new EngineError('model_invalid', `${folder}: the weights have no embedding`, {
    hint: `The first tensor is "${names[0] ?? ''}": these are not the weights of a whole model.`,
  });
}

interface FoundTokenizer {
  readonly path: string;
  readonly vocabulary: Vocabulary;
  readonly notes: readonly string[];
}

/** More than this is no tokenizer: published ones have up to 20 MB. */
const MOST_BYTES = 256 * 2 ** 20;

/** tekken.json or tokenizer.model*: of several the one as large as the embedding, tekken first. Else tokenizer.json. */
function findTokenizer(folder: string, names: readonly string[], rows: number): FoundTokenizer {
  const own = names.filter((name) => name === 'tekken.json' || /^tokenizer\.model(\.v\d+(m\d+)?)?$/.test(name));
  const candidates = own.length > 0 ? own : names.filter((name) => name === 'tokenizer.json');
  if (candidates.length === 0) {
    throw new EngineError('model_not_found', `${folder} has no tokenizer: ${listOf(names)}`, {
      hint: 'Fetch tekken.json, tokenizer.model.v3 or tokenizer.json from where the weights came from.',
    });
  }
  const opened = candidates.toReversed().map((name) => openTokenizer(folder, name));
  opened.sort((a, b) => Number(b.name === 'tekken.json') - Number(a.name === 'tekken.json'));
  const fitting =
    opened.find(({vocabulary}) => vocabulary.size === rows) ?? opened.find(({vocabulary}) => vocabulary.size < rows);
  if (fitting === undefined) {
    const sizes = opened.map(({name, vocabulary}) => `${name} has ${vocabulary.size}`).join(', ');
    throw new EngineError('model_invalid', `${folder}: ${sizes} tokens, the weights have ${rows}`, {
      hint: 'The tokenizer is not the one of these weights: fetch it from the same place as they.',
    });
  }
  const {vocabulary} = fitting;
  const notes = [...fitting.notes];
  if (opened.length > 1)
    notes.unshift(`${fitting.name} is taken of ${opened.length} tokenizers, as it fits the weights.`);
  if (fitting.name === 'tokenizer.json') {
    notes.push(templateNote(vocabulary.template));
  }
  if (vocabulary.unknownVersion !== undefined) {
    notes.push(
      `${fitting.name} is for template ${vocabulary.unknownVersion}, which this program does not know: ` +
        'what opens the result has to name one it does (--template).',
    );
  }
  return {path: fitting.path, vocabulary, notes};
}

/** What tokenizer.json leaves open, and how it was decided. */
function templateNote({form, version, reasons}: DetectedTemplate): string {
  const why = reasons.join('; ');
  if (form === 'mistral') return `tokenizer.json does not state its template: ${version}, as ${why}.`;
  const what = form === 'foreign' ? "its template is not one of Mistral's" : 'nothing says which template it has';
  return `${what}: ${why}.`;
}

function openTokenizer(folder: string, name: string): FoundTokenizer & {readonly name: string} {
  const path = join(folder, name);
  if (statSync(path).size > MOST_BYTES) {
    throw new EngineError('model_invalid', `${path} is too large for a tokenizer`, {
      hint: 'Fetch it again from where the weights came from.',
    });
  }
  const file = readRegular(path);
  const clues = versionClues(folder);
  if (name === 'tokenizer.json') return {name, path, ...readHfVocabulary(path, file, clues)};
  return {name, path, vocabulary: readVocabulary(name, path, file, clues), notes: []};
}

function missing(folder: string, what: string, names: readonly string[]): EngineError {
  return new EngineError('model_not_found', `${folder}: ${what}: ${listOf(names)}`, {
    hint: 'Fetch the missing file from where the others came from.',
  });
}

function listOf(names: readonly string[]): string {
  if (names.length === 0) return 'it has no files';
  const more = names.length > 8 ? ` and ${names.length - 8} more` : '';
  return `it has ${names.slice(0, 8).join(', ')}${more}`;
}
