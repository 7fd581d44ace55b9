// A process of its own that calls llama_model_quantize of the engine's library: it can be killed at any time, and ends
// when the process that started it is gone.
// Arguments: library, source file, target file, number of the file type, threads.
import {createRequire} from 'node:module';

/** What is used of koffi. An optional package: where it is missing, its own types are missing too. */
interface Koffi {
  load(path: string): {
    func(name: string, result: unknown, parameters: readonly unknown[]): NativeFunction;
  };
  struct(name: string, fields: Readonly<Record<string, string>>): object;
  pointer(type: object): object;
  sizeof(type: object): number;
}

interface NativeFunction {
  (...args: unknown[]): unknown;
  /** Calls it in a thread; the last argument is called with the error or the result. */
  async(...args: unknown[]): void;
}

const koffi = createRequire(import.meta.url)('koffi') as Koffi;

const [library = '', from = '', to = '', fileType = '', threads = ''] = process.argv.slice(2);

/** enum ggml_type: "no type chosen", which the defaults hold. It moves with every release that adds a type. */
const NO_TYPE = 43;
/** Q8_0 of enum llama_ftype, the default of llama.cpp v0.5.0. */
const DEFAULT_FILE_TYPE = 7;
/** Rows of tensors in memory at once. */
const BUFFER_BYTES = 64 << 20;

interface Parameters {
  nthread: number;
  ftype: number;
  output_tensor_type: number;
  token_embedding_type: number;
  quantize_output_tensor: boolean;
  pure: boolean;
  imatrix: unknown;
  max_buf_size: number | bigint;
}

const llama = koffi.load(library);
const parametersType = koffi.struct('llama_model_quantize_params', {
  nthread: 'int32_t',
  ftype: 'int32_t',
  output_tensor_type: 'int32_t',
  token_embedding_type: 'int32_t',
  allow_requantize: 'bool',
  quantize_output_tensor: 'bool',
  only_copy: 'bool',
  pure: 'bool',
  keep_split: 'bool',
  dry_run: 'bool',
  imatrix: 'void *',
  kv_overrides: 'void *',
  tt_overrides: 'void *',
  prune_layers: 'void *',
  max_buf_size: 'size_t',
});
const defaults = llama.func('llama_model_quantize_default_params', parametersType, [])() as Parameters;
const quantize = llama.func('llama_model_quantize', 'uint32_t', ['str', 'str', koffi.pointer(parametersType)]);

// The layout is no stable interface: another release may have moved fields, and a wrong one would write nonsense.
const known =
  koffi.sizeof(parametersType) === 64 &&
  defaults.nthread === 0 &&
  defaults.ftype === DEFAULT_FILE_TYPE &&
  defaults.output_tensor_type === NO_TYPE &&
  defaults.token_embedding_type === NO_TYPE &&
  defaults.quantize_output_tensor &&
  !defaults.pure &&
  defaults.imatrix === null;
if (!known) process.exit(3);
const parameters = {...defaults, nthread: Number(threads), ftype: Number(fileType), max_buf_size: BUFFER_BYTES};
// In a thread, so that this one hears when nobody is left to wait for the result. By a signal: a proper exit would wait for
// the thread.
const endNow = () => process.kill(process.pid, 'SIGKILL');
process.on('disconnect', endNow);
if (!process.connected) endNow();
quantize.async(from, to, parameters, (error: unknown, status: unknown) => {
  if (error) console.error(error);
  process.exit(!error && status === 0 ? 0 : 1);
});
