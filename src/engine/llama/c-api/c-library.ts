// llama.cpp's library and its C functions. It is checked before anything is loaded by it: the functions and their structs
// are no stable interface, and a wrong one would not be an error but wrong figures, or the end of the process.
import koffi, {type LibraryHandle, type TypeObject} from 'koffi';
import {EngineError} from '../../../base/errors.ts';
import {reasonOf} from '../../../base/files/file-error.ts';
import type {GpuDevice} from '../../models/memory/gpu-spread.ts';
import {type CLayout, knownLayouts, layoutOf} from './known-layouts.ts';
import type {LibraryFiles} from './library-files.ts';
import type {NativeRecord} from './native-record.ts';

type NativeFunction = ReturnType<LibraryHandle['func']>;

/** An address in memory; 0 is none. */
export type Pointer = bigint;

/** The functions as they are declared: result, name, parameters. */
const PROTOTYPES = {
  ggml_backend_dev_by_name: 'void *ggml_backend_dev_by_name(const char *name)',
  ggml_backend_dev_count: 'size_t ggml_backend_dev_count()',
  ggml_backend_dev_get: 'void *ggml_backend_dev_get(size_t at)',
  ggml_backend_dev_memory: 'void ggml_backend_dev_memory(void *device, void *free, void *total)',
  ggml_backend_dev_name: 'const char *ggml_backend_dev_name(void *device)',
  ggml_backend_dev_type: 'int ggml_backend_dev_type(void *device)',
  ggml_backend_dev_by_type: 'void *ggml_backend_dev_by_type(int type)',
  ggml_backend_load_all_from_path: 'void ggml_backend_load_all_from_path(const char *folder)',
  llama_backend_init: 'void llama_backend_init()',
  llama_log_set: 'void llama_log_set(void *callback, void *data)',
  llama_model_free: 'void llama_model_free(void *model)',
  llama_model_get_vocab: 'void *llama_model_get_vocab(void *model)',
  llama_model_is_recurrent: 'bool llama_model_is_recurrent(void *model)',
  llama_model_is_hybrid: 'bool llama_model_is_hybrid(void *model)',
  llama_model_n_ctx_train: 'int llama_model_n_ctx_train(void *model)',
  llama_vocab_n_tokens: 'int llama_vocab_n_tokens(void *vocab)',
  llama_vocab_is_eog: 'bool llama_vocab_is_eog(void *vocab, int token)',
  llama_adapter_lora_init: 'void *llama_adapter_lora_init(void *model, const char *path)',
  llama_set_adapters_lora: 'int llama_set_adapters_lora(void *context, void *adapters, size_t count, void *scales)',
  llama_free: 'void llama_free(void *context)',
  llama_get_memory: 'void *llama_get_memory(void *context)',
  llama_n_ctx: 'uint32_t llama_n_ctx(void *context)',
  llama_n_batch: 'uint32_t llama_n_batch(void *context)',
  llama_n_ubatch: 'uint32_t llama_n_ubatch(void *context)',
  llama_n_seq_max: 'uint32_t llama_n_seq_max(void *context)',
  llama_n_threads: 'int llama_n_threads(void *context)',
  llama_set_n_threads: 'void llama_set_n_threads(void *context, int one, int several)',
  llama_n_threads_batch: 'int llama_n_threads_batch(void *context)',
  llama_get_embeddings_ith: 'void *llama_get_embeddings_ith(void *context, int row)',
  llama_model_n_embd: 'int llama_model_n_embd(void *model)',
  llama_get_logits_ith: 'void *llama_get_logits_ith(void *context, int row)',
  llama_memory_seq_rm: 'bool llama_memory_seq_rm(void *memory, int sequence, int from, int to)',
  llama_memory_seq_pos_max: 'int llama_memory_seq_pos_max(void *memory, int sequence)',
  llama_state_seq_save_file:
    'size_t llama_state_seq_save_file(void *context, const char *path, int sequence, void *tokens, size_t count)',
  llama_state_seq_load_file:
    'size_t llama_state_seq_load_file(void *context, const char *path, int sequence, void *tokens, size_t room, void *count)',
  llama_state_seq_get_size_ext: 'size_t llama_state_seq_get_size_ext(void *context, int sequence, uint32_t flags)',
  llama_state_seq_get_data_ext:
    'size_t llama_state_seq_get_data_ext(void *context, void *data, size_t size, int sequence, uint32_t flags)',
  llama_state_seq_set_data_ext:
    'size_t llama_state_seq_set_data_ext(void *context, void *data, size_t size, int sequence, uint32_t flags)',
  llama_sampler_chain_add: 'void llama_sampler_chain_add(void *chain, void *sampler)',
  llama_sampler_chain_n: 'int llama_sampler_chain_n(void *chain)',
  llama_sampler_chain_remove: 'void *llama_sampler_chain_remove(void *chain, int at)',
  llama_sampler_sample: 'int llama_sampler_sample(void *chain, void *context, int row)',
  llama_sampler_apply: 'void llama_sampler_apply(void *sampler, void *candidates)',
  llama_sampler_accept: 'void llama_sampler_accept(void *sampler, int token)',
  llama_sampler_free: 'void llama_sampler_free(void *sampler)',
  llama_sampler_init_greedy: 'void *llama_sampler_init_greedy()',
  llama_sampler_init_dist: 'void *llama_sampler_init_dist(uint32_t seed)',
  llama_sampler_init_temp: 'void *llama_sampler_init_temp(float temperature)',
  llama_sampler_init_top_k: 'void *llama_sampler_init_top_k(int k)',
  llama_sampler_init_top_p: 'void *llama_sampler_init_top_p(float p, size_t least)',
  llama_sampler_init_min_p: 'void *llama_sampler_init_min_p(float p, size_t least)',
  llama_sampler_init_penalties:
    'void *llama_sampler_init_penalties(int vocabulary, int window, float repeat, float frequency, float presence)',
  llama_sampler_init_logit_bias: 'void *llama_sampler_init_logit_bias(int vocabulary, int count, void *biases)',
  llama_sampler_init_grammar: 'void *llama_sampler_init_grammar(void *vocab, const char *gbnf, const char *root)',
} as const;

type Declared = typeof PROTOTYPES;

/** What a call gives, by the type its declaration begins with; the arguments are those of the declaration. */
type ResultOf<T extends string> = T extends `void *${string}`
  ? Pointer | null
  : T extends `bool ${string}`
    ? boolean
    : T extends `void ${string}`
      ? undefined
      : T extends `const char *${string}`
        ? string
        : number;

type Calls = {
  readonly [Name in keyof Declared]: (
    ...args: readonly (number | string | Pointer | null)[]
  ) => ResultOf<Declared[Name]>;
};

/** Of enum ggml_backend_dev_type. */
const GPU = 1;
const GPU_WITHOUT_MEMORY = 2;

/** Longer than each struct that is returned by value: the caller's memory holds it, so more room does no harm. */
const ROOM = 512;
/** Bytes that are tried for the one that `ggml_get_no_alloc` looks at. */
const PROBED = 256;

export interface CLibrary {
  readonly calls: Calls;
  readonly layout: CLayout;
  /** llama.cpp's release, as well as it is known. */
  readonly release: string;
  /** Defaults that the library itself gave. */
  readonly modelDefaults: Uint8Array;
  readonly contextDefaults: Uint8Array;
  /** A function of the library that answers whether one byte is set, and which; absent where none can be told. */
  readonly stopFlag: {readonly callback: Pointer; readonly offset: number} | undefined;
  loadModel(path: string, params: NativeRecord): Pointer | null;
  initContext(model: Pointer, params: NativeRecord): Pointer | null;
  /** 0 = done, 1 = no room in the cache, 2 = stopped, less than 0 = refused. `batch` is a llama_batch as bytes. */
  decode(context: Pointer, batch: Uint8Array): number;
  /** An empty chain of samplers. */
  newChain(): Pointer;
  /** Called for each line of the library's log, on this thread, until the returned function is called. */
  listen(listener: (level: number, text: string) => void): () => void;
  /** For `progress_callback`: loading ends when it answers false. The last function frees it. */
  progress(callback: (fraction: number) => boolean): readonly [address: Pointer, free: () => void];
  /** The GPUs that its parts compute on, when these are loaded. */
  gpus(): GpuDevice[];
  /** Loads the parts for the processor, once. @throws EngineError `unsupported` when there is none for this one. */
  loadBackends(): void;
}

/** The size of a llama_batch on 64 bits: every release had the same seven fields. */
export const BATCH_BYTES = 56;

/**
 * Loads and checks the library. Nothing else of it is called when a check fails.
 * @throws EngineError `unsupported` with what it lacks.
 */
export function loadCLibrary({folder, files, release: told}: LibraryFiles): CLibrary {
  const path = files.at(-1) ?? folder;
  const libraries = files.map((file) => loadFile(file));
  const find = (prototype: string) => {
    for (const library of libraries.toReversed()) {
      try {
        return library.func(prototype);
      } catch {
        // Looked for in the next part.
      }
    }
    return undefined;
  };
  const raw = bytesType(ROOM);
  const defaultsBy = (name: string): Uint8Array => {
    const library = libraries.at(-1) as LibraryHandle;
    try {
      return Uint8Array.from((library.func(name, raw, [])() as {bytes: Uint8Array}).bytes);
    } catch (error) {
      throw refused(path, `it is not llama.cpp's: ${reasonOf(error)}`);
    }
  };
  const modelDefaults = defaultsBy('llama_model_default_params');
  const contextDefaults = defaultsBy('llama_context_default_params');
  const version = find('const char *llama_version()')?.() as string | undefined;
  const layout = layoutOf(modelDefaults, contextDefaults);
  if (layout === undefined) {
    const of = told ?? version ?? 'of a release that it does not tell';
    throw refused(path, `it is llama.cpp ${of}, whose structs are not known here (known: ${knownLayouts()})`);
  }
  const calls: Record<string, unknown> = {};
  for (const [name, prototype] of Object.entries(PROTOTYPES)) {
    calls[name] = find(prototype);
    if (calls[name] === undefined) throw refused(path, `it lacks the function ${name}`);
  }
  return new Library({
    calls: calls as Calls,
    main: libraries.at(-1) as LibraryHandle,
    layout,
    release: told ?? version ?? layout.name,
    folder,
    path,
    modelDefaults,
    contextDefaults,
    stopFlag: stopFlagOf(libraries),
  });
}

interface Found
  extends Pick<CLibrary, 'calls' | 'layout' | 'release' | 'modelDefaults' | 'contextDefaults' | 'stopFlag'> {
  readonly main: LibraryHandle;
  readonly folder: string;
  readonly path: string;
}

class Library implements CLibrary {
  readonly calls: Calls;
  readonly layout: CLayout;
  readonly release: string;
  readonly modelDefaults: Uint8Array;
  readonly contextDefaults: Uint8Array;
  readonly stopFlag: CLibrary['stopFlag'];
  readonly #found: Found;
  readonly #load: NativeFunction;
  readonly #init: NativeFunction;
  readonly #decode: NativeFunction;
  readonly #chain: NativeFunction;

  constructor(found: Found) {
    const {main, layout} = found;
    this.calls = found.calls;
    this.layout = layout;
    this.release = found.release;
    this.modelDefaults = found.modelDefaults;
    this.contextDefaults = found.contextDefaults;
    this.stopFlag = found.stopFlag;
    this.#found = found;
    this.#load = main.func('llama_model_load_from_file', 'void *', ['str', bytesType(layout.modelParams.size)]);
    this.#init = main.func('llama_init_from_model', 'void *', ['void *', bytesType(layout.contextParams.size)]);
    this.#decode = main.func('llama_decode', 'int', ['void *', bytesType(BATCH_BYTES)]);
    this.#chain = main.func('llama_sampler_chain_init', 'void *', [koffi.struct({no_perf: 'bool'})]);
  }

  loadModel(path: string, {bytes}: NativeRecord): Pointer | null {
    return this.#load(path, {bytes});
  }

  initContext(model: Pointer, {bytes}: NativeRecord): Pointer | null {
    return this.#init(model, {bytes});
  }

  decode(context: Pointer, bytes: Uint8Array): number {
    return this.#decode(context, {bytes});
  }

  newChain(): Pointer {
    return this.#chain({no_perf: true});
  }

  listen(listener: (level: number, text: string) => void): () => void {
    const callback = koffi.register(listener, koffi.pointer(koffi.proto('void', ['int', 'str', 'void *'])));
    this.calls.llama_log_set(callback, null);
    return () => {
      // Later lines come from anywhere, and must not wait for this thread: a function that does nothing takes them.
      this.calls.llama_log_set(this.#found.main.symbol('llama_max_devices') as Pointer, null);
      koffi.unregister(callback);
    };
  }

  progress(callback: (fraction: number) => boolean): readonly [Pointer, () => void] {
    const address = koffi.register(callback, koffi.pointer(koffi.proto('bool', ['float', 'void *'])));
    return [address, () => koffi.unregister(address)];
  }

  gpus(): GpuDevice[] {
    const {calls} = this;
    return Array.from({length: calls.ggml_backend_dev_count()}, (_, at) => calls.ggml_backend_dev_get(at)).flatMap(
      (device) => {
        const type = calls.ggml_backend_dev_type(device);
        if (type !== GPU && type !== GPU_WITHOUT_MEMORY) return [];
        const bytes = new BigUint64Array(2);
        const address = addressOf(bytes);
        calls.ggml_backend_dev_memory(device, address, address + 8n);
        const freeBytes = Number(bytes[0]);
        return [{name: calls.ggml_backend_dev_name(device), freeBytes, usesRam: type === GPU_WITHOUT_MEMORY}];
      },
    );
  }

  loadBackends(): void {
    const {calls} = this;
    if (!calls.ggml_backend_dev_by_type(0)) calls.ggml_backend_load_all_from_path(this.#found.folder);
    if (!calls.ggml_backend_dev_by_type(0)) {
      throw refused(this.#found.path, 'none of its parts computes on this processor');
    }
    calls.llama_backend_init();
  }
}

/** Where the bytes of a view lie; keep the view as long as the address is used. */
export function addressOf(view: ArrayBufferView): Pointer {
  return koffi.address(view);
}

/** Memory of the library's as bytes; not to be used when the library has freed it. */
export function memoryAt(address: Pointer, bytes: number): ArrayBuffer {
  return koffi.view(address, bytes);
}

function loadFile(file: string): LibraryHandle {
  try {
    return koffi.load(file, {global: true});
  } catch (error) {
    throw refused(file, reasonOf(error));
  }
}

/** A struct as bytes, aligned as one with pointers is. */
function bytesType(size: number): TypeObject {
  return koffi.struct({bytes: [8, koffi.array('uint8_t', size, 'Typed')]});
}

/**
 * `ggml_get_no_alloc` does nothing but to answer one byte of what it is given: it is what llama.cpp may ask between two
 * parts of a step, whether it shall stop, without JavaScript. Which byte is found by trying.
 */
function stopFlagOf(libraries: readonly LibraryHandle[]): CLibrary['stopFlag'] {
  for (const library of libraries) {
    try {
      const ask = library.func('bool ggml_get_no_alloc(void *context)');
      const bytes = new Uint8Array(new SharedArrayBuffer(PROBED));
      const address = koffi.address(bytes);
      const offsets = Array.from(bytes.keys()).filter((at) => {
        bytes[at] = 1;
        const isSeen = ask(address) as boolean;
        bytes[at] = 0;
        return isSeen;
      });
      const [offset] = offsets;
      if (offset === undefined || offsets.length > 1) return undefined;
      return {callback: library.symbol('ggml_get_no_alloc') as Pointer, offset};
    } catch {
      // Looked for in the next part.
    }
  }
  return undefined;
}

function refused(path: string, why: string): EngineError {
  return new EngineError('unsupported', `the library ${path} cannot be used: ${why}`, {
    hint: 'Without --library and --engine the library that comes with this program is used.',
  });
}
