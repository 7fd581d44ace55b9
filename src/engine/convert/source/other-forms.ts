// Folders that hold something other than the plain weights of a model, recognised before any tensor is read.
import {readdirSync} from 'node:fs';
import {basename, join} from 'node:path';
import {EngineError} from '../../../base/errors.ts';
import {parsePlainJson} from '../../../base/plain-json.ts';
import {safetensorsNames} from '../weights/safetensors.ts';
import {ConfigFile, readConfigFile} from './config-file.ts';

/** `quant_method` of a config.json, and what people call it; one that is not here is called as it calls itself. */
const METHODS: Readonly<Record<string, string>> = {
  awq: 'AWQ',
  gptq: 'GPTQ',
  bitsandbytes: 'bitsandbytes',
  hqq: 'HQQ',
  exl2: 'EXL2',
  exl3: 'EXL3',
  quark: 'Quark',
  aqlm: 'AQLM',
  eetq: 'EETQ',
  quanto: 'Quanto',
  modelopt: 'ModelOpt',
  torchao: 'torchao',
  mxfp4: 'MXFP4',
};

/** Endings of tensors that tell it where the configuration does not; the more particular ones first. */
const TENSORS: readonly (readonly [RegExp, string])[] = [
  [/\.g_idx$/, 'GPTQ'],
  [/\.qweight$/, 'AWQ'],
  [/\.(SCB|weight\.(absmax|quant_map)|weight\.quant_state\..*)$/, 'bitsandbytes'],
  [/\.weight_packed$/, 'compressed-tensors'],
  [/\.weight_scale_2$/, 'ModelOpt NVFP4'],
  [/\.W_q$/, 'HQQ'],
  [/\.(q_weight|trellis)$/, 'EXL2 or EXL3'],
  [/\.biases$/, 'MLX'],
];

/** Files that only one of these programs writes beside the weights. */
const SIDE_FILES: readonly (readonly [string, string])[] = [
  ['quantize_config.json', 'GPTQ'],
  ['quant_config.json', 'AWQ'],
  ['hf_quant_config.json', 'ModelOpt'],
];

/** `form` is what the weights are quantised for, `what` the name or folder that was given. */
export function otherFormError(what: string, form: string): EngineError {
  return new EngineError('model_unsupported', `${what} is quantised for ${form}`, {
    hint: 'Take the unquantised folder, or a GGUF: mistral pull NAME.',
  });
}

/**
 * What weights are quantised for that only other programs read, such as `GPUs (AWQ, 4 bit)`; undefined for plain ones. By the
 * text of a config.json and the names beside it alone, for lists: no weights are read, and nothing is thrown.
 */
export function otherFormByConfig(config: string, files: readonly string[]): string | undefined {
  let values: unknown;
  try {
    values = parsePlainJson(config);
  } catch {
    // What is no JSON says nothing.
  }
  const isObject = typeof values === 'object' && values !== null;
  const read = isObject ? new ConfigFile('config.json', values as Record<string, unknown>) : undefined;
  return unlessDamaged(() => formOf(read, files, []));
}

/**
 * Of a folder in which no weights of a known name lie: what it is quantised as. Programs that quantise often give the
 * weights names of their own.
 */
export function otherFormOfFolder(folder: string): string | undefined {
  const files = readdirSync(folder);
  if (!files.includes('config.json')) return undefined;
  const config = unlessDamaged(() => readConfigFile(join(folder, 'config.json')));
  return unlessDamaged(() => formOf(config, files, tensorNames(folder, files)));
}

/** By their headers alone; the reader of weights tells what is damaged. */
function tensorNames(folder: string, files: readonly string[]): string[] {
  const weights = files.filter((name) => name.endsWith('.safetensors'));
  return weights.flatMap((name) => unlessDamaged(() => safetensorsNames(join(folder, name))) ?? []);
}

function unlessDamaged<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

function formOf(
  config: ConfigFile | undefined,
  files: readonly string[],
  tensors: readonly string[],
): string | undefined {
  const name =
    TENSORS.find(([pattern]) => tensors.some((tensor) => pattern.test(tensor)))?.[1] ??
    SIDE_FILES.find(([file]) => files.includes(file))?.[1];
  return (config && formInConfig(config)) ?? (name && told(name));
}

/**
 * `files` are those of the folder. Reads names of tensors alone: some of these forms have types that the reader of weights
 * does not know, others weights of other names.
 * @throws EngineError `model_unsupported` for weights quantised for another program, and for heads that only draft.
 */
export function refuseOtherForms(folder: string, config: ConfigFile, files: readonly string[]): void {
  const names = tensorNames(folder, files);
  const form = formOf(config, files, names);
  if (form !== undefined) throw otherFormError(folder, form);
  const layers = config.number('num_hidden_layers') ?? config.number('n_layers') ?? Number.POSITIVE_INFINITY;
  const isDraft = /eagle/i.test(basename(folder)) || /eagle/i.test(config.string('model_type') ?? '');
  if (isDraft || (layers < 4 && names.some((name) => /(^|\.)fc\.weight$/.test(name)))) {
    throw new EngineError('model_unsupported', `${folder} is a draft head: it only speeds up another model`, {
      hint: 'Give the folder of the model itself.',
    });
  }
}

function formInConfig(config: ConfigFile): string | undefined {
  const quantised = config.object('quantization_config') ?? config.object('text_config')?.object('quantization_config');
  const method = quantised?.string('quant_method') ?? quantised?.string('quant_algo');
  if (quantised && method) {
    if (method === 'compressed-tensors') {
      const format = quantised.string('format') ?? '';
      // FP8 with its scales, which is converted.
      const isPlain = /^(float-quantized|naive-quantized|dense)$/.test(format);
      return isPlain ? undefined : told(method, format);
    }
    const isPlain = /fp8|^none$/i.test(method);
    return isPlain ? undefined : withBits(METHODS[method.toLowerCase()] ?? method, quantised);
  }
  // MLX names no method.
  const mlx = config.object('quantization');
  return mlx?.has('group_size') && mlx.has('bits') && !mlx.has('quant_method') ? withBits('MLX', mlx) : undefined;
}

function withBits(name: string, quantised: ConfigFile): string {
  if (quantised.boolean('load_in_4bit')) return told(name, '4 bit');
  if (quantised.boolean('load_in_8bit')) return told(name, '8 bit');
  const bits = unlessDamaged(() => quantised.number('bits') ?? quantised.number('w_bit'));
  return told(name, bits === undefined ? undefined : `${bits} bit`);
}

function told(name: string, more?: string): string {
  const whose = name === 'MLX' ? "Apple's GPUs" : 'GPUs';
  return `${whose} (${more === undefined ? name : `${name}, ${more}`})`;
}
