// Folders that hold something other than the plain weights of a model, recognised before any tensor is read.
import {basename} from 'node:path';
import {EngineError} from '../../../base/errors.ts';
import type {ConfigFile} from './config-file.ts';

/** `quant_method` of a config.json, and what people call it. fp8 is not here: it is converted. */
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
];

/** `names` are those of the tensors. @throws EngineError `model_unsupported` for weights quantised for another program, and for heads that only draft. */
export function refuseOtherForms(folder: string, config: ConfigFile, names: readonly string[]): void {
  const form = formInConfig(config) ?? formInTensors(names);
  if (form !== undefined) {
    throw new EngineError('model_unsupported', `${folder} is quantised for GPUs (${form})`, {
      hint: 'Take the unquantised folder, or a GGUF: mistral pull NAME.',
    });
  }
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
  if (quantised && method !== undefined) {
    if (method === 'compressed-tensors') {
      const format = quantised.string('format') ?? '';
      // FP8 with its scales, which is converted.
      return /^(float-quantized|naive-quantized|dense)$/.test(format) ? undefined : `compressed-tensors, ${format}`;
    }
    const name = METHODS[method.toLowerCase()];
    return name && withBits(name, quantised);
  }
  // MLX names no method.
  const mlx = config.object('quantization');
  return mlx?.has('group_size') && mlx.has('bits') ? withBits('MLX', mlx) : undefined;
}

function withBits(name: string, quantised: ConfigFile): string {
  if (quantised.boolean('load_in_4bit')) return `${name}, 4 bit`;
  if (quantised.boolean('load_in_8bit')) return `${name}, 8 bit`;
  const bits = quantised.number('bits') ?? quantised.number('w_bit');
  return bits === undefined ? name : `${name}, ${bits} bit`;
}

function formInTensors(names: readonly string[]): string | undefined {
  return TENSORS.find(([pattern]) => names.some((name) => pattern.test(name)))?.[1];
}
