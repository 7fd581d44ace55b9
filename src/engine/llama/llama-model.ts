// A GGUF file as a TokenModel: ids in, ids out, over llama.cpp.

import {EngineError} from '../../base/errors.ts';
import type {GenerateOptions, Grammar, KvState, StateLoad, TokenEvent} from '../contract/backend.ts';
import type {LocalModel} from '../contract/local-engine.ts';
import {checkLength, onlyText, type Prompt, type Token, textPrompt} from '../contract/prompt.ts';
import {modelShape} from '../gguf/model-shape.ts';
import {partPaths} from '../gguf/size-on-disk.ts';
import {checkState, modelFingerprint, type StateKey, writeState} from './kv-state.ts';
import {type Native, nativeOf} from './native/binding.ts';
import {startGrammar} from './native/library.ts';
import {MappedFiles} from './native/mapped-files.ts';
import {type LlamaOptions, type OpenedModel, openModel} from './open-llama.ts';
import {RunningAnswer} from './running-answer.ts';
import {Scheduler} from './scheduler.ts';
import {Slots} from './slots.ts';
import {type GrammarStart, TokenSampler} from './token-sampler.ts';

export interface LlamaTokenModel extends LocalModel {
  readonly vocabSize: number;
  readonly state: KvState;
}

/** @throws EngineError with the reason why the file does not load. */
export async function openLlama(options: LlamaOptions): Promise<LlamaTokenModel> {
  const opened = await openModel(options);
  return new Llama(opened, options);
}

class Llama implements LlamaTokenModel {
  readonly contextSize: number;
  readonly slots: number;
  readonly trainedContextSize: number;
  readonly device: string;
  readonly vocabSize: number;
  readonly state: KvState = {save: (path) => this.#saveState(path), load: (path) => this.#loadState(path)};
  readonly #opened: OpenedModel;
  readonly #options: LlamaOptions;
  readonly #native: Native;
  readonly #slots: Slots;
  readonly #scheduler: Scheduler;
  /** Absent where the weights are read and not mapped. */
  readonly #mapped: MappedFiles | undefined;
  readonly #grammars = new Map<RunningAnswer, GrammarStart>();
  #stateKey: Promise<StateKey> | undefined;

  constructor(opened: OpenedModel, options: LlamaOptions) {
    const {llama, model, context} = opened;
    this.#opened = opened;
    this.#options = options;
    // The library rounds up to whole blocks of its cache; what was asked for is a limit all the same.
    this.contextSize = Math.min(context.contextSize, options.contextSize ?? context.contextSize);
    this.slots = context.totalSequences;
    this.trainedContextSize = model.trainContextSize;
    this.vocabSize = modelShape(options.file).vocabulary;
    this.device = deviceOf(opened);
    this.#native = nativeOf(llama, model, context);
    this.#slots = new Slots(this.#native, this.slots, model.fileInsights.isRecurrent || model.fileInsights.isHybrid);
    this.#mapped = options.mmap === false ? undefined : new MappedFiles(partPaths(options.file.path));
    this.#scheduler = new Scheduler({
      native: this.#native,
      slots: this.#slots,
      contextSize: this.contextSize,
      batchSize: opened.batchSize,
      createSampler: (job) =>
        new TokenSampler(this.#native, job.options.sampling, job.prompt.tokens, this.#grammars.get(job)),
      isEnd: (token) => this.isEndOfGeneration(token),
      now: () => performance.now(),
      beforeDecode: () => this.#mapped?.check(),
      ...(options.watch && {watch: options.watch}),
    });
  }

  isEndOfGeneration(token: Token): boolean {
    return this.#opened.model.isEogToken(token as never);
  }

  async *generate(prompt: Prompt, options: GenerateOptions, signal: AbortSignal): AsyncIterable<TokenEvent> {
    this.#checkPrompt(onlyText(prompt));
    const grammar = options.grammar && (await this.#startGrammar(options.grammar));
    if (signal.aborted) return;
    const job = new RunningAnswer(prompt, options, () => this.#scheduler.wake());
    if (grammar) this.#grammars.set(job, grammar);
    const stop = () => {
      job.cancel();
      this.#scheduler.wake();
    };
    signal.addEventListener('abort', stop, {once: true});
    try {
      this.#scheduler.submit(job);
      yield* job.events();
    } finally {
      signal.removeEventListener('abort', stop);
      this.#grammars.delete(job);
      stop();
    }
  }

  async #saveState(path: string): Promise<boolean> {
    const key = await this.#key();
    return this.#scheduler.between(async () => {
      const slot = this.#slots.lastUsed();
      if (!slot) return false;
      return writeState(this.#native.context, slot.sequence, slot, key, path);
    });
  }

  async #loadState(path: string): Promise<StateLoad> {
    const tokens = await checkState(path, await this.#key(), this.contextSize);
    if (typeof tokens === 'string') return tokens;
    const held = textPrompt(tokens);
    return this.#scheduler.between(async () => {
      const slot = this.#slots.choose(held);
      if (!slot) return 'none';
      this.#slots.clear(slot);
      try {
        await this.#native.context.loadSequenceStateFromFile(path, slot.sequence, this.contextSize);
      } catch {
        this.#slots.clear(slot);
        return 'damaged';
      }
      this.#slots.fill(slot, held);
      return 'loaded';
    });
  }

  async close(): Promise<void> {
    await this.#scheduler.close();
    await this.#opened.context.dispose();
    await this.#opened.model.dispose();
    this.#mapped?.close();
  }

  #checkPrompt(prompt: readonly Token[]): void {
    if (prompt.length === 0) throw new EngineError('invalid_request', 'the prompt is empty');
    const wrong = prompt.find((token) => !Number.isInteger(token) || token < 0 || token >= this.vocabSize);
    if (wrong !== undefined) {
      throw new EngineError('invalid_request', `token ${wrong} is not in the vocabulary of ${this.vocabSize}`);
    }
    checkLength(prompt.length, this.contextSize);
  }

  async #startGrammar({gbnf, after}: Grammar): Promise<GrammarStart> {
    const {llama, model} = this.#opened;
    try {
      const state = await startGrammar(llama, model, gbnf);
      return after === undefined ? {state} : {state, after};
    } catch (error) {
      throw new EngineError('invalid_request', 'the grammar is not valid GBNF', {cause: error});
    }
  }

  #key(): Promise<StateKey> {
    this.#stateKey ??= modelFingerprint(this.#options.file.path).then((model) => ({
      model,
      engine: this.#opened.llama.llamaCppRelease.release,
      kvType: this.#opened.kvType,
      flashAttention: this.#opened.flashAttention,
      loras: (this.#options.loras ?? []).map(({path, scale = 1}) => `${path}@${scale}`),
    }));
    return this.#stateKey;
  }
}

function deviceOf({llama, model, threads}: OpenedModel): string {
  if (llama.gpu === false || model.gpuLayers === 0) return `CPU, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  const name = {cuda: 'CUDA', vulkan: 'Vulkan', metal: 'Metal'}[llama.gpu];
  return `${name}, ${model.gpuLayers}/${model.fileInsights.totalLayers} layers`;
}
