// Sliding windows: which layers see only the last tokens, in both formats, and when that cannot be kept exactly.
import type {SlidingWindow, Transformer} from '../../tensors/hyperparameters.ts';
import type {ConfigFile} from '../config-file.ts';
import {cannotConvert, type FigureOptions} from './read-figures.ts';

/** Figures before it is decided whether a window changes the architecture. */
export type WithoutWindow = Transformer & {readonly architecture: 'llama' | 'mistral3'};

/** The only betas of YaRN that `granite_swa` knows: it reads no keys of them (llama.cpp v0.5.0). */
const BETAS = [32, 1];

/**
 * Of params.json: one window for all layers, or a list that repeats over the layers, with null for those that see all.
 * mistral-inference takes `_sliding_window` where `sliding_window` is null.
 * @throws EngineError `model_unsupported` for windows of several sizes, `model_invalid` for what is no window.
 */
export function mistralWindow(file: ConfigFile, layers: number): SlidingWindow | undefined {
  const key = file.has('sliding_window') ? 'sliding_window' : '_sliding_window';
  const list = file.numbersOrNull(key);
  if (list === undefined) {
    const size = file.number(key) ?? 0;
    return size > 0 ? {size, slides: Array<boolean>(layers).fill(true)} : undefined;
  }
  const sizes = new Set(list.filter((size) => size !== null));
  const [size] = sizes;
  if (sizes.size > 1) throw cannotConvert(file, `windows of several sizes (${[...sizes].join(', ')}) in one model`);
  if (size === undefined) return undefined;
  return {size, slides: Array.from({length: layers}, (_, layer) => list[layer % list.length] !== null)};
}

/**
 * Of config.json: one window, and `layer_types` where not all layers slide.
 * @throws EngineError `model_unsupported` for layers of another kind, `model_invalid` for a list of another length.
 */
export function hfWindow(file: ConfigFile, layers: number): SlidingWindow | undefined {
  const size = file.number('sliding_window') ?? 0;
  const types = file.strings('layer_types');
  const other = types?.find((type) => type !== 'sliding_attention' && type !== 'full_attention');
  if (other !== undefined) throw cannotConvert(file, `layers of the kind "${other}" cannot be converted`);
  if (types !== undefined && types.length !== layers) {
    throw file.invalid(`"layer_types" names ${types.length} layers, there are ${layers}`);
  }
  if (size === 0) return undefined;
  return {size, slides: types?.map((type) => type === 'sliding_attention') ?? Array<boolean>(layers).fill(true)};
}

/**
 * The figures with their window, kept or left out. A window as long as the context is none.
 * @throws EngineError `model_unsupported` for a window that llama.cpp cannot keep together with the rest.
 */
export function withWindow(
  file: ConfigFile,
  model: WithoutWindow,
  window: SlidingWindow | undefined,
  {noWindow, heeded}: FigureOptions,
  notes: string[],
): Transformer {
  if (window === undefined || window.size >= model.context || !window.slides.includes(true)) return model;
  const {size, slides} = window;
  if (noWindow) {
    heeded?.add('noWindow');
    notes.push(`The sliding window is left out: beyond ${size} tokens the answers are others than the model's.`);
    return model;
  }
  const {yarn} = model;
  const why =
    model.temperatureScale !== undefined
      ? 'an attention temperature'
      : yarn && (yarn.betaFast !== BETAS[0] || yarn.betaSlow !== BETAS[1])
        ? `the YaRN betas ${yarn.betaFast} and ${yarn.betaSlow}`
        : undefined;
  if (why !== undefined) {
    throw cannotConvert(
      file,
      `llama.cpp cannot keep a sliding window of ${size} tokens together with ${why}`,
      `--no-window writes it without the window: right up to ${size} tokens.`,
    );
  }
  const sliding = slides.filter(Boolean).length;
  const layers = sliding === slides.length ? 'all layers' : `${sliding} of ${slides.length} layers`;
  notes.push(
    `A sliding window of ${size} tokens is kept for ${layers}: other programs need llama.cpp with the architecture granite_swa.`,
  );
  return {...model, architecture: 'granite_swa', window};
}
