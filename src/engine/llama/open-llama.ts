// Opens a GGUF file: library, weights, context. The options are the user's; what is absent is chosen here.
import type {Llama, LlamaContext, LlamaModel} from 'node-llama-cpp';
import {EngineError} from '../../base/errors.ts';
import type {KvType, LocalOptions, Machine} from '../contract/local-engine.ts';
import {type ModelShape, modelShape} from '../gguf/model-shape.ts';
import type {GgufFile} from '../gguf/read-header.ts';
import {beyondReach} from '../models/memory/beyond-reach.ts';
import {fitModel} from '../models/memory/fit-model.ts';
import type {MemoryPlan} from '../models/memory/memory-plan.ts';
import {machineWith} from './native/gpu-machine.ts';
import {type Library, loadLibrary} from './native/library.ts';
import {explainLoadFailure} from './native/load-failure.ts';

export interface LlamaOptions extends LocalOptions {
  /** The model's header, from `preflight` or `readGguf`. */
  readonly file: GgufFile;
}

/** The options as this machine can heed them. */
type Heeded = Omit<LlamaOptions, 'gpuLayers'> & {readonly gpuLayers: LlamaOptions['gpuLayers'] | undefined};

export interface OpenedModel {
  readonly llama: Llama;
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly threads: number;
  readonly flashAttention: boolean;
  readonly batchSize: number;
  readonly kvType: KvType;
}

/** What the library may cut a context to that nobody asked for, when the device has less room than was planned. */
const SMALLEST_CONTEXT = 2048;
const DEFAULT_BATCH = 512;
/** Below this size a second thread costs more in hand-over than it computes. */
const SMALL_MODEL_BYTES = 50e6;

/**
 * @throws EngineError `out_of_memory` before loading, or with the reason from the engine's log; what `options.signal` was aborted with.
 */
export async function openModel(options: LlamaOptions): Promise<OpenedModel> {
  const library = await loadLibrary(options.device ?? 'auto');
  const stopListening = options.onLog ? library.log.listen(options.onLog) : undefined;
  library.log.clear();
  const opened: {model?: LlamaModel} = {};
  try {
    options.signal?.throwIfAborted();
    const {slots = 1, contextSize, kvType, file} = options;
    const machine = await machineWith(options.device ?? 'auto');
    const shape = modelShape(file);
    if (shape.context === undefined) options.onFit?.(contextNote(shape));
    const hasGpu = library.llama.gpu !== false;
    for (const note of beyondReach(options, shape, machine, hasGpu)) options.onNote?.(note);
    const gpuLayers = hasGpu ? options.gpuLayers : undefined;
    const {plan, line} = fitModel(
      file,
      {slots, contextSize, kvType, gpuLayers, flashAttention: options.flashAttention},
      machine,
      {
        unchecked: options.memoryCheck === false,
      },
    );
    if (line !== undefined) options.onFit?.(line);
    const heeded = {...options, gpuLayers};
    opened.model = await loadModel(library, plan, heeded);
    return await createContext(library, opened.model, plan, machine, heeded);
  } catch (error) {
    await opened.model?.dispose();
    if (options.signal?.aborted) throw options.signal.reason;
    if (error instanceof EngineError) throw error;
    throw await explainLoadFailure(options.file.path, error, () => library.log.lines());
  } finally {
    stopListening?.();
  }
}

function loadModel({llama}: Library, {gpuLayers, contextSize}: MemoryPlan, options: Heeded): Promise<LlamaModel> {
  const {mmap, onProgress, signal} = options;
  return llama.loadModel({
    modelPath: options.file.path,
    // What nobody asked for the library may still lower: it knows what its own buffers take on this device.
    gpuLayers: options.gpuLayers ?? {min: 0, max: gpuLayers, fitContext: {contextSize}},
    ...(mmap !== undefined && {useMmap: mmap}),
    ...(options.memoryCheck === false && {ignoreMemorySafetyChecks: true}),
    ...repaired(options.file),
    ...(onProgress && {onLoadProgress: onProgress}),
    ...(signal && {loadSignal: signal}),
  });
}

/** llama.cpp refuses a file without a context length; what is given here stands in its place. */
function repaired(file: GgufFile): {metadataOverrides?: object} {
  const {architecture, context, usableContext} = modelShape(file);
  return context === undefined ? {metadataOverrides: {[architecture]: {context_length: usableContext}}} : {};
}

function contextNote({usableContext}: ModelShape): string {
  return `the file gives no context length: ${usableContext} tokens are taken`;
}

async function createContext(
  {llama}: Library,
  model: LlamaModel,
  {contextSize, kvType}: MemoryPlan,
  machine: Machine,
  options: Heeded,
): Promise<OpenedModel> {
  const {slots = 1, signal} = options;
  const threads =
    options.threads ??
    defaultThreads({
      isAllOnGpu: llama.gpu !== false && model.gpuLayers > model.fileInsights.totalLayers,
      fileBytes: options.file.fileSize,
      mathCores: llama.cpuMathCores,
      parallelism: machine.cores,
    });
  llama.maxThreads = threads;
  const flashAttention = options.flashAttention ?? true;
  const batchSize = Math.max(slots, Math.min(options.batchSize ?? DEFAULT_BATCH, contextSize * slots));
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
  return {llama, model, context, threads, flashAttention, batchSize, kvType};
}

export interface ThreadClues {
  /** No layer is computed by the processor. */
  readonly isAllOnGpu: boolean;
  readonly fileBytes: number;
  /** Those that compute well, as llama.cpp counts them. */
  readonly mathCores: number;
  /** What this process may use. */
  readonly parallelism: number;
}

/** How many threads compute when the user does not say. */
export function defaultThreads({isAllOnGpu, fileBytes, mathCores, parallelism}: ThreadClues): number {
  if (isAllOnGpu || fileBytes < SMALL_MODEL_BYTES) return 1;
  return Math.max(1, Math.min(mathCores, parallelism));
}
