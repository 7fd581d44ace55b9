// A GGUF file as a TokenModel: ids in, ids out, over llama.cpp.

import {platform} from 'node:os';
import {EngineError} from '../../base/errors.ts';
import {reasonOf} from '../../base/files/file-error.ts';
import type {GenerateOptions, KvState, StateLoad, TokenEvent} from '../contract/backend.ts';
import type {LibraryChoice, LocalModel, UsualCalls} from '../contract/local-engine.ts';
import {checkLength, onlyText, type Prompt, type Token} from '../contract/prompt.ts';
import {modelShape} from '../gguf/model-shape.ts';
import {usesProcessorAlone} from './addon/cpu-build.ts';
import {loadLibrary} from './addon/library.ts';
import {openByAddon} from './addon/open-addon.ts';
import type {Pooling} from './c-api/c-embedder.ts';
import {checkState, modelFingerprint, type StateKey} from './kv-state.ts';
import type {LlamaOptions} from './load-plan.ts';
import type {OpenedModel} from './opened-model.ts';
import {checkNative, openNative, warmNative} from './worker/open-native.ts';

export interface LlamaTokenModel extends LocalModel {
  readonly vocabSize: number;
  readonly state: KvState;
}

/** @throws EngineError with the reason why the file does not load. */
export async function openLlama(options: LlamaOptions): Promise<LlamaTokenModel> {
  return new Llama(await open(options), options);
}

async function open(options: LlamaOptions): Promise<OpenedModel> {
  const {calls, why} = callsFor(options);
  if (calls === 'addon') return openByAddon(options, why);
  try {
    return await openNative(options);
  } catch (error) {
    if (isChosen(options) || !(error instanceof EngineError) || error.code !== 'unsupported') throw error;
    return await openByAddon(options, error.message);
  }
}

/** How models are opened when nobody says how. */
export async function usualCalls(): Promise<UsualCalls> {
  const usual = callsFor({});
  if (usual.calls === 'addon') return usual;
  try {
    await checkNative();
    return usual;
  } catch (error) {
    return {calls: 'addon', why: reasonOf(error)};
  }
}

/** Begins to load the library. */
export async function warmLlama(options: LibraryChoice): Promise<void> {
  if (callsFor(options).calls === 'native') warmNative(options.library);
  else await loadLibrary(options.device ?? 'auto');
}

/** Somebody said how, so that no other way is tried. */
function isChosen({calls, library}: LibraryChoice): boolean {
  return calls !== undefined || library !== undefined;
}

/** @throws EngineError `usage` for the addon with another library than its own. */
function callsFor({calls, library, device = 'auto', encodes}: LibraryChoice): UsualCalls {
  if (library === undefined) {
    if (calls !== undefined) return {calls};
    if (encodes) return {calls: 'addon', why: "only the addon shows llama.cpp's tokenizer"};
    if (platform() !== 'linux') return {calls: 'addon', why: 'the native engine is tried on Linux only'};
    if (device === 'off' || (device === 'auto' && usesProcessorAlone())) return {calls: 'native'};
    return {calls: 'addon', why: 'the native engine computes on the processor only, and there may be a GPU'};
  }
  if (calls !== 'addon') return {calls: 'native'};
  throw new EngineError('usage', `the addon has a library of its own and cannot call ${library}`, {
    hint: 'Leave out --engine addon, or --library.',
  });
}

/** As the file says (enum llama_pooling_type); a model that writes says nothing. Undefined: it ranks texts. */
function poolingOf({metadata}: LlamaOptions['file']): Pooling | undefined {
  const named = metadata.number(`${metadata.string('general.architecture')}.pooling_type`) ?? 0;
  return (['mean', 'mean', 'first', 'last'] as const)[named];
}

class Llama implements LlamaTokenModel {
  readonly contextSize: number;
  readonly slots: number;
  readonly trainedContextSize: number;
  readonly device: string;
  readonly vocabSize: number;
  readonly encode?: (text: string) => readonly Token[];
  declare readonly embed?: NonNullable<LlamaTokenModel['embed']>;
  readonly state: KvState = {save: (path) => this.#saveState(path), load: (path) => this.#loadState(path)};
  readonly #opened: OpenedModel;
  readonly #options: LlamaOptions;
  #stateKey: Promise<StateKey> | undefined;

  constructor(opened: OpenedModel, options: LlamaOptions) {
    this.#opened = opened;
    this.#options = options;
    this.contextSize = opened.contextSize;
    this.slots = opened.slots;
    this.trainedContextSize = opened.trainedContextSize;
    this.vocabSize = modelShape(options.file).vocabulary;
    this.device = opened.device;
    const encode = opened.encode?.bind(opened);
    if (encode) this.encode = encode;
    const pooling = poolingOf(options.file);
    if (opened.embed && pooling) this.embed = (tokens, signal) => this.#embed(tokens, pooling, signal);
  }

  async #embed(tokens: readonly Token[], pooling: Pooling, signal: AbortSignal) {
    this.#checkPrompt(tokens);
    signal.throwIfAborted();
    const {embed} = this.#opened;
    const vector = await embed?.call(this.#opened, tokens, pooling);
    signal.throwIfAborted();
    return {vector: vector as Float32Array, pooling};
  }

  isEndOfGeneration(token: Token): boolean {
    return this.#opened.isEnd(token);
  }

  async *generate(prompt: Prompt, options: GenerateOptions, signal: AbortSignal): AsyncIterable<TokenEvent> {
    this.#checkPrompt(onlyText(prompt));
    if (signal.aborted) return;
    yield* this.#opened.answer(prompt, options, signal);
  }

  async #saveState(path: string): Promise<boolean> {
    return this.#opened.saveState(path, await this.#key());
  }

  async #loadState(path: string): Promise<StateLoad> {
    const tokens = await checkState(path, await this.#key(), this.contextSize);
    return typeof tokens === 'string' ? tokens : this.#opened.loadState(path, tokens);
  }

  close(): Promise<void> {
    return this.#opened.close();
  }

  #checkPrompt(prompt: readonly Token[]): void {
    if (prompt.length === 0) throw new EngineError('invalid_request', 'the prompt is empty');
    const wrong = prompt.find((token) => !Number.isInteger(token) || token < 0 || token >= this.vocabSize);
    if (wrong !== undefined) {
      throw new EngineError('invalid_request', `token ${wrong} is not in the vocabulary of ${this.vocabSize}`);
    }
    checkLength(prompt.length, this.contextSize);
  }

  #key(): Promise<StateKey> {
    const {release, kvType, flashAttention} = this.#opened;
    this.#stateKey ??= modelFingerprint(this.#options.file.path).then((model) => ({
      model,
      engine: release,
      kvType,
      flashAttention,
      loras: (this.#options.loras ?? []).map(({path, scale = 1}) => `${path}@${scale}`),
    }));
    return this.#stateKey;
  }
}
