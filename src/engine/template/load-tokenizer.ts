// From a path to the tokenizer and template of a model: GGUF, tokenizer file, or a folder with one. Never the weights.
import {readdirSync, statSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import {readRegular} from '../../base/files/regular-file.ts';
import type {JsonObject} from '../../base/json.ts';
import {parsePlainJson} from '../../base/plain-json.ts';
import {number, object} from '../../base/shape.ts';
import type {TemplateVersion, Token} from '../contract/requests.ts';
import {TEMPLATES, templateVersions} from '../contract/templates.ts';
import type {Tokenizer} from '../contract/tokenizer.ts';
import {SYSTEM_PROMPT_KEY} from '../defaults/system-prompt-file.ts';
import {baseName, modelFiles} from '../gguf/model-files.ts';
import {type GgufFile, readGguf} from '../gguf/read-header.ts';
import {ggufTokenizer, isOurFamily} from '../tokenizer/gguf-vocabulary.ts';
import {isTokenizerFile, readTokenizerFile} from '../tokenizer/tokenizer-file.ts';
import {EngineTokenizer} from './foreign/engine-tokenizer.ts';
import type {FileTokens} from './foreign/file-tokens.ts';
import type {ModelSettings} from './model-settings.ts';
import {parseModelSettings} from './read-model-settings.ts';
import {
  type DetectedTemplate,
  detectTemplate,
  stated,
  statedVersion,
  type VersionClues,
  viewOf,
} from './version/detect.ts';

export interface LoadedTokenizer {
  readonly tokenizer: Tokenizer;
  /** Undefined where the template is not one of Mistral's, or nobody can say. */
  readonly version: TemplateVersion | undefined;
  /** Why this template, in words. */
  readonly versionReason: string;
  readonly template: DetectedTemplate;
  /** The chat template of the model's file, as it is there. */
  readonly chatTemplate?: string | undefined;
  /** What the model calls itself in its own system prompt. */
  readonly name?: string | undefined;
  /** Made by this program, whose chat templates print no system prompt of their own. */
  readonly isConverted?: boolean;
  /** The system prompt that our own conversion kept of the model's folder. */
  readonly keptSystem?: string | undefined;
  /** The tokens that the model's file puts around a text; absent for a tokenizer file alone. */
  readonly fileTokens?: FileTokens | undefined;
  /** What the tokenizer file says about v15 settings; undefined when no file says anything. */
  readonly modelSettings: ModelSettings | undefined;
  /** Settings that every request has, unless it says otherwise. */
  readonly chosenSettings?: JsonObject | undefined;
  /** The file it was read from. */
  readonly path: string;
}

/** The same tokenizer with this template. */
export function withTemplate<Loaded extends object>(
  loaded: Loaded,
  template: DetectedTemplate,
): Loaded & Pick<LoadedTokenizer, 'template' | 'version' | 'versionReason'> {
  return {...loaded, template, version: template.version, versionReason: template.reasons.join('; ')};
}

/**
 * Loads the tokenizer behind a path; `flag` overrides the detected template version, `clues` are what else the folder
 * says, where the tokenizer file does not state its version.
 * @throws EngineError model_not_found (nothing there, or no tokenizer in the folder), model_invalid, model_unsupported or io.
 */
export function loadTokenizer(path: string, flag?: TemplateVersion, clues: VersionClues = {}): LoadedTokenizer {
  const stat = statSync(path, {throwIfNoEntry: false});
  if (!stat) throw new EngineError('model_not_found', `there is no file or folder ${path}`);
  if (stat.isDirectory()) return loadFolder(path, flag, clues);
  return isReadAsTokenizerFile(path) ? loadFile(path, flag, clues) : loadFromGguf(readGguf(path), flag, clues);
}

/** The tokenizer of a model whose header is read already; a tokenizer file beside it settles its version. */
export function loadFromGguf(
  gguf: GgufFile,
  flag?: TemplateVersion,
  {givenTemplate, kept}: Pick<VersionClues, 'givenTemplate' | 'kept'> = {},
): LoadedTokenizer {
  const ownKey = gguf.metadata.string('mistral.tokenizer.version');
  if (ownKey !== undefined && !flag && givenTemplate === undefined) statedVersion(gguf.path, ownKey);
  const tokenizer = ggufTokenizer(gguf);
  const loaded = withDetected(gguf, tokenizer, {flag, givenTemplate, ownKey, kept});
  if (loaded.template.form === 'mistral') return loaded;
  const asFile = ggufTokenizer(gguf, true);
  return {...loaded, tokenizer: asFile, fileTokens: fileTokens(gguf, asFile)};
}

/**
 * The same for a vocabulary that nobody proved, because the user wants it: one of the engine's, or one of our families
 * with other words. Its template is rendered, and every view says what that is worth.
 * @param encode the engine's own tokenizer, without control tokens; undefined where the engine is not asked
 */
export function loadUnproved(
  gguf: GgufFile,
  encode: ((text: string) => readonly Token[]) | undefined,
  flags: Pick<VersionClues, 'flag' | 'givenTemplate' | 'kept'>,
): LoadedTokenizer {
  const isOurs = isOurFamily(gguf);
  if (!isOurs && encode === undefined) {
    throw new EngineError('unsupported', `${gguf.path} needs a tokenizer that this engine does not show`, {
      hint: 'Leave out --engine native and --library: only the addon shows it.',
    });
  }
  const tokenizer = isOurs || encode === undefined ? ggufTokenizer(gguf, true) : new EngineTokenizer(gguf, encode);
  const loaded = withDetected(gguf, tokenizer, flags);
  const {template} = loaded;
  const tokens = {...fileTokens(gguf, tokenizer), ...(!isOurs && {addsBos: addsBos(gguf) ?? false})};
  if (template.form === 'mistral' || (template.form === 'foreign' && template.isMistrals)) {
    return {...loaded, fileTokens: tokens};
  }
  const reasons = [...template.reasons, UNPROVED];
  const marked =
    template.form === 'foreign' ? {...template, reasons, isUnproved: true as const} : {...template, reasons};
  return withTemplate({...loaded, fileTokens: tokens}, marked);
}

/** What every view says of such a model. */
const UNPROVED = 'its tokens are not proved (--foreign)';

type GgufClues = Pick<VersionClues, 'flag' | 'givenTemplate' | 'ownKey' | 'kept'>;

function withDetected(gguf: GgufFile, tokenizer: Tokenizer, given: GgufClues): LoadedTokenizer {
  const {path, metadata} = gguf;
  const beside = tokenizerFileBeside(path, tokenizer);
  const chatTemplate = metadata.string('tokenizer.chat_template');
  const clues: VersionClues = {
    ...given,
    tokenizerFile: beside?.version && {name: basename(beside.path), version: beside.version},
    chatTemplate,
    names: [metadata.string('general.name'), metadata.string('general.basename'), basename(path)].flatMap(
      (name) => name ?? [],
    ),
  };
  const template = detectTemplate(clues, viewOf(tokenizer, endOf(gguf, tokenizer)));
  const printed = template.form === 'mistral' ? template.settings : undefined;
  const loaded = {
    tokenizer,
    modelSettings: beside?.modelSettings ?? ownSettings(gguf) ?? printed,
    path,
    chatTemplate: given.givenTemplate ?? chatTemplate,
    name: metadata.string('general.name')?.replaceAll(' ', '-'),
    isConverted: given.ownKey !== undefined,
    keptSystem: metadata.string(SYSTEM_PROMPT_KEY),
  };
  return withTemplate(loaded, template);
}

const END_KEYS = ['tokenizer.ggml.eot_token_id', 'tokenizer.ggml.eom_token_id'];

/** What the file says of the tokens around a text; a text of our families begins with one unless it says otherwise. */
function fileTokens({metadata}: Pick<GgufFile, 'metadata'>, {bos, eos, vocabSize}: Tokenizer): FileTokens {
  const ends = [
    ...END_KEYS.map((key) => metadata.number(key)),
    ...(metadata.numbers('tokenizer.ggml.eos_token_ids') ?? []),
  ];
  return {
    bos,
    eos: inside(metadata.number('tokenizer.ggml.eos_token_id'), vocabSize) ?? eos,
    ends: ends.flatMap((id) => inside(id, vocabSize) ?? []),
    addsBos: addsBos({metadata}) ?? true,
  };
}

const addsBos = ({metadata}: Pick<GgufFile, 'metadata'>) => metadata.boolean('tokenizer.ggml.add_bos_token');
const inside = (id: number | undefined, size: number) => (id !== undefined && id < size ? id : undefined);

/** The text of the token that ends an answer, as the file names it. */
function endOf({metadata}: GgufFile, tokenizer: Tokenizer): string | undefined {
  const id = inside(metadata.number('tokenizer.ggml.eos_token_id'), tokenizer.vocabSize);
  return id === undefined ? undefined : tokenizer.piece(id);
}

/** The model settings our own conversion copies from the tokenizer file; undefined in files of other makers. */
function ownSettings({path, metadata}: GgufFile): ModelSettings | undefined {
  const text = metadata.string('mistral.tokenizer.model_settings');
  return text === undefined ? undefined : parseModelSettings(path, text);
}

/** A version without settings does not use them, and a version asked for does not need what the file never had. */
function settingsFor(
  version: TemplateVersion,
  {path, stated, modelSettings: text}: {path: string; stated: string | undefined; modelSettings: string | undefined},
): ModelSettings | undefined {
  if (TEMPLATES[version].modelSettings === 'encoded') {
    return text === undefined && stated !== version ? undefined : parseModelSettings(path, text);
  }
  if (text === undefined) return undefined;
  return {settings: [], notes: [`the settings of the file are not used in template ${version}`]};
}

/**
 * A file without a version goes by its vocabulary and by what is said beside it. (mistral-common calls every
 * `tokenizer.model` v1, v3's too.)
 */
function loadFile(
  path: string,
  flag: TemplateVersion | undefined,
  clues: VersionClues,
  content?: Buffer,
): LoadedTokenizer {
  const {tokenizer, version: said, modelSettings} = readTokenizerFile(path, content);
  const template =
    flag || said === undefined || clues.givenTemplate !== undefined
      ? detectTemplate({...clues, flag}, viewOf(tokenizer))
      : stated(statedVersion(path, said), `the tokenizer file ${basename(path)} says so`);
  const {version} = template;
  const settings = version && settingsFor(version, {path, stated: said, modelSettings});
  const printed = template.form === 'mistral' ? template.settings : undefined;
  return withTemplate({tokenizer, modelSettings: settings ?? printed, path}, template);
}

function loadFolder(folder: string, flag: TemplateVersion | undefined, clues: VersionClues): LoadedTokenizer {
  const names = readdirSync(folder).sort();
  if (names.some(isTokenizerFile)) {
    return loadFromFiles({path: folder, names}, flag, clues);
  }
  const models = modelFiles(names.map((name) => ({name, bytes: 0})));
  const [model] = models;
  if (model && new Set(models.map(baseName)).size === 1) {
    return loadFromGguf(readGguf(join(folder, model.name)), flag, clues);
  }
  if (model) {
    const there = models.map(({name}) => name).join(', ');
    throw new EngineError('model_not_found', `${folder} holds several models: ${there}`, {hint: 'Give one file.'});
  }
  throw noTokenizer(folder, names);
}

/** A folder, or an archive of one that is read where it lies. */
export interface TokenizerPlace {
  readonly path: string;
  /** Of the files in it, sorted. */
  readonly names: readonly string[];
  /** Only where the files are no files of their own. */
  read?(name: string): Buffer;
}

/**
 * The tokenizer among these files; `flag` overrides its template version.
 * @throws EngineError `model_not_found` when there is none, else as `loadTokenizer`.
 */
export function loadFromFiles(
  place: TokenizerPlace,
  flag?: TemplateVersion,
  clues: VersionClues = {},
): LoadedTokenizer {
  const names = place.names.filter(isTokenizerFile);
  const [only, ...others] = names.map((name) => loadFile(join(place.path, name), flag, clues, place.read?.(name)));
  if (only === undefined) throw noTokenizer(place.path, place.names);
  return others.length === 0 ? only : chooseTokenizer(place, [only, ...others]);
}

function noTokenizer(place: string, names: readonly string[]): EngineError {
  const there = names.length === 0 ? 'it is empty' : `it has ${names.slice(0, 8).join(', ')}`;
  return new EngineError('model_not_found', `there is no tokenizer in ${place}: ${there}`, {
    hint: 'A tokenizer is tekken.json, tokenizer.model.v3 (any version) or a GGUF model.',
  });
}

/** Several tokenizer files: the one as large as params.json says, tekken before SentencePiece, then the newest. */
function chooseTokenizer(place: TokenizerPlace, loaded: readonly LoadedTokenizer[]): LoadedTokenizer {
  const size = vocabularySize(place);
  const fitting = loaded.filter(({tokenizer}) => size === undefined || tokenizer.vocabSize === size);
  const rank = ({tokenizer, version}: LoadedTokenizer) =>
    (tokenizer.family === 'tekken' ? 1000 : 0) + (version ? templateVersions().indexOf(version) : -1);
  const [best] = (fitting.length > 0 ? fitting : loaded).toSorted((a, b) => rank(b) - rank(a));
  if (!best) throw noTokenizer(place.path, place.names);
  const there = loaded.map(({path}) => basename(path)).join(', ');
  return {...best, versionReason: `${best.versionReason}; chosen among ${there}`};
}

function vocabularySize({path, read}: TokenizerPlace): number | undefined {
  try {
    const params = parsePlainJson(read?.('params.json') ?? readRegular(join(path, 'params.json')));
    return object({vocab_size: number})(params).vocab_size;
  } catch {
    // Only a hint for the choice: without it, or when it is damaged, the other rules decide.
    return undefined;
  }
}

/** A tokenizer file in the model's folder, if it is the only one and has the model's own vocabulary. */
function tokenizerFileBeside(path: string, tokenizer: Tokenizer): LoadedTokenizer | undefined {
  try {
    const folder = dirname(path);
    const [only, ...others] = readdirSync(folder).filter(isTokenizerFile);
    if (only === undefined || others.length > 0) return undefined;
    const beside = loadFile(join(folder, only), undefined, {});
    return sameVocabulary(beside.tokenizer, tokenizer) ? beside : undefined;
  } catch (error) {
    // A stray or damaged file beside a model is no reason to refuse the model.
    if (error instanceof EngineError || (error as NodeJS.ErrnoException).code !== undefined) return undefined;
    throw error;
  }
}

/** Same family and size, and the same bytes for tokens all over the vocabulary. */
function sameVocabulary(a: Tokenizer, b: Tokenizer): boolean {
  if (a.family !== b.family || a.vocabSize !== b.vocabSize) return false;
  const step = Math.max(1, Math.floor(a.vocabSize / 256));
  for (let id = 0; id < a.vocabSize; id += step) if (a.piece(id) !== b.piece(id)) return false;
  return true;
}

/** By name, or by content where the name says nothing. What is neither is left to the GGUF reader, which names it. */
function isReadAsTokenizerFile(path: string): boolean {
  if (/\.gguf$/i.test(path)) return false;
  return isTokenizerFile(basename(path)) || /\.json$/i.test(path);
}
