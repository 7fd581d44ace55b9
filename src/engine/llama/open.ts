// Opens a GGUF file: library, weights, context. The options are the user's; what is absent is chosen here.
import {availableParallelism} from 'node:os';
import type {Llama, LlamaContext, LlamaModel} from 'node-llama-cpp';
import {EngineError} from '../errors.ts';
import type {GgufFile} from '../models/gguf.ts';
import type {KvType} from '../models/kv-types.ts';
import {thisMachine} from '../models/machine.ts';
import {kvBytes} from '../models/memory.ts';
import {modelShape} from '../models/model-shape.ts';
import {formatBytes} from '../models/units.ts';
import {type Gpu, type Library, type LogListener, loadLibrary} from './library.ts';
import {explainLoadFailure} from './load-failure.ts';

export interface LoraAdapter {
  /** A GGUF adapter. */
  readonly path: string;
  /** Default 1. */
  readonly scale?: number;
}

export interface LlamaOptions {
  /** The model's header, from `preflight` or `readGguf`. */
  readonly file: GgufFile;
  /** Default `auto`: the best device this machine has. */
  readonly gpu?: Gpu;
  /** Layers on the GPU; `auto` = as many as fit. */
  readonly gpuLayers?: number | 'max' | 'auto';
  /** Tokens one slot holds. Default: what the model was trained for, at most 8192, less when memory is short. */
  readonly contextSize?: number;
  /** Default: physical cores, 1 for files under 50 MB. */
  readonly threads?: number;
  /** Default true. */
  readonly flashAttention?: boolean;
  /** Tokens one step evaluates at most. */
  readonly batchSize?: number;
  /** Answers generated at the same time, each with a context of its own. Default 1. */
  readonly slots?: number;
  /** Precision of the KV cache. Default F16. */
  readonly kvType?: KvType;
  /** Map the file into memory (default) or read it: slower to start, and no second copy of weights that are repacked. */
  readonly mmap?: boolean;
  readonly loras?: readonly LoraAdapter[];
  /** 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
  readonly onLog?: LogListener;
  readonly signal?: AbortSignal;
}

export interface OpenedModel {
  readonly llama: Llama;
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly threads: number;
  readonly flashAttention: boolean;
  readonly batchSize: number;
}

const DEFAULT_CONTEXT = 8192;
const SMALLEST_DEFAULT_CONTEXT = 2048;
const DEFAULT_BATCH = 512;
/** Below this size a second thread costs more in hand-over than it computes. */
const SMALL_MODEL_BYTES = 50e6;

/**
 * @throws EngineError with the reason from the engine's log; what `options.signal` was aborted with.
 */
export async function openModel(options: LlamaOptions): Promise<OpenedModel> {
  const library = await loadLibrary(options.gpu ?? 'auto');
  const stopListening = options.onLog ? library.log.listen(options.onLog) : undefined;
  library.log.clear();
  const opened: {model?: LlamaModel} = {};
  try {
    options.signal?.throwIfAborted();
    opened.model = await loadModel(library, options);
    return await createContext(library, opened.model, options);
  } catch (error) {
    await opened.model?.dispose();
    if (options.signal?.aborted) throw options.signal.reason;
    if (error instanceof EngineError) throw error;
    throw await explainLoadFailure(options.file.path, error, () => library.log.lines());
  } finally {
    stopListening?.();
  }
}

function loadModel({llama}: Library, options: LlamaOptions): Promise<LlamaModel> {
  const {gpuLayers = 'auto', contextSize, mmap, onProgress, signal} = options;
  return llama.loadModel({
    modelPath: options.file.path,
    gpuLayers: gpuLayers === 'auto' && contextSize ? {fitContext: {contextSize}} : gpuLayers,
    ...(mmap !== undefined && {useMmap: mmap}),
    ...(onProgress && {onLoadProgress: onProgress}),
    ...(signal && {loadSignal: signal}),
  });
}

async function createContext({llama}: Library, model: LlamaModel, options: LlamaOptions): Promise<OpenedModel> {
  const {slots = 1, kvType = 'F16', file, signal} = options;
  const threads = options.threads ?? defaultThreads(llama, model, options.file);
  llama.maxThreads = threads;
  const flashAttention = options.flashAttention ?? true;
  const inRam = llama.gpu === false || model.gpuLayers === 0;
  const most = Math.min(model.trainContextSize, DEFAULT_CONTEXT);
  const wanted = options.contextSize ?? (inRam ? affordableContext(file, kvType, most, slots) : most);
  if (inRam) checkMemory(file, kvType, wanted, slots);
  const batchSize = Math.max(slots, Math.min(options.batchSize ?? DEFAULT_BATCH, wanted * slots));
  const context = await model.createContext({
    sequences: slots,
    contextSize: options.contextSize ?? {min: Math.min(wanted, SMALLEST_DEFAULT_CONTEXT), max: wanted},
    batchSize,
    threads,
    flashAttention,
    swaFullCache: true,
    ...(kvType !== 'F16' && {
      experimentalKvCacheKeyType: kvType,
      experimentalKvCacheValueType: kvType,
      // The estimate is wrong for quantised types; checkMemory stands in.
      ignoreMemorySafetyChecks: true,
    }),
    ...(options.loras?.length && {
      lora: {adapters: options.loras.map(({path, scale = 1}) => ({filePath: path, scale}))},
    }),
    ...(signal && {createSignal: signal}),
  });
  return {llama, model, context, threads, flashAttention, batchSize};
}

function defaultThreads(llama: Llama, model: LlamaModel, file: GgufFile): number {
  if (llama.gpu !== false && model.gpuLayers > model.fileInsights.totalLayers) return 1;
  if (file.fileSize < SMALL_MODEL_BYTES) return 1;
  return Math.max(1, Math.min(llama.cpuMathCores, availableParallelism()));
}

/** `most`, halved until the KV cache takes no more than half of the free memory. */
function affordableContext(file: GgufFile, kvType: KvType, most: number, slots: number): number {
  const free = thisMachine().freeRamBytes;
  const shape = modelShape(file);
  let tokens = most;
  while (tokens >= 2 * SMALLEST_DEFAULT_CONTEXT && kvBytes(shape, tokens, kvType) * slots > free / 2) tokens /= 2;
  return Math.floor(tokens);
}

/** @throws EngineError `out_of_memory` when the KV cache alone is larger than the free memory. */
function checkMemory(file: GgufFile, kvType: KvType, contextSize: number, slots: number): void {
  const bytes = kvBytes(modelShape(file), contextSize, kvType) * slots;
  const free = thisMachine().freeRamBytes;
  if (bytes <= free) return;
  const context =
    slots === 1 ? `a context of ${contextSize} tokens needs` : `${slots} contexts of ${contextSize} tokens need`;
  throw new EngineError('out_of_memory', `${context} ${formatBytes(bytes)}, and ${formatBytes(free)} are free`, {
    hint: 'Use a smaller --ctx, or --kv-type Q8_0 to halve it.',
  });
}
