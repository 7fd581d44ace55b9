// A process of its own that calls llama_model_quantize of the engine's library: it can be killed at any time.
// Arguments: library, source file, target file, number of the file type, threads.
import {createRequire} from 'node:module';
import {argv, exit} from 'node:process';

/** What is used of koffi. An optional package: where it is missing, its own types are missing too. */
interface Koffi {
  load(path: string): {
    func(name: string, result: unknown, parameters: readonly unknown[]): (...args: unknown[]) => unknown;
  };
  struct(name: string, fields: Readonly<Record<string, string>>): object;
  pointer(type: object): object;
  sizeof(type: object): number;
}

const koffi = createRequire(import.meta.url)('koffi') as Koffi;

const [library = '', from = '', to = '', fileType = '', threads = ''] = argv.slice(2);

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
if (!known) exit(3);
const parameters = {...defaults, nthread: Number(threads), ftype: Number(fileType), max_buf_size: BUFFER_BYTES};
exit(quantize(from, to, parameters) === 0 ? 0 : 1);
