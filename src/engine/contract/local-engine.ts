// The seam below a local backend: what opens a model file on this machine, and what it is told, in no library's words.
import type {GgufFile} from '../gguf/read-header.ts';
import type {KvState, TokenModel} from './backend.ts';
import type {Token} from './prompt.ts';

/** What computes: `auto` is the best there is, `off` the processor alone. */
export const DEVICES = ['auto', 'off', 'cuda', 'vulkan', 'metal'] as const;

export type Device = (typeof DEVICES)[number];

/** The types a KV cache can have, in the order of falling precision. */
export const KV_TYPES = ['F32', 'F16', 'BF16', 'Q8_0', 'Q5_1', 'Q5_0', 'Q4_1', 'Q4_0', 'IQ4_NL'] as const;

export type KvType = (typeof KV_TYPES)[number];

/** What this machine offers a model. */
export interface Machine {
  readonly ramBytes: number;
  /** RAM that can be had now (on Linux the kernel's MemAvailable), no more than the limit of this process's cgroup. */
  readonly freeRamBytes: number;
  /** What sets `ramBytes` where it is a limit of this process alone, such as `ulimit -v`. */
  readonly limitedBy?: string;
  /** Free memory of all GPUs; 0 without one. */
  readonly vramBytes: number;
  /** The GPU has no memory of its own: `vramBytes` is a part of `ramBytes`. */
  readonly vramIsRam?: boolean;
  /** Processors this process may use, whole ones of a CPU quota. */
  readonly cores: number;
}

export interface LoraAdapter {
  /** A GGUF adapter. */
  readonly path: string;
  /** Default 1. */
  readonly scale?: number;
}

export type LogListener = (level: string, message: string) => void;

/** Notices a step of the engine that hangs. */
export interface StepWatch {
  /** How long a step may take. */
  readonly limitMs: number;
  /** Called with true when a step takes longer, and with false should it end after all. */
  readonly onStall: (stalled: boolean) => void;
}

/**
 * How the engine calls its library: `addon` through the addon of node-llama-cpp, `native` through the library's own C
 * functions, in a thread of its own.
 */
export const ENGINE_CALLS = ['addon', 'native'] as const;

export type EngineCalls = (typeof ENGINE_CALLS)[number];

/** Which library computes a model. */
export interface LibraryChoice {
  /** Default `auto`. */
  readonly device?: Device;
  /** Default `native` where it is known to work: on Linux, on the processor; `addon` elsewhere. */
  readonly calls?: EngineCalls;
  /** A library of the user's own: its file, or the folder it lies in. It is called by its C functions. */
  readonly library?: string;
  /** The engine has to show its own tokenizer, for a vocabulary that nobody else reads. */
  readonly encodes?: boolean;
}

/** What each of several GPUs gets: whole layers, rows of every layer, or one of them all. */
export const SPLIT_MODES = ['layer', 'row', 'none'] as const;

export type SplitMode = (typeof SPLIT_MODES)[number];

/** Which GPUs compute, and how a model is spread over them. */
export interface GpuChoice {
  /** By the engine's names, such as `CUDA0`. Default: all there are. */
  readonly devices?: readonly string[];
  /** The share of each of them. Default: by the memory that is free. */
  readonly split?: readonly number[];
  /** Default `layer`. */
  readonly mode?: SplitMode;
  /** The place, from 0, of the one that has what is not split. Default 0. */
  readonly main?: number;
}

/** How a model is opened. */
export interface LocalOptions extends LibraryChoice {
  /** Layers on the GPU. Default: as many as fit. */
  readonly gpuLayers?: number | 'max';
  readonly gpus?: GpuChoice;
  /** Tokens one slot holds. Default: what the model was trained for, at most 8192, less when memory is short. */
  readonly contextSize?: number;
  /** Default: physical cores within the CPU quota, 1 for files under 50 MB. */
  readonly threads?: number;
  /** Default true. */
  readonly flashAttention?: boolean;
  /** Tokens one step evaluates at most. */
  readonly batchSize?: number;
  /** Answers generated at the same time, each with a context of its own. Default 1. */
  readonly slots?: number;
  /** Precision of the KV cache. Default F16, Q8_0 when memory is short. */
  readonly kvType?: KvType;
  /** Map the file into memory (default) or read it: slower to start, and no second copy of weights that are repacked. */
  readonly mmap?: boolean;
  /** False: a model that is larger than the memory is loaded too; its weights are read from the disk as they are needed. */
  readonly memoryCheck?: boolean;
  readonly loras?: readonly LoraAdapter[];
  /** 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
  /** Called before loading, with a line each: what was decided for the memory there is, and for want of a context length. */
  readonly onFit?: (line: string) => void;
  /** Called before loading with a line each: what was asked for and this machine or this model does not have. */
  readonly onNote?: (line: string) => void;
  readonly onLog?: LogListener;
  /** Called when a step of the engine hangs. */
  readonly watch?: StepWatch;
  /** Called with how many threads compute each token: at the first one, and when following the machine has changed it. */
  readonly onThreads?: (threads: number) => void;
  readonly signal?: AbortSignal;
}

/** A model that is open on this machine. */
export interface LocalModel extends TokenModel {
  readonly trainedContextSize: number;
  /** Such as `CPU, 2 threads` or `CUDA, 33/33 layers`. */
  readonly device: string;
  /** Absent where the engine cannot save a KV cache. */
  readonly state?: KvState;
  /** A text as the library's own tokenizer sees it, without control tokens; absent where it is not asked. */
  encode?(text: string): readonly Token[];
}

export interface UsualCalls {
  readonly calls: EngineCalls;
  /** Why it is not `native`. */
  readonly why?: string;
}

/** A library that computes models. `engine/local/engines.ts` lists those there are. */
export interface LocalEngine {
  /** With its release, such as `llama.cpp v0.5.0`. */
  readonly name: string;
  /** Whether it can compute models of this `general.architecture`. The first engine that says so opens the file. */
  runs(architecture: string, choice: LibraryChoice): boolean;
  /** This machine as the engine sees it, with its GPU's memory. @throws EngineError `unsupported` without that device. */
  machine(device: Device): Promise<Machine>;
  /** Begins to load the library before a file is read; a failure shows again in `open`. */
  warm?(options: LibraryChoice): void;
  /** How models are opened when nobody says how, and why not otherwise. Loads the library. */
  usualCalls?(): Promise<UsualCalls>;
  /** @throws EngineError with the reason why the file does not load; what `options.signal` was aborted with. */
  open(file: GgufFile, options: LocalOptions): Promise<LocalModel>;
}
