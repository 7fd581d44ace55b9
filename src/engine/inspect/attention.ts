// What a file asks of attention beside its sizes: how far layers see, and what YaRN multiplies with.
import type {GgufFile} from '../gguf/read-header.ts';

export interface AttentionReport {
  /** Undefined where every layer sees all. */
  readonly window?: {
    /** Tokens. */
    readonly size: number;
    /** Layers that slide; undefined where the file does not say which. */
    readonly layers: number | undefined;
  };
  readonly yarn?: YarnReport;
}

export interface YarnReport {
  readonly factor: number;
  /** Tokens. */
  readonly originalContext: number | undefined;
  /** What the rotated part of queries and keys is multiplied with. */
  readonly rotaryScale: number;
  /** Of latent attention: what the softmax's 1/sqrt(head length) is multiplied with. */
  readonly softmaxScale?: number;
}

/** Architectures of latent attention. `deepseek2` takes the multiplier for both scales, `mistral4` for one. */
const LATENT = ['mistral4', 'deepseek2'];
/** The others that read the multiplier. */
const READS_MULTIPLIER = ['mistral3', ...LATENT];

/** By what llama.cpp v0.5.0 makes of the keys (llama-context.cpp, models/deepseek2.cpp). */
export function attentionReport({metadata}: GgufFile): AttentionReport {
  const architecture = metadata.string('general.architecture') ?? '';
  const key = (name: string) => `${architecture}.${name}`;
  const number = (name: string) => metadata.number(key(name));
  const size = number('attention.sliding_window') ?? 0;
  const pattern = metadata.numbers(key('attention.sliding_window_pattern'));
  const window = size > 0 && {size, layers: pattern?.filter((slides) => slides !== 0).length};
  const yarn = metadata.string(key('rope.scaling.type')) === 'yarn' && yarnReport(architecture, number);
  return {...(window && {window}), ...(yarn && {yarn})};
}

function yarnReport(architecture: string, number: (name: string) => number | undefined): YarnReport | undefined {
  const factor = number('rope.scaling.factor') ?? 1;
  const of = (m: number) => (factor <= 1 ? 1 : 1 + 0.1 * m * Math.log(factor));
  const isLatent = LATENT.includes(architecture);
  const written = number('rope.scaling.yarn_log_multiplier') ?? 0;
  const multiplier = READS_MULTIPLIER.includes(architecture) ? written * (isLatent ? 10 : 1) : 0;
  const isBoth = architecture === 'deepseek2' && multiplier !== 0;
  const own = (number('rope.scaling.attn_factor') ?? 1) * (isBoth ? 1 : of(1) / of(multiplier));
  return {
    factor,
    originalContext: number('rope.scaling.original_context_length'),
    rotaryScale: own,
    ...(isLatent && {softmaxScale: (own * of(multiplier)) ** 2}),
  };
}

/**
 * A note for latent attention that is scaled as llama.cpp's converter writes it: Mistral's figures and transformers' reading
 * of config.json ask for different things. Neutral: no published weights could be compared.
 */
export function scaleNote({yarn}: AttentionReport): string | undefined {
  if (yarn?.softmaxScale === undefined || yarn.factor <= 1) return undefined;
  const whole = (1 + 0.1 * Math.log(yarn.factor)) ** 2;
  if (Math.abs(yarn.softmaxScale - whole) > 1e-3) return undefined;
  return `attention is scaled by ${whole.toFixed(2)}, as llama.cpp's converter writes it: a params.json with "apply_scale" false asks for 1, config.json as transformers reads it for this`;
}
