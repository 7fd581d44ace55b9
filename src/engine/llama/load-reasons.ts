// What llama.cpp's log says of a file, a context or an adapter that it refuses, in words of this program.
import type {ErrorCode} from '../../base/errors.ts';

export interface LoadReason {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  /** What is wrong, as a clause behind "NAME cannot be loaded: ". */
  readonly say: (match: RegExpMatchArray) => string;
  readonly hint: string;
}

const CONVERT = 'Convert the model again with a current converter.';
const DAMAGED = 'The file is damaged or badly made: get it again, or convert the model again with a current converter.';
const INCOMPLETE = 'The download is incomplete: fetch the file again.';
const SPLIT = 'Fetch all parts again, from one place, into one folder.';
const OTHER_BASE = 'Give the model that the adapter was trained on.';
const TOO_NEW = 'A newer model needs a newer mistral-chat; mistral list --available names models that it knows.';
const F16_CACHE = 'Leave out --kv-type, or say --kv-type f16.';

type Row = readonly [pattern: RegExp, say: string | LoadReason['say'], hint: string, code?: ErrorCode];

/** What is wrong with the header of one tensor: all begin alike, behind the name of the function. */
const badTensor = (what: RegExp, say: string): Row => [
  new RegExp(`tensor '([^']*)'.* (?:${what.source})`),
  ([, name]) => `the tensor "${name}" ${say}`,
  DAMAGED,
];

/**
 * The messages of llama.cpp v0.5.0 (gguf.cpp, llama-model-loader.cpp, llama-model.cpp, llama-hparams, llama-vocab.cpp,
 * llama-context.cpp, llama-adapter.cpp, llama-mmap.cpp) that end a load. The more particular comes first: a log often
 * has the cause in one line and "failed to read tensor data" in the next.
 */
const ROWS: readonly Row[] = [
  // What the file is.
  [
    /(?:unknown|unsupported) (?:model )?architecture(?:: '?([^'\s]*)'?)?/,
    ([, name]) => `its architecture${name ? ` "${name}"` : ''} is not one this engine knows`,
    'A vision projector or adapter is not a model; a newer model needs a newer mistral-chat.',
    'model_unsupported',
  ],
  [
    /CLIP cannot be used as main model/,
    'it is a vision projector (mmproj), not a model',
    'Give the model file beside it.',
  ],
  [/invalid magic|bad magic/i, 'it is not a GGUF file', 'Give a .gguf file or a folder with one.'],
  [/mismatch between the host and model endianness/, 'it was written for machines of the other byte order', CONVERT],
  [/bad GGUF version|GGUFv1|GGUF file is version/i, 'its GGUF version is not supported', CONVERT],
  [
    /failed to open (?:GGUF )?(?:file )?'?([^']*?)'?(?: \(|: )([^)]*)\)?$/,
    ([, , why]) => `it cannot be opened: ${why}`,
    'Look whether the file is still there and may be read.',
    'io',
  ],
  [
    /(?:read|lseek|ftell) error: (.*)$/,
    ([, why]) => `it cannot be read: ${why}`,
    'The disk or the network failed: try again.',
    'io',
  ],

  // Its parts.
  [
    /illegal split file idx|must be loaded with the first split/,
    'it is a later part of a split model',
    'Give the first part (-00001-of-...); the others are found beside it.',
  ],
  [
    /failed to load GGUF split from (.+)|invalid split file(?: name)?: (.+)/,
    ([, part, name]) => `its part ${part ?? name} cannot be read`,
    SPLIT,
  ],
  [/invalid split (?:count|file idx)|missing key \S+ in GGUF split/, 'its parts do not belong together', SPLIT],
  [
    /corrupted model: (\d+) tensors expected but (\d+) found/,
    ([, want, found]) => `its parts hold ${found} tensors of ${want}`,
    SPLIT,
  ],

  // Its tensors.
  [
    /tensor '([^']*)' has offset (\d+), expected (\d+)/,
    ([, name, at, expected]) => `the tensor "${name}" begins at byte ${at} of the data, where ${expected} is its place`,
    DAMAGED,
  ],
  badTensor(/has invalid number of (?:dimensions|elements)|with shape .* is >= -?\d+$/, 'has a shape that cannot be'),
  badTensor(/has a size in bytes >|size overflow/, 'has a size that cannot be'),
  badTensor(/has invalid ggml type/, 'is of a type that this engine does not know'),
  badTensor(/elements per row, not a multiple of block size/, 'has rows that its type cannot hold'),
  badTensor(/has invalid data/, 'holds values that are no numbers'),
  [/found tensors with invalid data/, 'its tensors hold values that are no numbers', DAMAGED],
  [
    /duplicate tensor name:? '?([^']+)'?|tensor '([^']+)' is duplicated/,
    ([, a, b]) => `the tensor "${a ?? b}" is there twice`,
    DAMAGED,
  ],
  [/tensor name -?\d+ is too long/, 'the name of a tensor is too long', DAMAGED],
  [
    /(?:missing tensor|tensor) '([^']+)'(?: not found(?: in the model)?)?$/,
    ([, name]) => `the tensor "${name}" is missing`,
    CONVERT,
  ],
  [
    /tensor '([^']+)' has wrong shape/,
    ([, name]) => `the tensor "${name}" has another shape than the header says`,
    CONVERT,
  ],
  [
    /wrong number of tensors; expected (\d+), got (\d+)/,
    ([, there, used]) => `of its ${there} tensors this engine uses ${used}: it holds more than a text model`,
    'Take a file of the text model alone: mistral list --available names some.',
  ],
  [/too many tensors created/, 'its tensors do not fit its header', CONVERT],
  [
    /invalid layer -?\d+ for tensor (\S+)/,
    ([, name]) => `the tensor "${name}" belongs to a layer that it does not have`,
    CONVERT,
  ],
  [
    /failed to find a compatible buffer type for tensor (\S+)/,
    ([, name]) => `no device here can hold the tensor "${name}"`,
    'Use --gpu off, or a file of another quantisation.',
  ],

  // Its header.
  [/duplicate key '([^']*)'/, ([, key]) => `its header has "${key}" twice`, DAMAGED],
  [
    /key '([^']*)' has invalid GGUF type/,
    ([, key]) => `its header has "${key}" in a type that this engine does not know`,
    DAMAGED,
  ],
  [
    /key '([^']*)' must be of type (\w+) but is (\w+)/,
    ([, key, want, is]) => `its header has "${key}" as ${is}, not ${want}`,
    CONVERT,
  ],
  [/alignment (\d+) is not a power of 2/, ([, figure]) => `general.alignment is ${figure}, not a power of 2`, DAMAGED],
  [/general\.alignment must be/, 'general.alignment is not a number that it can be', DAMAGED],
  [/key -?\d+ is empty/, 'its header has a key without a name', DAMAGED],
  [
    /number of (tensors|key value pairs) is (-?\d+) but must be/,
    ([, what, figure]) => `its header counts ${figure} ${what}`,
    DAMAGED,
  ],
  [/string length \d+ exceeds|encountered length_error/, 'its header has a text longer than the file', DAMAGED],
  [/key not found in model: (\S+)/, ([, key]) => `its header lacks "${key}"`, CONVERT],
  [
    /key (\S+) has wrong type (\S+) but expected type (\S+)/,
    ([, key, is, want]) => `its header has "${key}" as ${is}, not ${want}`,
    CONVERT,
  ],
  [
    /key (\S+) has wrong array length; expected (\d+), got (\d+)/,
    ([, key, want, got]) => `its header has ${got} values in "${key}", not ${want}`,
    CONVERT,
  ],
  [
    /array length (\d+) for key (\S+) exceeds max (\d+)|n > N_MAX: (\d+) > (\d+) for key (\S+)/,
    ([, got, key, most, figure, largest, name]) =>
      `its header has ${got ?? figure} values in "${key ?? name}", this engine takes ${most ?? largest}`,
    TOO_NEW,
    'model_unsupported',
  ],
  [/expected scalar, found array for key: (\S+)/, ([, key]) => `its header has a list in "${key}"`, CONVERT],
  [
    /(\S+) (?:has wrong array element type|is not a string\/float32)/,
    ([, key]) => `its header has a list of another type in "${key}"`,
    CONVERT,
  ],
  [
    /invalid n_rot: (\d+), expected (\d+)/,
    ([, is, want]) => `rope.dimension_count is ${is}, the heads ask for ${want}`,
    CONVERT,
  ],

  // Its vocabulary.
  [
    /unknown pre-tokenizer type: '?([^']*)'?/,
    ([, name]) => `its vocabulary is cut in a way this engine does not know ("${name}")`,
    TOO_NEW,
    'model_unsupported',
  ],
  [
    /unknown tokenizer: '?([^']*)'?|unsupported vocab type/,
    ([, name]) => `its tokenizer${name ? ` "${name}"` : ''} is not one this engine knows`,
    TOO_NEW,
    'model_unsupported',
  ],
  [
    /cannot find tokenizer (vocab|merges) in model file/,
    ([, what]) => `its header lacks the tokenizer's ${what === 'vocab' ? 'vocabulary' : what}`,
    CONVERT,
  ],
  [/invalid gguf type for (\S+)/, ([, key]) => `its header has "${key}" in a type that cannot be`, CONVERT],

  // An adapter.
  [/expect general\.type to be 'adapter'/, 'it is a model, not an adapter', 'Give a LoRA adapter in GGUF form.'],
  [
    /expect adapter\.type to be 'lora', but got: (.*)$/,
    ([, type]) => `it is an adapter of type "${type}", not lora`,
    'Give a LoRA adapter.',
  ],
  [
    /lora_a tensor is not transposed/,
    'it is an adapter of the old "finetune" program',
    'Make it again from the adapter in Hugging Face format: mistral convert.',
  ],
  [/model arch and LoRA arch mismatch/, 'it was made for a model of another architecture', OTHER_BASE],
  [
    /tensor '([^']*)' does not exist in base model/,
    ([, name]) => `it changes "${name}", which the model does not have`,
    OTHER_BASE,
  ],
  [
    /tensor '([^']*)' has incorrect shape/,
    ([, name]) => `it changes "${name}" in another shape than the model's`,
    OTHER_BASE,
  ],
  [
    /LoRA tensor '([^']*)' has unexpected suffix|LoRA tensor pair for '([^']*)' is missing one component/,
    ([, name, pair]) => `"${name ?? pair}" in it is not half of a pair of matrices`,
    'Make it again from the adapter in Hugging Face format: mistral convert.',
  ],

  // Its memory.
  [
    /mmap failed: (?!Cannot allocate)(.*)$/,
    ([, why]) => `it cannot be mapped into memory: ${why}`,
    'Say --no-mmap, or copy it to another disk.',
    'io',
  ],
  [
    /([KV]) cache type (\S+) with block size \d+ does not divide \S+?=(\d+)/,
    ([, , type, size]) => `a cache of type ${type} does not divide its head length of ${size}`,
    F16_CACHE,
    'unsupported',
  ],
  [
    /model does not support different K|quantized V cache requires flash_attn/,
    'its cache cannot be of this type',
    F16_CACHE,
    'unsupported',
  ],
  [
    /out of memory|failed to (?:re)?(?:allocate|reserve)|unable to allocate|cannot allocate|insufficient memory|too large for|bad_alloc|memory size overflow|posix_memalign failed/i,
    'there is not enough memory for it',
    'Use a smaller quantisation, a smaller --ctx, or fewer --gpu-layers.',
    'out_of_memory',
  ],
  [
    /failed to initialize (?:the )?(\S+ backend|memory module)|no backends are loaded|no CPU backend found/,
    'the engine found no device that computes it',
    'Use --gpu off, or install mistral-chat again on this machine.',
    'unsupported',
  ],

  // What stands behind the cause, or alone where the file ends.
  [
    /not within (?:the )?file bounds|unexpectedly reached end of (?:file|buffer)/,
    'the file ends before its last tensor',
    INCOMPLETE,
  ],
  [/failed to read (?:magic|header|key-value pairs|tensor info)/, 'the file ends inside its header', INCOMPLETE],
  [
    /failed to read tensor data|failed to seek to beginning of data/,
    'the file ends before its last tensor',
    INCOMPLETE,
  ],
];

export const LOAD_REASONS: readonly LoadReason[] = ROWS.map(([pattern, say, hint, code = 'model_invalid']) => ({
  pattern,
  code,
  say: typeof say === 'string' ? () => say : say,
  hint,
}));
