// Which values of FP8 weights share a scale, as the configuration of a folder says it.
import type {BlockSize} from '../tensors/fp8-scale.ts';
import type {ConfigFile} from './config-file.ts';

/**
 * Hugging Face's `weight_block_size`, or the `block_structure` of compressed-tensors; undefined where neither is given.
 * @throws EngineError `model_invalid` for one that is no pair of sizes.
 */
export function fp8Blocks(config: ConfigFile): BlockSize | undefined {
  const quantised = config.object('quantization_config') ?? config.object('text_config')?.object('quantization_config');
  if (quantised === undefined) return undefined;
  const own = quantised.pair('weight_block_size');
  if (own !== undefined) return own;
  const groups = quantised.object('config_groups');
  for (const name of groups?.keys ?? []) {
    const found = groups?.object(name)?.object('weights')?.pair('block_structure');
    if (found !== undefined) return found;
  }
  return undefined;
}
