// Opens a GGUF file by the addon of node-llama-cpp: library, weights, context. Its answers run in this thread, and each
// decode on one of libuv's.
import type {Llama, LlamaContext, LlamaModel} from 'node-llama-cpp';
import {EngineError} from '../../../base/errors.ts';
import type {Machine} from '../../contract/local-engine.ts';
import {modelShape} from '../../gguf/model-shape.ts';
import {partPaths} from '../../gguf/size-on-disk.ts';
import {spreadOver} from '../../models/memory/gpu-spread.ts';
import {AnswerBatch} from '../batching/answer-batch.ts';
import {RunningAnswer} from '../batching/running-answer.ts';
import {explainLoadFailure} from '../load-failure.ts';
import {
  defaultThreads,
  type LlamaOptions,
  type LoadPlan,
  missingContext,
  planLoad,
  processorName,
} from '../load-plan.ts';
import {MappedFiles} from '../mapped-files.ts';
import type {OpenedModel} from '../opened-model.ts';
import {addonNative} from './addon-native.ts';
import {machineWith} from './gpu-machine.ts';
import {type Library, loadLibrary} from './library.ts';

/** What the library may cut a context to that nobody asked for, when the device has less room than was planned. */
const SMALLEST_CONTEXT = 2048;

/**
 * @param why not by the library's C functions, where that was meant
 * @throws EngineError `out_of_memory` before loading, or with the reason from the engine's log; what `options.signal` was
 * aborted with.
 */
export async function openByAddon(options: LlamaOptions, why?: string): Promise<OpenedModel> {
  const library = await loadLibrary(options.device ?? 'auto');
  const stopListening = options.onLog ? library.log.listen(options.onLog) : undefined;
  library.log.clear();
  if (why !== undefined) options.onLog?.('info', `the engine is called through its addon: ${why}`);
  const opened: {model?: LlamaModel} = {};
  try {
    options.signal?.throwIfAborted();
    checkSpread(options, library.llama.gpu !== false);
    const machine = await machineWith(options.device ?? 'auto');
    const plan = planLoad(options, machine, library.llama.gpu !== false);
    opened.model = await loadModel(library, plan, options);
    return await openContext(library, opened.model, plan, machine, options);
  } catch (error) {
    await opened.model?.dispose();
    if (options.signal?.aborted) throw options.signal.reason;
    if (error instanceof EngineError) throw error;
    throw await explainLoadFailure(options.file.path, error, () => library.log.lines());
  } finally {
    stopListening?.();
  }
}

/** @throws EngineError `unsupported` where there is a GPU: the addon chooses by itself; `usage` for one that is not there. */
function checkSpread({gpus, onNote}: LlamaOptions, hasGpu: boolean): void {
  if (!gpus) return;
  if (!hasGpu) for (const note of spreadOver(gpus, []).notes) onNote?.(note);
  else {
    throw new EngineError('unsupported', 'the addon cannot be told which GPUs compute, nor how they share a model', {
      hint: 'Give a llama.cpp library for the GPU with --library; it is called by its own functions.',
    });
  }
}

function loadModel({llama}: Library, plan: LoadPlan, options: LlamaOptions): Promise<LlamaModel> {
  const {mmap, onProgress, signal} = options;
  const {gpuLayers, contextSize} = plan;
  const missing = missingContext(options.file);
  return llama.loadModel({
    modelPath: options.file.path,
    // What nobody asked for the library may still lower: it knows what its own buffers take on this device.
    gpuLayers: plan.askedGpuLayers ?? {min: 0, max: gpuLayers, fitContext: {contextSize}},
    ...(mmap !== undefined && {useMmap: mmap}),
    ...(options.memoryCheck === false && {ignoreMemorySafetyChecks: true}),
    ...(missing && {metadataOverrides: {[missing.architecture]: {context_length: missing.contextLength}} as object}),
    ...(onProgress && {onLoadProgress: onProgress}),
    ...(signal && {loadSignal: signal}),
  });
}

async function openContext(
  {llama}: Library,
  model: LlamaModel,
  plan: LoadPlan,
  machine: Machine,
  options: LlamaOptions,
): Promise<OpenedModel> {
  const {signal} = options;
  const {slots, contextSize, kvType, batchSize, flashAttention} = plan;
  const threads =
    plan.askedThreads ??
    defaultThreads({
      isAllOnGpu: llama.gpu !== false && model.gpuLayers > model.fileInsights.totalLayers,
      fileBytes: options.file.fileSize,
      mathCores: llama.cpuMathCores,
      parallelism: machine.cores,
    });
  llama.maxThreads = threads;
  const context = await model.createContext({
    sequences: slots,
    contextSize: options.contextSize ?? {min: Math.min(contextSize, SMALLEST_CONTEXT), max: contextSize},
    batchSize,
    threads,
    flashAttention,
    swaFullCache: true,
    ...(kvType !== 'F16' && {experimentalKvCacheKeyType: kvType, experimentalKvCacheValueType: kvType}),
    // The estimate is wrong for quantised types; the plan stands in.
    ...((kvType !== 'F16' || options.memoryCheck === false) && {ignoreMemorySafetyChecks: true}),
    ...(options.loras?.length && {
      lora: {adapters: options.loras.map(({path, scale = 1}) => ({filePath: path, scale}))},
    }),
    ...(signal && {createSignal: signal}),
  });
  return new ModelByAddon(llama, model, context, {plan, options, threads, device: deviceOf(llama, model, threads)});
}

interface OpenedWith {
  readonly plan: LoadPlan;
  readonly threads: number;
  readonly options: LlamaOptions;
  readonly device: string;
}

class ModelByAddon implements OpenedModel {
  readonly contextSize: number;
  readonly slots: number;
  readonly trainedContextSize: number;
  readonly device: string;
  readonly release: string;
  readonly kvType: LoadPlan['kvType'];
  readonly flashAttention: boolean;
  readonly #model: LlamaModel;
  readonly #context: LlamaContext;
  readonly #answers: AnswerBatch;
  /** Absent where the weights are read and not mapped. */
  readonly #mapped: MappedFiles | undefined;

  constructor(llama: Llama, model: LlamaModel, context: LlamaContext, opened: OpenedWith) {
    const {plan, options, threads, device} = opened;
    this.contextSize = Math.min(context.contextSize, options.contextSize ?? context.contextSize);
    this.slots = context.totalSequences;
    this.trainedContextSize = model.trainContextSize;
    this.device = device;
    this.release = llama.llamaCppRelease.release;
    this.kvType = plan.kvType;
    this.flashAttention = plan.flashAttention;
    this.#model = model;
    this.#context = context;
    this.#mapped = options.mmap === false ? undefined : new MappedFiles(partPaths(options.file.path));
    this.#answers = new AnswerBatch({
      native: addonNative(llama, model, context, modelShape(options.file).vocabulary),
      slots: this.slots,
      isRecurrent: model.fileInsights.isRecurrent || model.fileInsights.isHybrid,
      contextSize: this.contextSize,
      batchSize: plan.batchSize,
      threads,
      isEnd: (token) => this.isEnd(token),
      beforeDecode: () => this.#mapped?.check(),
      ...(options.watch && {watch: options.watch}),
      ...(options.onThreads && {onThreads: options.onThreads}),
    });
  }

  isEnd(token: number): boolean {
    return this.#model.isEogToken(token as never);
  }

  encode(text: string): readonly number[] {
    return this.#model.tokenize(text, false);
  }

  async *answer(...[prompt, options, signal]: Parameters<OpenedModel['answer']>): ReturnType<OpenedModel['answer']> {
    const answer = new RunningAnswer(prompt, options, () => this.#answers.wake());
    const stop = () => {
      answer.cancel();
      this.#answers.wake();
    };
    signal.addEventListener('abort', stop, {once: true});
    try {
      this.#answers.submit(answer);
      yield* answer.events();
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
    }
  }

  saveState(...args: Parameters<OpenedModel['saveState']>): Promise<boolean> {
    return this.#answers.saveState(...args);
  }

  loadState(...args: Parameters<OpenedModel['loadState']>): ReturnType<OpenedModel['loadState']> {
    return this.#answers.loadState(...args);
  }

  async close(): Promise<void> {
    await this.#answers.close();
    await this.#context.dispose();
    await this.#model.dispose();
    this.#mapped?.close();
  }
}

function deviceOf(llama: Llama, model: LlamaModel, threads: number): string {
  if (llama.gpu === false || model.gpuLayers === 0) return processorName(threads);
  const name = {cuda: 'CUDA', vulkan: 'Vulkan', metal: 'Metal'}[llama.gpu];
  return `${name}, ${model.gpuLayers}/${model.fileInsights.totalLayers} layers`;
}
