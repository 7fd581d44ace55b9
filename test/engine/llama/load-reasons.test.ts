// Every message that ends a load, as llama.cpp prints it, with what the user reads instead.
import {readdirSync, readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {loadFailure} from '../../../src/engine/llama/load-failure.ts';
import {LOAD_REASONS} from '../../../src/engine/llama/load-reasons.ts';

/** A piece of the message that the library holds as it is; the line it prints; the message of ours; its code. */
const MESSAGES: readonly (readonly [inLibrary: string, line: string, ours: string, code?: string])[] = [
  [
    "unknown model architecture: '",
    "unknown model architecture: 'clip'",
    'its architecture "clip" is not one this engine knows',
    'model_unsupported',
  ],
  [
    "unsupported model architecture: '",
    "unsupported model architecture: 'gptx'",
    'its architecture "gptx" is not one this engine knows',
    'model_unsupported',
  ],
  [
    'unknown architecture',
    'error loading model: unknown architecture',
    'its architecture is not one this engine knows',
    'model_unsupported',
  ],
  [
    'CLIP cannot be used as main model',
    'CLIP cannot be used as main model, use it with --mmproj instead',
    'it is a vision projector (mmproj), not a model',
  ],
  [
    "invalid magic characters: '%c%c%c%c', expected 'GGUF'",
    "gguf_init_from_file_ptr: invalid magic characters: 'PK', expected 'GGUF'",
    'it is not a GGUF file',
  ],
  [
    'is there a mismatch between the host and model endianness?',
    'gguf_init_from_reader: failed to load model: this GGUF file version 50331648 is extremely large, is there a mismatch between the host and model endianness?',
    'it was written for machines of the other byte order',
  ],
  ['bad GGUF version: %u', 'gguf_init_from_reader: bad GGUF version: 0', 'its GGUF version is not supported'],
  [
    'GGUFv1 is no longer supported',
    'gguf_init_from_reader: GGUFv1 is no longer supported, please use a more up-to-date version',
    'its GGUF version is not supported',
  ],
  [
    'this GGUF file is version %u but this software only supports up to version %d',
    'this GGUF file is version 9 but this software only supports up to version 3',
    'its GGUF version is not supported',
  ],
  [
    "failed to open GGUF file '%s' (%s)",
    "gguf_init_from_file: failed to open GGUF file '/m/a.gguf' (Permission denied)",
    'it cannot be opened: Permission denied',
    'io',
  ],
  [
    'failed to open %s: %s',
    'error loading model: failed to open /m/a.gguf: Too many open files',
    'it cannot be opened: Too many open files',
    'io',
  ],
  [
    'read error: %s',
    'error loading model: read error: Input/output error',
    'it cannot be read: Input/output error',
    'io',
  ],
  [
    'mmap failed: %s',
    'error loading model: mmap failed: No such device',
    'it cannot be mapped into memory: No such device',
    'io',
  ],
  [
    'illegal split file idx: %d (file: %s), model must be loaded with the first split',
    'illegal split file idx: 1 (file: m.gguf), model must be loaded with the first split',
    'it is a later part of a split model',
  ],
  [
    'failed to load GGUF split from %s',
    'llama_model_loader: failed to load GGUF split from m-00002-of-00002.gguf',
    'its part m-00002-of-00002.gguf cannot be read',
  ],
  ['invalid split file name: %s', 'invalid split file name: m.gguf', 'its part m.gguf cannot be read'],
  [
    'invalid split count, given: %zu splits, but expected %d',
    'invalid split count, given: 2 splits, but expected 3',
    'its parts do not belong together',
  ],
  [
    'invalid split file idx: %d (file: %s), expected %d',
    'invalid split file idx: 2 (file: a.gguf), expected 1',
    'its parts do not belong together',
  ],
  ['missing key %s in GGUF split %s', 'missing key split.no in GGUF split a.gguf', 'its parts do not belong together'],
  [
    'corrupted model: %d tensors expected but %d found',
    'corrupted model: 40 tensors expected but 39 found',
    'its parts hold 39 tensors of 40',
  ],
  [
    "tensor '%s' has offset %",
    "gguf_init_from_reader: tensor 'blk.0.attn_q.weight' has offset 4160, expected 4096",
    'the tensor "blk.0.attn_q.weight" begins at byte 4160 of the data, where 4096 is its place',
  ],
  [
    "tensor '%s' has invalid number of dimensions: %u > %u",
    "tensor 'a' has invalid number of dimensions: 5 > 4",
    'the tensor "a" has a shape that cannot be',
  ],
  [
    "tensor '%s' dimension %u has invalid number of elements: %li < 0",
    "tensor 'a' dimension 1 has invalid number of elements: -1 < 0",
    'the tensor "a" has a shape that cannot be',
  ],
  [
    "total number of elements in tensor '%s' with shape",
    "total number of elements in tensor 'a' with shape (1, 2, 3, 4) is >= 9223372036854775807",
    'the tensor "a" has a shape that cannot be',
  ],
  [
    "tensor '%s' with shape (%li, %li, %li, %li) has a size in bytes > %zu",
    "tensor 'a' with shape (1, 2, 3, 4) has a size in bytes > 99",
    'the tensor "a" has a size that cannot be',
  ],
  [
    "tensor '%s' size overflow, cannot accumulate size %zu + %zu",
    "tensor 'a' size overflow, cannot accumulate size 1 + 2",
    'the tensor "a" has a size that cannot be',
  ],
  [
    "tensor '%s' has invalid ggml type %d. should be in [0, %d)",
    "tensor 'a' has invalid ggml type 99. should be in [0, 42)",
    'the tensor "a" is of a type that this engine does not know',
  ],
  [
    'elements per row, not a multiple of block size (%',
    "tensor 'a' of type 8 (q8_0) has 33 elements per row, not a multiple of block size (32)",
    'the tensor "a" has rows that its type cannot hold',
  ],
  [
    "tensor '%s' has invalid data",
    "load_all_data: tensor 'a' has invalid data",
    'the tensor "a" holds values that are no numbers',
  ],
  ['found tensors with invalid data', 'found tensors with invalid data', 'its tensors hold values that are no numbers'],
  [
    "duplicate tensor name '%s' for tensors",
    "duplicate tensor name 'a' for tensors 1 and 2",
    'the tensor "a" is there twice',
  ],
  [
    "invalid model: tensor '%s' is duplicated",
    "invalid model: tensor 'a' is duplicated",
    'the tensor "a" is there twice',
  ],
  ['tensor name %li is too long: %zu >= %d', 'tensor name 3 is too long: 99 >= 64', 'the name of a tensor is too long'],
  [
    "missing tensor '%s'",
    "error loading model: missing tensor 'token_embd.weight'",
    'the tensor "token_embd.weight" is missing',
  ],
  ["tensor '%s' not found", "check_tensor_dims: tensor 'a' not found", 'the tensor "a" is missing'],
  ["tensor '%s' not found in the model", "tensor 'a' not found in the model", 'the tensor "a" is missing'],
  [
    "tensor '%s' has wrong shape; expected %s, got %s",
    "tensor 'a' has wrong shape; expected 1, 2, got 3, 4",
    'the tensor "a" has another shape than the header says',
  ],
  [
    'wrong number of tensors; expected %d, got %d',
    'done_getting_tensors: wrong number of tensors; expected 23, got 21',
    'of its 23 tensors this engine uses 21: it holds more than a text model',
  ],
  [
    'too many tensors created; expected %d, got %d',
    'too many tensors created; expected 2, got 3',
    'its tensors do not fit its header',
  ],
  [
    'invalid layer %d for tensor %s',
    'invalid layer 9 for tensor blk.9.attn_q.weight',
    'the tensor "blk.9.attn_q.weight" belongs to a layer that it does not have',
  ],
  [
    'failed to find a compatible buffer type for tensor %s',
    'failed to find a compatible buffer type for tensor output.weight',
    'no device here can hold the tensor "output.weight"',
  ],
  [
    "duplicate key '%s' for tensors",
    "duplicate key 'general.name' for tensors 1 and 2",
    'its header has "general.name" twice',
  ],
  [
    "key '%s' has invalid GGUF type %d",
    "key 'a.b' has invalid GGUF type 77",
    'its header has "a.b" in a type that this engine does not know',
  ],
  [
    "key '%s' must be of type %s but is %s",
    "key 'general.alignment' must be of type u32 but is str",
    'its header has "general.alignment" as str, not u32',
  ],
  [
    'alignment %zu is not a power of 2',
    'gguf_init_from_reader: alignment 33 is not a power of 2',
    'general.alignment is 33, not a power of 2',
  ],
  [
    'general.alignment must be type u32',
    'general.alignment must be type u32',
    'general.alignment is not a number that it can be',
  ],
  ['key %li is empty', 'gguf_init_from_reader: key 3 is empty', 'its header has a key without a name'],
  ['number of tensors is %', 'number of tensors is -1 but must be in [0, 99]', 'its header counts -1 tensors'],
  [
    'number of key value pairs is %',
    'number of key value pairs is 88888 but must be in [0, 99]',
    'its header counts 88888 key value pairs',
  ],
  [
    'exceeds remaining file size',
    'read: string length 999 exceeds remaining file size 9 bytes',
    'its header has a text longer than the file',
  ],
  [
    'encountered length_error while reading key',
    'encountered length_error while reading key 3',
    'its header has a text longer than the file',
  ],
  [
    'key not found in model: %s',
    'error loading model hyperparameters: key not found in model: llama.context_length',
    'its header lacks "llama.context_length"',
  ],
  [
    'key %s has wrong type %s but expected type %s',
    'key llama.block_count has wrong type u64 but expected type u32',
    'its header has "llama.block_count" as u64, not u32',
  ],
  [
    'key %s has wrong array length; expected %u, got %u',
    'key llama.attention.head_count has wrong array length; expected 2, got 3',
    'its header has 3 values in "llama.attention.head_count", not 2',
  ],
  [
    'array length %u for key %s exceeds max %u',
    'array length 999 for key a.b exceeds max 512',
    'its header has 999 values in "a.b", this engine takes 512',
    'model_unsupported',
  ],
  [
    'n > N_MAX: %u > %u for key %s',
    'n > N_MAX: 600 > 512 for key a.b',
    'its header has 600 values in "a.b", this engine takes 512',
    'model_unsupported',
  ],
  ['array key not found in model: %s', 'array key not found in model: a.b', 'its header lacks "a.b"'],
  [
    'expected scalar, found array for key: %s',
    'expected scalar, found array for key: a.b',
    'its header has a list in "a.b"',
  ],
  [
    '%s has wrong array element type %s',
    'a.b has wrong array element type str',
    'its header has a list of another type in "a.b"',
  ],
  [
    '%s is not a string/float32/uint32/int32/uint64 array',
    'a.b is not a string/float32/uint32/int32/uint64 array',
    'its header has a list of another type in "a.b"',
  ],
  [
    'invalid n_rot: %u, expected %u',
    'invalid n_rot: 3, expected 32',
    'rope.dimension_count is 3, the heads ask for 32',
  ],
  [
    "unknown pre-tokenizer type: '%s'",
    "unknown pre-tokenizer type: 'tekken9'",
    'its vocabulary is cut in a way this engine does not know ("tekken9")',
    'model_unsupported',
  ],
  [
    "unknown tokenizer: '%s'",
    "error loading model vocabulary: unknown tokenizer: 'abc'",
    'its tokenizer "abc" is not one this engine knows',
    'model_unsupported',
  ],
  [
    'unsupported vocab type',
    'unsupported vocab type',
    'its tokenizer is not one this engine knows',
    'model_unsupported',
  ],
  [
    'cannot find tokenizer vocab in model file',
    'cannot find tokenizer vocab in model file',
    "its header lacks the tokenizer's vocabulary",
  ],
  [
    'cannot find tokenizer merges in model file',
    'cannot find tokenizer merges in model file',
    "its header lacks the tokenizer's merges",
  ],
  [
    'invalid gguf type for %s',
    'invalid gguf type for tokenizer.ggml.scores',
    'its header has "tokenizer.ggml.scores" in a type that cannot be',
  ],
  [
    "expect general.type to be 'adapter', but got: ",
    "expect general.type to be 'adapter', but got: model",
    'it is a model, not an adapter',
  ],
  [
    "expect adapter.type to be 'lora', but got: ",
    "expect adapter.type to be 'lora', but got: ia3",
    'it is an adapter of type "ia3", not lora',
  ],
  [
    'lora_a tensor is not transposed',
    'lora_a tensor is not transposed (hint: adapter from "finetune" example is no longer supported)',
    'it is an adapter of the old "finetune" program',
  ],
  [
    'model arch and LoRA arch mismatch',
    'failed to apply lora adapter: model arch and LoRA arch mismatch',
    'it was made for a model of another architecture',
  ],
  [
    "' does not exist in base model (hint: maybe wrong base model?)",
    "LoRA tensor 'a' does not exist in base model (hint: maybe wrong base model?)",
    'it changes "a", which the model does not have',
  ],
  [
    "' has incorrect shape (hint: maybe wrong base model?)",
    "tensor 'a' has incorrect shape (hint: maybe wrong base model?)",
    'it changes "a" in another shape than the model\'s',
  ],
  [
    "' has unexpected suffix",
    "LoRA tensor 'a.c' has unexpected suffix",
    '"a.c" in it is not half of a pair of matrices',
  ],
  [
    "' is missing one component",
    "LoRA tensor pair for 'a' is missing one component",
    '"a" in it is not half of a pair of matrices',
  ],
  [
    "LoRA tensor '%s' data is not within the file bounds",
    "LoRA tensor 'a' data is not within the file bounds, file is corrupted or incomplete",
    'the file ends before its last tensor',
  ],
  [
    '%s: K cache type %s with block size %u does not divide n_embd_head_k=%u',
    'llama_init_from_model: K cache type q8_0 with block size 32 does not divide n_embd_head_k=80',
    'a cache of type q8_0 does not divide its head length of 80',
    'unsupported',
  ],
  [
    'model does not support different K (%s) and V (%s) cache types',
    'model does not support different K (q8_0) and V (f16) cache types',
    'its cache cannot be of this type',
    'unsupported',
  ],
  [
    'quantized V cache requires flash_attn to be enabled',
    'quantized V cache requires flash_attn to be enabled',
    'its cache cannot be of this type',
    'unsupported',
  ],
  [
    'failed to allocate buffer for kv cache',
    'failed to initialize the context: failed to allocate buffer for kv cache',
    'there is not enough memory for it',
    'out_of_memory',
  ],
  [
    'failed to allocate compute pp buffers',
    'failed to allocate compute pp buffers',
    'there is not enough memory for it',
    'out_of_memory',
  ],
  [
    'failed to reserve initial output buffer',
    'failed to reserve initial output buffer',
    'there is not enough memory for it',
    'out_of_memory',
  ],
  [
    'mmap failed: %s',
    'error loading model: mmap failed: Cannot allocate memory',
    'there is not enough memory for it',
    'out_of_memory',
  ],
  [
    'encountered bad_alloc error while reading key',
    'encountered bad_alloc error while reading key 3',
    'there is not enough memory for it',
    'out_of_memory',
  ],
  [
    'failed to initialize CPU backend',
    'failed to initialize CPU backend',
    'the engine found no device that computes it',
    'unsupported',
  ],
  [
    'no CPU backend found',
    'llama_adapter_lora_init_impl: no CPU backend found',
    'the engine found no device that computes it',
    'unsupported',
  ],
  [
    'no backends are loaded. hint:',
    'no backends are loaded. hint: use ggml_backend_load() or ggml_backend_load_all() to load a backend before calling this function',
    'the engine found no device that computes it',
    'unsupported',
  ],
  [
    "tensor '%s' data is not within the file bounds",
    "tensor 'a' data is not within the file bounds, model is corrupted or incomplete",
    'the file ends before its last tensor',
  ],
  [
    'unexpectedly reached end of file',
    'error loading model: unexpectedly reached end of file',
    'the file ends before its last tensor',
  ],
  ['failed to read magic', 'gguf_init_from_reader: failed to read magic', 'the file ends inside its header'],
  [
    'failed to read key-value pairs',
    'gguf_init_from_reader: failed to read key-value pairs',
    'the file ends inside its header',
  ],
  [
    'failed to read tensor info',
    'gguf_init_from_reader: failed to read tensor info',
    'the file ends inside its header',
  ],
  [
    'failed to read tensor data',
    'gguf_init_from_reader: failed to read tensor data',
    'the file ends before its last tensor',
  ],
];

const cases = MESSAGES.map(([, line, ours, code = 'model_invalid']) => ({line, ours, code}));
test.each(cases)('$line', ({line, ours, code}) => {
  const failure = loadFailure('/m/m.gguf', new Error('Failed to load model'), [
    'loading',
    line,
    'failed to load model',
  ]);
  expect([failure.message, failure.code]).toEqual([`m.gguf cannot be loaded: ${ours}`, code]);
  expect(failure.hint).not.toContain('--verbose');
});

test('no row of the table is without a message', () => {
  const told = new Set(MESSAGES.map(([, line]) => LOAD_REASONS.find(({pattern}) => pattern.test(line))));
  expect(LOAD_REASONS.filter((reason) => !told.has(reason)).map(({pattern}) => pattern.source)).toEqual([]);
});

test('behind the cause llama.cpp says in general what it could not read: the cause is told', () => {
  const log = [
    "gguf_init_from_reader: tensor 'a' has offset 4160, expected 4096",
    'gguf_init_from_reader: failed to read tensor data',
    'llama_model_load: error loading model: llama_model_loader: failed to load model from m.gguf',
  ];
  expect(loadFailure('m.gguf', new Error('Failed to load model'), log).message).toBe(
    'm.gguf cannot be loaded: the tensor "a" begins at byte 4160 of the data, where 4096 is its place',
  );
});

const folder = installedBuild();
describe.skipIf(folder === undefined)('the installed engine', () => {
  test('words its messages as the table reads them', () => {
    const names = readdirSync(folder as string).filter((name) => /^lib(llama|ggml-base)\b.*\.so$|\.node$/.test(name));
    const texts = names.map((name) => readFileSync(join(folder as string, name)));
    const missing = MESSAGES.filter(([inLibrary]) => !texts.some((text) => text.includes(inLibrary)));
    expect(missing.map(([inLibrary]) => inLibrary)).toEqual([]);
  });
});

/** Folder of the engine's build for Linux on this machine; undefined where it is not installed. */
function installedBuild(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const require = createRequire(import.meta.url);
  try {
    const engine = createRequire(require.resolve('node-llama-cpp'));
    const entry = engine.resolve(`@node-llama-cpp/linux-${process.arch}`);
    return join(entry, '..', '..', 'bins', `linux-${process.arch}`);
  } catch {
    return undefined;
  }
}
