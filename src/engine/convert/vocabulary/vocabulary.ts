// A tokenizer file as the entries of a GGUF: pieces, scores, types, merges, special ids, chat template.

import {basename} from 'node:path';
import {EngineError} from '../../../base/errors.ts';
import {JSON_FILE, RECOGNISE_BYTES, recognise} from '../../../base/files/recognise-file.ts';
import {dumpsJson} from '../../../base/json.ts';
import {TEMPLATES} from '../../contract/templates.ts';
import type {GgufEntries, GgufValue} from '../../gguf/write-header.ts';
import {builderOf, parseModelSettings} from '../../template/read-model-settings.ts';
import {
  type DetectedTemplate,
  detectTemplate,
  parseVersion,
  stated,
  type VersionClues,
} from '../../template/version/detect.ts';
import {SPM_TYPE} from '../../tokenizer/spm/spm.ts';
import {parseSpm} from '../../tokenizer/spm/spm-file.ts';
import {parseTekken} from '../../tokenizer/tekken/tekken-file.ts';
import {spmVersion} from '../../tokenizer/tokenizer-file.ts';
import {type EndClues, endIds} from './end-tokens.ts';
import {chatTemplate} from './jinja-template.ts';
import {fromPrintable, tekkenMerges, toPrintable} from './tekken-merges.ts';

/** What the folder says beside the tokenizer file. */
export interface FolderClues extends VersionClues {
  readonly ends?: EndClues | undefined;
}

export interface Vocabulary {
  readonly family: 'spm' | 'tekken';
  readonly template: DetectedTemplate;
  /** The template that the folder has for other programs, where its version is not sure. */
  readonly chatTemplate?: string | undefined;
  /** Tokens that end an answer, the first of them chiefly, where its version is not sure and the folder names some. */
  readonly ends?: readonly number[] | undefined;
  /** What the file states, where this program does not know it. */
  readonly unknownVersion?: string | undefined;
  /** Tokens of the file itself, before padding. */
  readonly size: number;
  readonly tokens: readonly Uint8Array[];
  readonly types: Uint8Array;
  /** SPM: the higher, the earlier merged. */
  readonly scores: Float32Array;
  /** Tekken: pairs to merge, in order. */
  readonly merges: readonly string[];
  /** SPM: whether every text gets a word mark in front. */
  readonly dummyPrefix: boolean;
  /** Tekken v15: the `model_settings_builder` as it is written; undefined where there is none. */
  readonly modelSettings?: string | undefined;
}

/**
 * Reads a tokenizer file by its name: `tekken.json` or `tokenizer.model*`. `clues` tell the template version where the file
 * does not. Throws EngineError model_invalid or model_unsupported for a file that is none.
 */
export function readVocabulary(name: string, path: string, file: Buffer, clues: FolderClues = {}): Vocabulary {
  const isTekken = name === 'tekken.json';
  const foreign = recognise(file.subarray(0, RECOGNISE_BYTES));
  if (foreign !== undefined && !(isTekken && foreign.kind === JSON_FILE)) {
    throw new EngineError('model_invalid', `${path} is ${foreign.kind}, not a tokenizer`, {hint: foreign.hint});
  }
  return isTekken ? readTekkenVocabulary(path, file, clues) : readSpmVocabulary(name, path, file, clues);
}

function readSpmVocabulary(name: string, path: string, file: Buffer, clues: FolderClues): Vocabulary {
  const {pieces, scores, types, dummyPrefix} = parseSpm(path, file);
  const tokens = slices(pieces);
  const vocabulary = {family: 'spm', size: tokens.length, tokens, types, scores, merges: [], dummyPrefix} as const;
  return {...vocabulary, ...templateIn(spmVersion(name), basename(path), vocabulary, clues)};
}

/**
 * The template of a tokenizer file that states its version. One that this program does not know is written as it is, so
 * that nobody takes the prompts of another for it; the chat template for other programs is then the nearest.
 */
function templateIn(
  version: string | undefined,
  name: string,
  vocabulary: Words,
  clues: FolderClues,
): Pick<Vocabulary, 'template' | 'chatTemplate' | 'ends' | 'unknownVersion' | 'modelSettings'> {
  const known = version === undefined ? undefined : parseVersion(version);
  if (known) return {template: stated(known, `the tokenizer file ${name} says so`)};
  return {...templateOf(vocabulary, clues), ...(version !== undefined && {unknownVersion: version})};
}

type Words = Pick<Vocabulary, 'family' | 'tokens' | 'types'>;

/** The template of a vocabulary that does not state its version, by the rule for GGUF files that do not. */
export function templateOf(
  vocabulary: Words,
  clues: FolderClues,
): Pick<Vocabulary, 'template' | 'chatTemplate' | 'ends' | 'modelSettings'> {
  const {family, tokens, types} = vocabulary;
  const controls = controlIds(vocabulary);
  const text = (id: number) => {
    const bytes = tokens[id] ?? Buffer.alloc(0);
    const isWord = family === 'tekken' && types[id] === SPM_TYPE.normal;
    return Buffer.from((isWord && fromPrintable(Buffer.from(bytes).toString())) || bytes).toString();
  };
  const ends = clues.ends === undefined ? [] : endIds(clues.ends, tokens);
  const [end] = ends;
  const controlId = (name: string) => controls.get(name);
  const view = {family, size: tokens.length, controlId, text, ...(end !== undefined && {end: text(end)})};
  const template = detectTemplate(clues, view);
  const isSure = template.form === 'mistral' && template.confidence !== 'guess';
  const settings = template.form === 'mistral' ? template.settings : undefined;
  return {
    template,
    ...(!isSure && clues.chatTemplate !== undefined && {chatTemplate: clues.chatTemplate}),
    ...(!isSure && end !== undefined && {ends}),
    ...(settings && {modelSettings: dumpsJson(builderOf(settings))}),
  };
}

/** Control tokens by their names. */
export function controlIds({tokens, types}: Pick<Vocabulary, 'tokens' | 'types'>): Map<string, number> {
  const controls = new Map<string, number>();
  for (const [id, token] of tokens.entries()) {
    if (types[id] === SPM_TYPE.control) controls.set(Buffer.from(token).toString(), id);
  }
  return controls;
}

function readTekkenVocabulary(path: string, file: Buffer, clues: FolderClues): Vocabulary {
  const {header, vocabulary, modelSettings} = parseTekken(path, file);
  const {pieces, special} = vocabulary;
  const raw = slices(pieces);
  const types = Uint8Array.from(special, (flag) => (flag ? SPM_TYPE.control : SPM_TYPE.normal));
  const tokens = raw.map((bytes, id) => (special[id] ? bytes : Buffer.from(toPrintable(bytes))));
  return {
    family: 'tekken',
    ...templateIn(header.config.version, basename(path), {family: 'tekken', tokens, types}, clues),
    size: tokens.length,
    tokens,
    types,
    scores: new Float32Array(tokens.length),
    merges: tekkenMerges(raw.slice(special.indexOf(0))),
    dummyPrefix: false,
    ...(modelSettings !== undefined && {modelSettings}),
    ...(modelSettings === undefined && needsSettings(header.config.version) && {modelSettings: 'null'}),
  };
}

/** A file of such a version that has no settings says so, or another reader would take those of most files for them. */
function needsSettings(stated: string | undefined): boolean {
  const version = stated === undefined ? undefined : parseVersion(stated);
  return version !== undefined && TEMPLATES[version].modelSettings === 'encoded';
}

function slices({count, bytes, starts, lengths}: ReturnType<typeof parseSpm>['pieces']): Uint8Array[] {
  return Array.from({length: count}, (_, id) => {
    const start = starts[id] as number;
    return bytes.subarray(start, start + (lengths[id] as number));
  });
}

/** The effort that the tokenizer file has for a request that names none. */
function defaultEffort({modelSettings}: Vocabulary): string | undefined {
  if (modelSettings === undefined) return undefined;
  const {settings} = parseModelSettings('the tokenizer file', modelSettings);
  const effort = settings.find(({name}) => name === 'reasoning_effort');
  return effort?.kind === 'enum' ? effort.default : undefined;
}

const FIM_KEYS = [
  ['tokenizer.ggml.fim_pre_token_id', '[PREFIX]'],
  ['tokenizer.ggml.fim_suf_token_id', '[SUFFIX]'],
  ['tokenizer.ggml.fim_mid_token_id', '[MIDDLE]'],
] as const;

/** Other programs know three that end an answer; all of them are in a list besides where there are more. */
function endEntries(ends: readonly number[]): [string, GgufValue][] {
  const keys = ['tokenizer.ggml.eos_token_id', 'tokenizer.ggml.eot_token_id', 'tokenizer.ggml.eom_token_id'];
  const known = keys.flatMap((key, at): [string, GgufValue][] => {
    const value = ends[at];
    return value === undefined ? [] : [[key, {type: 'u32', value}]];
  });
  if (ends.length <= keys.length) return known;
  return [...known, ['tokenizer.ggml.eos_token_ids', {type: 'i32s', value: [...ends]}]];
}

/** Entries for a file whose embedding has `rows` rows: the vocabulary is padded up to them. */
export function vocabularyEntries(vocabulary: Vocabulary, rows: number): GgufEntries {
  const {family, template, size, unknownVersion} = vocabulary;
  const padding = Array.from({length: Math.max(0, rows - size)}, (_, i) => Buffer.from(`[PAD${size + i}]`));
  const types = [...vocabulary.types, ...padding.map(() => SPM_TYPE.unused)];
  const controls = controlIds(vocabulary);
  const id = (name: string, fallback: number) => ({type: 'u32', value: controls.get(name) ?? fallback}) as const;
  const text = (value: string): GgufValue => ({type: 'string', value});
  const entries: [string, GgufValue][] = [
    ['tokenizer.ggml.model', text(family === 'spm' ? 'llama' : 'gpt2')],
    ['tokenizer.ggml.pre', text(family === 'spm' ? 'default' : 'tekken')],
    ['tokenizer.ggml.tokens', {type: 'strings', value: [...vocabulary.tokens, ...padding]}],
    ['tokenizer.ggml.scores', {type: 'f32s', value: [...vocabulary.scores, ...padding.map(() => 0)]}],
    ['tokenizer.ggml.token_type', {type: 'i32s', value: types}],
    ['tokenizer.ggml.bos_token_id', id('<s>', 1)],
    ...endEntries(vocabulary.ends ?? [controls.get('</s>') ?? 2]),
    ['tokenizer.ggml.unknown_token_id', id('<unk>', 0)],
    ['tokenizer.ggml.padding_token_id', id('<pad>', 2)],
    ['tokenizer.ggml.add_bos_token', {type: 'bool', value: true}],
    ['tokenizer.ggml.add_eos_token', {type: 'bool', value: false}],
  ];
  if (family === 'tekken') entries.push(['tokenizer.ggml.merges', {type: 'strings', value: vocabulary.merges}]);
  else if (!vocabulary.dummyPrefix) entries.push(['tokenizer.ggml.add_space_prefix', {type: 'bool', value: false}]);
  for (const [key, name] of FIM_KEYS) {
    const found = controls.get(name);
    if (found !== undefined) entries.push([key, {type: 'u32', value: found}]);
  }
  // A guess is left to whoever opens the file, with the evidence there is.
  const sure = template.confidence === 'guess' ? undefined : template.version;
  const nearest = unknownVersion === undefined ? sure : template.version;
  const jinja = nearest === undefined ? vocabulary.chatTemplate : chatTemplate(nearest, defaultEffort(vocabulary));
  if (jinja !== undefined) entries.push(['tokenizer.chat_template', text(jinja)]);
  const says = unknownVersion ?? sure;
  if (says !== undefined) entries.push(['mistral.tokenizer.version', text(says)]);
  const {modelSettings} = vocabulary;
  if (modelSettings !== undefined) {
    entries.push(['mistral.tokenizer.model_settings', text(modelSettings)]);
  }
  return entries;
}
