// What a GGUF file is opened with: the options are the user's; what is absent is chosen here, by the machine.
import {counted} from '../../base/units.ts';
import type {KvType, LocalOptions, Machine} from '../contract/local-engine.ts';
import {type ModelShape, modelShape} from '../gguf/model-shape.ts';
import type {GgufFile} from '../gguf/read-header.ts';
import {beyondReach} from '../models/memory/beyond-reach.ts';
import {fitModel} from '../models/memory/fit-model.ts';

export interface LlamaOptions extends LocalOptions {
  /** The model's header, from `preflight` or `readGguf`. */
  readonly file: GgufFile;
}

export interface LoadPlan {
  readonly slots: number;
  /** Tokens one slot holds. */
  readonly contextSize: number;
  readonly kvType: KvType;
  readonly gpuLayers: number;
  /** Layers that the user named. */
  readonly askedGpuLayers: LlamaOptions['gpuLayers'] | undefined;
  readonly flashAttention: boolean;
  /** Those a user asked for, as far as there are processors: more only wait for each other, for minutes a token. */
  readonly askedThreads: number | undefined;
  /** Tokens one step evaluates at most. */
  readonly batchSize: number;
}

const DEFAULT_BATCH = 512;
/** Below this size a second thread costs more in hand-over than it computes. */
const SMALL_MODEL_BYTES = 50e6;

/** `hasGpu`: the library computes on one. @throws EngineError `out_of_memory` for what cannot fit. */
export function planLoad(options: LlamaOptions, machine: Machine, hasGpu: boolean): LoadPlan {
  const {slots = 1, contextSize, kvType, file, flashAttention = true} = options;
  const shape = modelShape(file);
  if (shape.context === undefined) options.onFit?.(contextNote(shape));
  for (const note of beyondReach(options, shape, machine, hasGpu)) options.onNote?.(note);
  const askedGpuLayers = hasGpu ? options.gpuLayers : undefined;
  const {plan, line} = fitModel(
    file,
    {slots, contextSize, kvType, gpuLayers: askedGpuLayers, flashAttention: options.flashAttention},
    machine,
    {unchecked: options.memoryCheck === false},
  );
  if (line !== undefined) options.onFit?.(line);
  const batchSize = Math.max(slots, Math.min(options.batchSize ?? DEFAULT_BATCH, plan.contextSize * slots));
  return {
    slots,
    contextSize: plan.contextSize,
    kvType: plan.kvType,
    gpuLayers: plan.gpuLayers,
    askedGpuLayers,
    flashAttention,
    askedThreads: options.threads === undefined ? undefined : Math.min(options.threads, machine.cores),
    batchSize,
  };
}

/** llama.cpp refuses a file without a context length: what stands in its place, with the architecture it is named after. */
export function missingContext(file: GgufFile): {architecture: string; contextLength: number} | undefined {
  const {architecture, context, usableContext} = modelShape(file);
  return context === undefined ? {architecture, contextLength: usableContext} : undefined;
}

function contextNote({usableContext}: ModelShape): string {
  return `the file gives no context length: ${usableContext} tokens are taken`;
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

/** Where the processor computes, for people. */
export function processorName(threads: number): string {
  return `CPU, ${counted(threads, 'thread')}`;
}
