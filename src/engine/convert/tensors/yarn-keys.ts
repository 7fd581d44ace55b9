// YaRN, which stretches positions: what it multiplies attention with, and the keys with which llama.cpp does that.
import type {GgufValue} from '../../gguf/write-header.ts';

export interface Yarn {
  readonly factor: number;
  readonly betaFast: number;
  readonly betaSlow: number;
  /** Tokens of the context before it was stretched. */
  readonly originalContext: number;
  /** What the rotated part of every query and key is multiplied with. */
  readonly rotaryScale: number;
  /** What the softmax's 1/sqrt(head length) is multiplied with; 1 outside of latent attention. */
  readonly softmaxScale: number;
}

/** YaRN's own scale of a factor: 1 + 0.1 m ln(factor), in transformers `get_mscale`. */
export function yarnScale(factor: number, m = 1): number {
  return factor <= 1 ? 1 : 1 + 0.1 * m * Math.log(factor);
}

/** Closer than this to a figure that has a key of its own, it is that figure. */
const SAME = 1e-9;
const isSame = (a: number, b: number) => Math.abs(a - b) < SAME;

const f32 = (value: number): GgufValue => ({type: 'f32', value});

/**
 * The keys for one architecture, by what llama.cpp v0.5.0 makes of them (llama-context.cpp, models/deepseek2.cpp). With g
 * for `yarnScale`, A for `attn_factor` and L for `yarn_log_multiplier`, of which `mistral4` takes ten times the key, it
 * scales rotated parts with A g(1) / g(L), and in latent attention the softmax with (A g(1))^2. `llama` and `granite_swa`
 * read neither L nor the betas.
 */
export function yarnKeys(yarn: Yarn, architecture: string): [string, GgufValue][] {
  const {factor, rotaryScale} = yarn;
  const own = yarnScale(factor);
  const keys: [string, GgufValue][] = [
    ['rope.scaling.type', {type: 'string', value: 'yarn'}],
    ['rope.scaling.factor', f32(factor)],
    ['rope.scaling.yarn_beta_fast', f32(yarn.betaFast)],
    ['rope.scaling.yarn_beta_slow', f32(yarn.betaSlow)],
  ];
  const original: [string, GgufValue] = [
    'rope.scaling.original_context_length',
    {type: 'u32', value: yarn.originalContext},
  ];
  if (architecture === 'mistral4') {
    const root = Math.sqrt(yarn.softmaxScale);
    const multiplier = factor > 1 ? (root / rotaryScale - 1) / Math.log(factor) : 0;
    return [...keys, ...attentionFactor(root / own), ...logMultiplier(multiplier), original];
  }
  if (architecture === 'granite_swa') return [...keys, ...attentionFactor(rotaryScale / own), original];
  // As llama.cpp's converter writes it, for the two figures that published models have.
  if (isSame(rotaryScale, 1)) return [...keys, ['rope.scaling.yarn_log_multiplier', f32(1)], original];
  return [...keys, ['rope.scaling.yarn_log_multiplier', f32(0)], ...attentionFactor(rotaryScale / own), original];
}

function attentionFactor(value: number): [string, GgufValue][] {
  return isSame(value, 1) ? [] : [['rope.scaling.attn_factor', f32(value)]];
}

function logMultiplier(value: number): [string, GgufValue][] {
  return isSame(value, 0) ? [] : [['rope.scaling.yarn_log_multiplier', f32(value)]];
}
