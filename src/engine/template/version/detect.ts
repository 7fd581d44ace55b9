// Which template a model was trained with, how sure that is, and how we know: files seldom say it in one place.

import {EngineError} from '../../../base/errors.ts';
import type {KeptResults} from '../../../base/files/kept-results.ts';
import type {TemplateVersion} from '../../contract/requests.ts';
import {TEMPLATES, type TemplateConfidence, type TemplateName} from '../../contract/templates.ts';
import type {Tokenizer} from '../../contract/tokenizer.ts';
import type {ModelSettings} from '../model-settings.ts';
import {canCarry, carriedVersions, foreignSign, isMistrals, type VocabularyView} from './mistral-vocabulary.ts';
import type {Printed} from './probes.ts';
import {type MistralReading, readTemplate} from './read-template.ts';

/** One of Mistral's versions. */
export interface MistralTemplate {
  readonly form: 'mistral';
  readonly version: TemplateVersion;
  readonly confidence: TemplateConfidence;
  /** Why, in words that complete "template v3: …". */
  readonly reasons: readonly string[];
  /** The system prompt that the file's own template prints when a conversation has none; it is never sent unasked. */
  readonly defaultSystem?: string;
  /** Settings that its template prints. */
  readonly settings?: ModelSettings;
}

/** Another model's template, as the file has it. */
export interface ForeignTemplate {
  readonly form: 'foreign';
  readonly version?: undefined;
  readonly confidence: TemplateConfidence;
  readonly reasons: readonly string[];
  /** The template itself. */
  readonly text: string;
  /** What it printed for the probes. */
  readonly printed: Printed;
  /** Whether our own tokenizers are proved for its vocabulary: it is Mistral's, whatever was added. */
  readonly isMistrals: boolean;
  /** The user wants its chats all the same, though nobody proved their tokens. */
  readonly isUnproved?: true;
}

/** Nobody can say: a guess would be a wrong prompt. */
export interface UnknownTemplate {
  readonly form: 'unknown';
  readonly version?: undefined;
  readonly confidence?: undefined;
  readonly reasons: readonly string[];
}

export type DetectedTemplate = MistralTemplate | ForeignTemplate | UnknownTemplate;

/** The template in one word: its version, `foreign` or `unknown`. */
export function templateName(template: DetectedTemplate): TemplateName {
  return template.form === 'mistral' ? template.version : template.form;
}

/** What is known about a model, strongest first. */
export interface VersionClues {
  /** What the user asked for. */
  readonly flag?: TemplateVersion | undefined;
  /** A chat template that the user gave in place of the file's. */
  readonly givenTemplate?: string | undefined;
  /** `mistral.tokenizer.version` of a GGUF, as our own conversion writes it. */
  readonly ownKey?: string | undefined;
  /** A tokenizer file of the same vocabulary: its name and the version it states. */
  readonly tokenizerFile?: {readonly name: string; readonly version: TemplateVersion} | undefined;
  /** `tokenizer.chat_template` of a GGUF: a Jinja template or the nickname llama.cpp's converter writes. */
  readonly chatTemplate?: string | undefined;
  /** Names of the model, such as `general.name` and the file name. */
  readonly names?: readonly string[] | undefined;
  /** What templates printed in earlier runs; without it each is rendered anew. */
  readonly kept?: KeptResults | undefined;
}

/** The version a text like "v7" names, also as the suffix of a multimodal file ("v7m1"). */
export function parseVersion(text: string): TemplateVersion | undefined {
  const version = text.replace(/m\d+$/, '');
  return Object.hasOwn(TEMPLATES, version) ? (version as TemplateVersion) : undefined;
}

/**
 * The version that a file states for itself, where it states one and the user asked for none.
 * @throws EngineError `model_unsupported` for one that this program does not know: a guess would be a wrong prompt.
 */
export function statedVersion(path: string, text: string): TemplateVersion {
  const version = parseVersion(text);
  if (version) return version;
  throw new EngineError('model_unsupported', `${path} is for template ${text}, which this program does not know`, {
    hint: 'Give the nearest version with --template, if you know that it fits.',
  });
}

/** A template that somebody states: the user, the model file or its tokenizer file. */
export const stated = (version: TemplateVersion, reason: string): MistralTemplate => ({
  form: 'mistral',
  version,
  confidence: 'sure',
  reasons: [reason],
});

/** A tokenizer as the rules here see it; `end` is the text of its end token where the model file names another. */
export function viewOf(tokenizer: Tokenizer, end: string = tokenizer.piece(tokenizer.eos)): VocabularyView {
  return {
    family: tokenizer.family,
    size: tokenizer.vocabSize,
    controlId: (text) => tokenizer.controlId(text),
    text: (token) => tokenizer.piece(token),
    end,
  };
}

/**
 * Decides by what the user, the file or its tokenizer file states, else by what the chat template prints and what the
 * vocabulary can carry. A statement that contradicts the vocabulary (v13 without [ARGS]) is passed over, except the
 * user's own word.
 */
export function detectTemplate(clues: VersionClues, vocabulary: VocabularyView): DetectedTemplate {
  if (clues.flag) return stated(clues.flag, 'as asked for');
  if (clues.givenTemplate !== undefined) return byTemplate(clues.givenTemplate, vocabulary, clues);
  const own = clues.ownKey === undefined ? undefined : parseVersion(clues.ownKey);
  if (own && canCarry(vocabulary, own)) return stated(own, 'the model file says so (mistral.tokenizer.version)');
  const {tokenizerFile, chatTemplate, names = []} = clues;
  if (tokenizerFile && canCarry(vocabulary, tokenizerFile.version)) {
    return stated(tokenizerFile.version, `the tokenizer file ${tokenizerFile.name} says so`);
  }
  return chatTemplate === undefined ? withoutTemplate(vocabulary, names) : byTemplate(chatTemplate, vocabulary, clues);
}

const NOT_MISTRALS = "its vocabulary is not Mistral's";

function byTemplate(
  text: string,
  vocabulary: VocabularyView,
  {names = [], kept}: Pick<VersionClues, 'names' | 'kept'>,
): DetectedTemplate {
  const reading = readTemplate(text, kept);
  const own = isMistrals(vocabulary);
  if (reading.form === 'foreign') {
    const {seen, printed} = reading;
    return {form: 'foreign', confidence: 'sure', reasons: seen, text, printed, isMistrals: own};
  }
  if (!own) {
    if (reading.form === 'unusable') return unknown(NOT_MISTRALS, unusable(reading.why));
    const {seen, printed} = reading;
    if (printed === undefined) return unknown(NOT_MISTRALS, ...seen);
    return {
      form: 'foreign',
      confidence: 'likely',
      reasons: [...seen, `but ${NOT_MISTRALS}`],
      text,
      printed,
      isMistrals: own,
    };
  }
  if (reading.form === 'mistral') return fitting(reading, vocabulary, names);
  const sign = foreignSign(vocabulary);
  return unknown(unusable(reading.why), ...(sign === undefined ? [] : [sign]));
}

const unusable = (why: string) => `its chat template cannot be used: ${why}`;
const unknown = (...reasons: readonly string[]): UnknownTemplate => ({form: 'unknown', reasons});

function withoutTemplate(vocabulary: VocabularyView, names: readonly string[]): DetectedTemplate {
  const none = 'it has no chat template';
  if (!isMistrals(vocabulary)) return unknown(none, NOT_MISTRALS);
  const sign = foreignSign(vocabulary);
  return sign === undefined ? chosen(carriedVersions(vocabulary), names, [none], false) : unknown(none, sign);
}

function fitting(reading: MistralReading, vocabulary: VocabularyView, names: readonly string[]): MistralTemplate {
  const carried = carriedVersions(vocabulary);
  const [first, ...others] = carried.filter((version) => reading.versions.includes(version));
  const {defaultSystem, settings} = reading;
  const found =
    first === undefined
      ? chosen(carried, names, [unfitting(reading)], false)
      : chosen([first, ...others], names, reading.seen, reading.isFirm);
  const takesSettings = TEMPLATES[found.version].modelSettings === 'encoded';
  return {
    ...found,
    ...(first === undefined && {confidence: 'guess'}),
    ...(defaultSystem !== undefined && {defaultSystem}),
    ...(settings && takesSettings && {settings}),
  };
}

const unfitting = ({versions}: MistralReading) =>
  `its chat template (${versions.join(', ') || 'of no version'}) does not fit the vocabulary`;

/** One of the versions that are left: the only one, that of models of this name, or the first. */
function chosen(
  versions: readonly [TemplateVersion, ...TemplateVersion[]],
  names: readonly string[],
  reasons: readonly string[],
  isFirm: boolean,
): MistralTemplate {
  const [first, ...others] = versions;
  if (others.length === 0) {
    const why = [...reasons, `its vocabulary is that of ${first}`];
    return {form: 'mistral', version: first, confidence: isFirm ? 'sure' : 'likely', reasons: why};
  }
  for (const name of names) {
    const spelled = name.toLowerCase().replace(/[\s_]+/g, '-');
    const version = versions.find((one) => TEMPLATES[one].names?.test(spelled));
    if (version === undefined) continue;
    const why = [...reasons, `models named like "${name}" use it, and the vocabulary allows it`];
    return {form: 'mistral', version, confidence: 'likely', reasons: why};
  }
  const flags = others.map((version) => `--template ${version}`).join(' or ');
  const why = [...reasons, `its vocabulary fits ${first} best; ${others.join(' and ')} would fit too (${flags})`];
  return {form: 'mistral', version: first, confidence: 'guess', reasons: why};
}
