// Weights and a context by llama.cpp's C functions: params by their layout, adapters, and what the context says of itself.
import {EngineError} from '../../../base/errors.ts';
import type {KvType, SplitMode} from '../../contract/local-engine.ts';
import type {Native} from '../native-context.ts';
import {cNative} from './c-context.ts';
import {EMBEDDING_STEP, type Pooling, pooledStates} from './c-embedder.ts';
import {addressOf, type CLibrary, loadCLibrary, type Pointer} from './c-library.ts';
import type {LibraryFiles} from './library-files.ts';
import {NativeRecord} from './native-record.ts';

/** enum ggml_type. */
const KV_TYPE_IDS: Readonly<Record<KvType, number>> = {
  F32: 0,
  F16: 1,
  Q4_0: 2,
  Q4_1: 3,
  Q5_0: 6,
  Q5_1: 7,
  Q8_0: 8,
  IQ4_NL: 20,
  BF16: 30,
};

/** Of enum llama_pooling_type: its own pooling sees no more than one batch. */
const POOLING_NONE = 0;

/** enum llama_load_mode. */
const LOAD_MODE = {read: 0, mapped: 1} as const;

/** enum llama_split_mode. */
const SPLIT_MODE_IDS: Readonly<Record<SplitMode, number>> = {none: 0, layer: 1, row: 2};
/** More devices than any llama.cpp takes (llama_max_devices): it reads a share for each. */
const SHARES = 128;

/** {int tag, char key[128], 4 bytes of padding, union of 128 bytes}; a list of them ends with an empty key. */
const OVERRIDE = {size: 264, key: 4, value: 136} as const;

/**
 * Prompt tokens that the processor computes at once. Smaller pieces cost nothing here, and an abort waits for one product
 * of matrices of that size.
 */
const TOGETHER_ON_CPU = 128;

export interface CModelOptions {
  readonly path: string;
  readonly mapped: boolean;
  readonly gpuLayers: number;
  /** The GPUs that compute, by name, and how; absent: the library has none. */
  readonly gpus:
    | {
        readonly names: readonly string[];
        readonly mode: SplitMode;
        readonly split: readonly number[] | undefined;
        readonly main: number;
      }
    | undefined;
  /** Metadata that the file lacks. */
  readonly missing: {readonly architecture: string; readonly contextLength: number} | undefined;
  readonly slots: number;
  /** Tokens one slot holds. */
  readonly contextSize: number;
  readonly batchSize: number;
  readonly threads: number;
  readonly kvType: KvType;
  readonly flashAttention: boolean;
  readonly loras: readonly {readonly path: string; readonly scale: number}[];
  /** Memory that holds the byte which stops a step, where the library looks for it. */
  readonly stop: Uint8Array;
  /** Answers whether to go on. */
  readonly onProgress: (fraction: number) => boolean;
}

export interface CModel {
  readonly native: Native;
  /** Tokens one slot holds. */
  readonly contextSize: number;
  readonly trainedContextSize: number;
  readonly isRecurrent: boolean;
  readonly endTokens: readonly number[];
  /** The pooled states of the tokens; `goOn` is asked now and then. Nothing may be freed meanwhile. */
  embed(tokens: readonly number[], pooling: Pooling, goOn: () => boolean): Promise<Float32Array>;
  free(): void;
}

/** A library, and how it opens a model. */
export interface CEngine {
  readonly library: CLibrary;
  open(options: CModelOptions): CModel;
}

/** @throws EngineError `unsupported` with what the library lacks. */
export function loadCEngine(files: LibraryFiles): CEngine {
  const library = loadCLibrary(files);
  return {library, open: (options) => openCModel(library, options)};
}

/** @throws Error when the library loads no model, adapter or context: why is in its log. */
function openCModel(library: CLibrary, options: CModelOptions): CModel {
  const {calls} = library;
  const model = loadWeights(library, options);
  try {
    const context = createContext(library, model, options);
    const vocab = calls.llama_model_get_vocab(model) as Pointer;
    const vocabSize = calls.llama_vocab_n_tokens(vocab);
    const {batchSize} = options;
    return {
      native: cNative({library, context, vocab, vocabSize, batchSize}),
      contextSize: Math.floor(calls.llama_n_ctx(context) / options.slots),
      trainedContextSize: calls.llama_model_n_ctx_train(model),
      isRecurrent: calls.llama_model_is_recurrent(model) || calls.llama_model_is_hybrid(model),
      endTokens: Array.from({length: vocabSize}, (_, token) => token).filter((token) =>
        calls.llama_vocab_is_eog(vocab, token),
      ),
      embed: async (tokens, pooling, goOn) => {
        // In a smaller context the library takes smaller batches.
        const wanted = {...options, slots: 1, contextSize: Math.max(tokens.length, 256), batchSize: EMBEDDING_STEP};
        const own = createContext(library, model, wanted, true);
        try {
          return await pooledStates({library, model, context: own, vocab}, tokens, pooling, goOn);
        } finally {
          calls.llama_free(own);
        }
      },
      free: () => {
        calls.llama_free(context);
        calls.llama_model_free(model);
      },
    };
  } catch (error) {
    calls.llama_model_free(model);
    throw error;
  }
}

function loadWeights(library: CLibrary, options: CModelOptions): Pointer {
  const params = new NativeRecord(library.layout.modelParams, library.modelDefaults);
  params.int('n_gpu_layers', options.gpuLayers);
  params.int('load_mode', options.mapped ? LOAD_MODE.mapped : LOAD_MODE.read);
  const overrides = options.missing && contextOverride(options.missing);
  if (overrides) params.pointer('kv_overrides', addressOf(overrides));
  const kept = options.gpus ? spread(library, params, options.gpus) : [];
  const [progress, freeProgress] = library.progress(options.onProgress);
  params.pointer('progress_callback', progress);
  try {
    const model = library.loadModel(options.path, params);
    if (!model) throw new Error('Failed to load model');
    return model;
  } finally {
    freeProgress();
    // Named here, so that their memory stays until the library has read it.
    kept.length = 0;
  }
}

/** Returns what the params point at. @throws Error for a GPU that the library does not have. */
function spread({calls}: CLibrary, params: NativeRecord, gpus: NonNullable<CModelOptions['gpus']>): ArrayBufferView[] {
  // A list that ends with none: an empty one is the processor alone.
  const devices = new BigUint64Array(gpus.names.length + 1);
  for (const [at, name] of gpus.names.entries()) {
    const device = calls.ggml_backend_dev_by_name(name);
    if (!device) throw new Error(`the library has no device ${name}`);
    devices[at] = device;
  }
  const shares = new Float32Array(SHARES);
  shares.set(gpus.split ?? []);
  params.pointer('devices', addressOf(devices));
  params.int('split_mode', SPLIT_MODE_IDS[gpus.mode]);
  params.int('main_gpu', gpus.main);
  if (gpus.split) params.pointer('tensor_split', addressOf(shares));
  return [devices, shares];
}

function contextOverride({architecture, contextLength}: NonNullable<CModelOptions['missing']>): Uint8Array {
  const bytes = new Uint8Array(2 * OVERRIDE.size);
  bytes.set(Buffer.from(`${architecture}.context_length`).subarray(0, 127), OVERRIDE.key);
  new DataView(bytes.buffer).setBigInt64(OVERRIDE.value, BigInt(contextLength), true);
  return bytes;
}

/** `givesStates`: those of its tokens, and nobody may stop its steps. */
function createContext(library: CLibrary, model: Pointer, options: CModelOptions, givesStates = false): Pointer {
  const {calls} = library;
  const {slots, threads, batchSize} = options;
  const asked = {
    n_ctx: options.contextSize * slots,
    n_batch: batchSize,
    n_ubatch: options.gpuLayers > 0 ? batchSize : Math.min(batchSize, TOGETHER_ON_CPU),
    n_seq_max: slots,
    n_threads: threads,
    n_threads_batch: threads,
    flash_attn_type: options.flashAttention ? 1 : 0,
    type_k: KV_TYPE_IDS[options.kvType],
    type_v: KV_TYPE_IDS[options.kvType],
  };
  const params = new NativeRecord(library.layout.contextParams, library.contextDefaults);
  for (const [field, value] of Object.entries(asked)) params.int(field, value);
  params.flag('no_perf', true);
  params.flag('swa_full', true);
  params.flag('kv_unified', false);
  if (givesStates) {
    params.flag('embeddings', true);
    params.int('pooling_type', POOLING_NONE);
  } else if (library.stopFlag) {
    params.pointer('abort_callback', library.stopFlag.callback);
    params.pointer('abort_callback_data', addressOf(options.stop));
  }
  const context = library.initContext(model, params);
  if (!context) throw new Error('Failed to create context');
  const told = {
    n_batch: calls.llama_n_batch(context),
    n_ubatch: calls.llama_n_ubatch(context),
    n_seq_max: calls.llama_n_seq_max(context),
    n_threads: calls.llama_n_threads(context),
    n_threads_batch: calls.llama_n_threads_batch(context),
  };
  const wrong = Object.entries(told).find(([field, value]) => asked[field as keyof typeof told] !== value);
  const isShort = calls.llama_n_ctx(context) < asked.n_ctx;
  if (wrong || isShort) {
    calls.llama_free(context);
    throw new EngineError('unsupported', `the library took ${wrong?.[0] ?? 'n_ctx'} otherwise than it was given`, {
      hint: 'Say --engine addon.',
    });
  }
  try {
    applyLoras(library, model, context, options.loras);
  } catch (error) {
    calls.llama_free(context);
    throw error;
  }
  return context;
}

/** @throws Error that names the adapter, as node-llama-cpp does. */
function applyLoras(library: CLibrary, model: Pointer, context: Pointer, loras: CModelOptions['loras']): void {
  if (loras.length === 0) return;
  const {calls} = library;
  const adapters = BigUint64Array.from(loras, ({path}) => {
    const adapter = calls.llama_adapter_lora_init(model, path);
    if (!adapter) throw new Error(`Failed to load LoRA adapter "${path}"`);
    return adapter;
  });
  const scales = Float32Array.from(loras, ({scale}) => scale);
  calls.llama_set_adapters_lora(context, addressOf(adapters), loras.length, addressOf(scales));
}
