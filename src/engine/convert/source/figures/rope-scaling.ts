// YaRN in both formats: what the files ask attention to be multiplied with.
import {type Yarn, yarnScale} from '../../tensors/yarn-keys.ts';
import type {ConfigFile} from '../config-file.ts';
import {cannotConvert, type FigureOptions} from './read-figures.ts';

/**
 * Of params.json. `apply_scale` false means no scale at all (vLLM and SGLang read it so); in latent attention the scale is
 * on the whole of every key, so it is the softmax's.
 */
export function mistralYarn(file: ConfigFile, isLatent: boolean): Yarn | undefined {
  const yarn = file.object('yarn');
  if (yarn === undefined) return undefined;
  const factor = yarn.need('factor');
  const scale = yarn.boolean('apply_scale') === false ? 1 : yarnScale(factor);
  return {
    factor,
    betaFast: yarn.need('beta'),
    betaSlow: yarn.need('alpha'),
    originalContext: yarn.need('original_max_position_embeddings'),
    rotaryScale: isLatent ? 1 : scale,
    softmaxScale: isLatent ? scale ** 2 : 1,
  };
}

/** Where config.json keeps it: newer and older name. */
export function ropeParameters(text: ConfigFile): ConfigFile | undefined {
  return text.object('rope_parameters') ?? text.object('rope_scaling');
}

/**
 * Of config.json, as transformers 5.24 reads it, but for one case: Small 4's says `mscale` 1 and `mscale_all_dim` 1 for
 * what params.json calls `apply_scale` false. Without `ropeScale` latent attention takes it for that, with a note.
 * @throws EngineError `model_unsupported` for another kind of scaling.
 */
export function hfYarn(text: ConfigFile, isLatent: boolean, options: FigureOptions, notes: string[]): Yarn | undefined {
  const rope = ropeParameters(text);
  const kind = rope?.keys.find((key) => rope.object(key) !== undefined);
  if (kind !== undefined) throw cannotConvert(text, `rotary parameters of their own for "${kind}" cannot be converted`);
  const type = rope?.string('rope_type') ?? rope?.string('type') ?? 'default';
  if (type !== 'default' && type !== 'yarn') throw cannotConvert(text, `rotary scaling "${type}" cannot be converted`);
  if (rope === undefined || type === 'default') return undefined;
  if (rope.boolean('truncate') === false) throw cannotConvert(text, 'YaRN without "truncate" cannot be converted');
  const factor = rope.need('factor');
  const [all, one] = [rope.number('mscale_all_dim') ?? 0, rope.number('mscale') ?? 0];
  const ratio = all > 0 && one > 0 ? yarnScale(factor, one) / yarnScale(factor, all) : yarnScale(factor);
  const common = {
    factor,
    betaFast: rope.number('beta_fast') ?? 32,
    betaSlow: rope.number('beta_slow') ?? 1,
    originalContext: rope.need('original_max_position_embeddings'),
    rotaryScale: rope.number('attention_factor') ?? ratio,
  };
  if (!isLatent) return {...common, softmaxScale: 1};
  if (options.ropeScale === 'config') options.heeded?.add('ropeScale');
  const softmaxScale = all > 0 ? yarnScale(factor, all) ** 2 : 1;
  if (all !== 1 || one !== 1 || options.ropeScale === 'config') return {...common, softmaxScale};
  notes.push(
    `The scale of attention is 1, as Mistral's params.json of such models asks for; --rope-scale config takes config.json's ${softmaxScale.toFixed(2)}, as transformers does.`,
  );
  return {...common, rotaryScale: 1, softmaxScale: 1};
}
