// What llama.cpp v0.5.0 can compute of latent attention: figures beyond it would be computed wrongly, or not at all.
import type {Latent} from '../../tensors/hyperparameters.ts';
import type {ConfigFile} from '../config-file.ts';
import {cannotConvert} from './read-figures.ts';

/** It takes models of so many layers for DeepSeek's "lite" ones, whose queries have no rank. */
const LITE_LAYERS = [26, 27];

/** The same figures. @throws EngineError `model_unsupported` with the figure that is at fault. */
export function checkLatent(file: ConfigFile, model: Latent): Latent {
  const {layers, queryRank, experts} = model;
  const refuse = (what: string): never => {
    throw cannotConvert(file, `latent attention with ${what} cannot be converted`);
  };
  if (queryRank === 0) refuse('queries without a rank ("q_lora_rank")');
  if (LITE_LAYERS.includes(layers)) refuse(`${layers} layers, which llama.cpp takes for another model's,`);
  if (experts.groups > 1 && experts.groupsUsed >= experts.groups) {
    refuse(`all of ${experts.groups} groups of experts in use`);
  }
  if (file.has('sliding_window')) refuse('a sliding window');
  return model;
}
