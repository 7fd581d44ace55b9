// Finds and reads a LoRA adapter as it was trained: mistral-inference's lora.safetensors or a PEFT folder.
import {existsSync, statSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {EngineError} from '../../../base/errors.ts';
import {bareName, type Naming} from '../tensors/tensor-names.ts';
import {readSafetensors} from '../weights/safetensors.ts';
import type {SourceTensor} from '../weights/weights.ts';
import {type ConfigFile, readConfigFile} from './config-file.ts';

export interface AdapterFile {
  /** Of the factors. */
  readonly path: string;
  /** Whose names, and whose order of rotary rows, the factors have. */
  readonly naming: Naming;
  readonly factors: readonly Factor[];
  /** What llama.cpp divides by the rank to get the strength. */
  readonly alpha: (rank: number) => number;
}

export interface Factor {
  readonly source: SourceTensor;
  /** The weight it belongs to, in the names of `naming`. */
  readonly weight: string;
  readonly half: 'a' | 'b';
}

/** mistral-inference adds `scaling * B A x`, and takes this where nothing else is said. */
const DEFAULT_SCALING = 2;

const FILES = {mistral: 'lora.safetensors', config: 'adapter_config.json', peft: 'adapter_model.safetensors'};

/** The adapter in a folder or behind the path of one of its files; undefined when there is none. */
export function findAdapter(path: string): string | undefined {
  const stat = statSync(path, {throwIfNoEntry: false});
  if (stat === undefined) return undefined;
  if (!stat.isDirectory()) {
    if (basename(path) === FILES.config) return join(dirname(path), FILES.peft);
    return /(^|[-_.])(lora|adapter_model)[-_.].*safetensors$|^lora\.safetensors$/.test(basename(path))
      ? path
      : undefined;
  }
  return [FILES.mistral, FILES.peft].map((name) => join(path, name)).find((file) => existsSync(file));
}

/** `scaling` is mistral-inference's; a PEFT adapter has its own in adapter_config.json. Throws EngineError. */
export function readAdapter(path: string, scaling = DEFAULT_SCALING): AdapterFile {
  const factors = [...readSafetensors(path).values()].map((source) => toFactor(path, source));
  if (factors.length === 0) throw noAdapter(path);
  const config = join(dirname(path), FILES.config);
  if (basename(path) !== FILES.peft && !factors.some(({weight}) => weight.startsWith('model.'))) {
    return {path, naming: 'mistral', factors, alpha: (rank) => scaling * rank};
  }
  if (!existsSync(config)) {
    throw new EngineError('model_not_found', `${path} is a PEFT adapter, and there is no ${FILES.config} beside it`, {
      hint: 'Fetch it from where the adapter came from: it holds the strength.',
    });
  }
  return {path, naming: 'hf', factors, alpha: peftAlpha(readConfigFile(config))};
}

function toFactor(path: string, source: SourceTensor): Factor {
  const [, name, half] = /^(.*)\.lora_([AB])(?:\.default)?\.weight$/.exec(source.name) ?? [];
  if (name === undefined) throw noAdapter(path, source.name);
  const weight = bareName('hf', name.replace(/^base_model\.model\./, ''));
  return {source, weight: `${weight}.weight`, half: half === 'A' ? 'a' : 'b'};
}

function noAdapter(path: string, name?: string): EngineError {
  const why = name === undefined ? 'it holds no tensors' : `it holds "${name}"`;
  return new EngineError('model_invalid', `${path} is not a LoRA adapter that can be converted: ${why}`, {
    hint: 'Its tensors are pairs X.lora_A.weight and X.lora_B.weight of matrices; merge other adapters into their base first.',
  });
}

/** PEFT: strength is lora_alpha / r, with use_rslora lora_alpha / sqrt(r). Refuses what is more than two factors. */
function peftAlpha(config: ConfigFile): AdapterFile['alpha'] {
  const type = config.string('peft_type') ?? 'LORA';
  const bias = config.string('bias') ?? 'none';
  const isSet = (key: string) => config.has(key) && config.boolean(key) !== false;
  const patterns = ['rank_pattern', 'alpha_pattern'].filter((key) => config.object(key)?.isEmpty() === false);
  const unknown = [
    ...(type === 'LORA' ? [] : [`peft_type ${type}`]),
    ...(bias === 'none' ? [] : [`bias ${bias}`]),
    ...['use_dora', 'fan_in_fan_out', 'modules_to_save'].filter(isSet),
    ...patterns,
  ];
  if (unknown.length > 0) {
    throw new EngineError(
      'model_unsupported',
      `${config.path}: adapters with ${unknown.join(', ')} cannot be converted`,
      {
        hint: 'Merge the adapter into its base model (merge_and_unload) and convert the result.',
      },
    );
  }
  const alpha = config.need('lora_alpha');
  return (rank) => (config.boolean('use_rslora') ? alpha * Math.sqrt(rank) : alpha);
}
