// From a GGUF file to a running local backend: tokenizer, template and engine together.
import {basename} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import type {KeptResults} from '../../base/files/kept-results.ts';
import type {JsonObject} from '../../base/json.ts';
import type {TokenModel} from '../contract/backend.ts';
import type {LocalEngine, LocalOptions} from '../contract/local-engine.ts';
import type {TemplateVersion} from '../contract/requests.ts';
import {modelShape} from '../gguf/model-shape.ts';
import {preflight} from '../gguf/preflight.ts';
import type {GgufFile} from '../gguf/read-header.ts';
import {publishedSystem, recommendedSampling} from '../models/defaults/recommended-sampling.ts';
import {defaultSystemOf} from '../template/default-system.ts';
import {type LoadedTokenizer, loadFromGguf, loadUnproved} from '../template/load-tokenizer.ts';
import {checkChosen, isUnusual, settingLines} from '../template/model-settings.ts';
import {guessLine, requireChats} from '../template/version/require-version.ts';
import {engineFor} from './engines.ts';
import {LocalBackend} from './local-backend.ts';

export interface OpenLocalOptions extends LocalOptions {
  /** A path is checked first (`preflight`); a header that was read by it is taken as checked. */
  readonly file: GgufFile | string;
  /** Overrides the detected version. */
  readonly template?: TemplateVersion;
  /** A chat template in Jinja that is taken in place of the file's own. */
  readonly chatTemplate?: string;
  /** What chat templates printed in earlier runs; without it each is rendered anew, which takes a tenth of a second. */
  readonly keptRenderings?: KeptResults;
  /** Opens a vocabulary that is not one of Mistral's too; nobody proved its tokens. */
  readonly foreign?: boolean;
  /** Refuses a model that no chat can be told to, before its weights are loaded. */
  readonly chats?: boolean;
  /** Model settings that every request has, unless it says otherwise. */
  readonly settings?: JsonObject;
  /** Default: the file's name without `.gguf`. */
  readonly id?: string;
}

/**
 * Opens a model that answers on this machine.
 * @throws EngineError `model_not_found`, `model_invalid`, `model_unsupported` or `out_of_memory` with what to do next; what
 * `options.signal` was aborted with.
 */
export async function openLocalBackend(options: OpenLocalOptions): Promise<LocalBackend> {
  const file = typeof options.file === 'string' ? preflight(options.file) : options.file;
  const engine = await engineFor(file, options);
  // A library may take its time to load: the tokenizer is read meanwhile.
  engine.warm?.({...options, ...(options.foreign && {encodes: true})});
  const unproved = options.foreign ? await openUnproved(engine, file, options) : undefined;
  const loaded =
    unproved?.loaded ??
    loadFromGguf(file, options.template, {givenTemplate: options.chatTemplate, kept: options.keptRenderings});
  const {modelSettings, template} = loaded;
  if (options.chats) requireChats(template, file.path);
  checkChosen(options.settings, loaded.version, modelSettings);
  const guess = guessLine(template);
  if (guess !== undefined) options.onNote?.(guess);
  if (modelSettings && isUnusual(modelSettings))
    options.onNote?.(`model settings: ${settingLines(modelSettings).join('; ')}`);
  for (const note of recommendedSampling(file).notes) options.onNote?.(note);
  const tokenModel = unproved?.tokenModel ?? (await engine.open(file, options));
  const {trainedContextSize, device, state} = tokenModel;
  return new LocalBackend({
    ...partsOfFile(file, loaded, options),
    tokenModel,
    trainedContextSize,
    device,
    state,
  });
}

export interface OpenVocabularyOptions
  extends Pick<OpenLocalOptions, 'template' | 'chatTemplate' | 'keptRenderings' | 'settings' | 'id'> {
  /** Tokens, as the model would be opened with. */
  readonly contextSize: number;
}

/**
 * The model without its weights: it tells of itself, renders and counts as it would when it is open, in a hundredth of the
 * memory, and generates nothing.
 * @throws EngineError for a vocabulary that only an engine can read.
 */
export function openVocabulary(file: GgufFile, options: OpenVocabularyOptions): LocalBackend {
  const {template, chatTemplate: givenTemplate, keptRenderings: kept, contextSize} = options;
  const loaded = loadFromGguf(file, template, {givenTemplate, kept});
  checkChosen(options.settings, loaded.version, loaded.modelSettings);
  const tokenModel: TokenModel = {
    contextSize,
    slots: 1,
    isEndOfGeneration: (token) => token === loaded.tokenizer.eos,
    generate() {
      throw new EngineError('unsupported', 'only the vocabulary of this model is loaded');
    },
    close: async () => {},
  };
  return new LocalBackend({
    ...partsOfFile(file, loaded, options),
    tokenModel,
    trainedContextSize: modelShape(file).context ?? contextSize,
    device: 'not loaded',
  });
}

/** What a file and its tokenizer say of the model, whatever computes it. */
function partsOfFile(file: GgufFile, loaded: LoadedTokenizer, options: Pick<OpenLocalOptions, 'settings' | 'id'>) {
  const {sampling} = recommendedSampling(file);
  return {
    ...loaded,
    ...(Object.keys(sampling).length > 0 && {sampling}),
    defaultSystem: defaultSystemOf(loaded),
    systemPublished: publishedSystem(file),
    chosenSettings: options.settings,
    id: options.id ?? basename(file.path).replace(/\.gguf$/i, ''),
    path: file.path,
  };
}

/** The engine first: the vocabulary may be one that only it can read. */
async function openUnproved(engine: LocalEngine, file: GgufFile, options: OpenLocalOptions) {
  const tokenModel = await engine.open(file, {...options, encodes: true});
  try {
    const {template: flag, chatTemplate: givenTemplate, keptRenderings: kept} = options;
    const loaded = loadUnproved(file, tokenModel.encode?.bind(tokenModel), {flag, givenTemplate, kept});
    if (loaded.template.form !== 'mistral')
      options.onNote?.(`this model is not one of Mistral's: ${loaded.versionReason}`);
    return {tokenModel, loaded};
  } catch (error) {
    await tokenModel.close();
    throw error;
  }
}
