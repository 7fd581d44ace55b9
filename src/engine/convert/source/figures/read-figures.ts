// What the readers of params.json and config.json have in common: what is asked of them and what they give.
import {EngineError} from '../../../../base/errors.ts';
import type {Hyperparameters} from '../../tensors/hyperparameters.ts';
import type {ConfigFile} from '../config-file.ts';

export interface FigureOptions {
  /** Rows of the embedding: they decide the vocabulary's size. */
  readonly embeddingRows: number;
  /** Context length that the user gives. */
  readonly context?: number | undefined;
  /** Context length of the other configuration file, taken where this one has none. */
  readonly otherContext?: number | undefined;
  /** Scale attention as transformers reads config.json. */
  readonly ropeScale?: 'config' | undefined;
  /** Leave sliding windows out. */
  readonly noWindow?: boolean | undefined;
  /** Takes the names of those options above that decided something. */
  readonly heeded?: Set<Choice>;
}

/** What a person can decide about a conversion. */
export type Choice = 'ropeScale' | 'noWindow';

export interface ReadFigures {
  readonly model: Hyperparameters;
  /** What was decided for want of a field, or left out: lines for people. */
  readonly notes: readonly string[];
}

/** A model of a kind that cannot be converted: `what` follows the name of the file. */
export function cannotConvert(file: ConfigFile, what: string, hint = 'Use a GGUF of this model.'): EngineError {
  return new EngineError('model_unsupported', `${file.path}: ${what}`, {hint});
}

export const VISION_LEFT_OUT = 'The vision encoder is left out: this program is text only.';
export const AUDIO_LEFT_OUT = 'The audio encoder is left out: this program is text only.';
