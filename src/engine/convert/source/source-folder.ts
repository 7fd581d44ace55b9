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
import {type FolderClues, readVocabulary, type Vocabulary} from '../vocabulary/vocabulary.ts';
import {sourceBytes, type Weights} from '../weights/weights.ts';
import {type ConfigFile, readConfigFile} from './config-file.ts';
import {readFigures} from './figures/folder-figures.ts';
import type {Choice} from './figures/read-figures.ts';
import {refuseKinds} from './figures/refused-kinds.ts';
import {type FolderDefaults, folderDefaults} from './folder-defaults.ts';
import {folderName} from './folder-name.ts';
import {fp8Blocks} from './fp8-blocks.ts';
import {refuseOtherForms} from './other-forms.ts';
import {versionClues} from './version-clues.ts';
import {findWeights, listOf, missingFile, readWeights} from './weight-files.ts';

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
  /** An audio encoder is there; it is left out. */
  readonly hasAudio: boolean;
  readonly notes: readonly string[];
  /** The options that decided something: another one had no effect on this model. */
  readonly heeded: ReadonlySet<Choice>;
}

export interface OpenFolderOptions {
  /** Context length to write, when the folder has none or a wrong one. */
  readonly context?: number | undefined;
  /** Scale attention as transformers reads config.json. */
  readonly ropeScale?: 'config' | undefined;
  /** Leave sliding windows out. */
  readonly noWindow?: boolean | undefined;
}

/** @throws EngineError `model_not_found`, `model_invalid` or `model_unsupported`: what is missing, damaged or cannot be converted. */
export function openSourceFolder(folder: string, options: OpenFolderOptions = {}): SourceFolder {
  const names = readdirSync(folder).sort();
  const format = names.includes('params.json') && names.some((name) => /^consolidated/.test(name)) ? 'mistral' : 'hf';
  const configPath = join(folder, format === 'mistral' ? 'params.json' : 'config.json');
  if (!existsSync(configPath)) throw missingFile(folder, 'there is no params.json or config.json', names);
  const config = readConfigFile(configPath);
  refuseOtherForms(
    folder,
    config,
    names.filter((name) => /^consolidated/.test(name) === (format === 'mistral')),
  );
  refuseKinds(format, config);
  const weightFiles = findWeights(folder, format, names);
  const weights = readWeights(folder, weightFiles);
  const naming = namingOf(format, config);
  const rows = embeddingRows(folder, weights, naming);
  const heeded = new Set<Choice>();
  const {model, notes} = readFigures(folder, format, config, names, {embeddingRows: rows, heeded, ...options});
  const otherConfig = ['params.json', 'config.json']
    .filter((name) => names.includes(name))
    .map((name) => join(folder, name))
    .filter((path) => path !== configPath);
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
    files: [configPath, ...otherConfig, tokenizer.path, ...defaults.files, ...weightFiles],
    weightBytes: [...weights.values()].reduce((sum, tensor) => sum + sourceBytes(tensor), 0),
    hasVision: config.has('vision_encoder') || config.has('vision_config'),
    hasAudio: config.has('audio_config') || config.object('multimodal')?.has('whisper_model_args') === true,
    notes: [...notes, ...tokenizer.notes, ...defaults.notes],
    heeded,
  };
}

function namingOf(format: 'mistral' | 'hf', config: ConfigFile): Naming {
  const type = config.string('model_type');
  if (type === 'mamba' || type === 'mamba2') return 'mamba';
  return format;
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
  const read =
    name === 'tokenizer.json'
      ? readHfVocabulary(path, file, clues)
      : {vocabulary: readVocabulary(name, path, file, clues), notes: []};
  return {name, path, vocabulary: read.vocabulary, notes: [...read.notes, ...endNote(name, read.vocabulary, clues)]};
}

/** A folder of another prompt whose end token its tokenizer lacks: the answers of its model would not end. */
function endNote(name: string, {template, ends = []}: Vocabulary, {ends: clues}: FolderClues): readonly string[] {
  const text = clues?.text;
  if (template.form === 'mistral' || text === undefined || ends.length > 0) return [];
  return [`tokenizer_config.json names ${JSON.stringify(text)} as the end of an answer, which ${name} does not have.`];
}
