// The figures in a model's header, each within the bounds it can have: nothing is sized by one that was not checked.
import {EngineError} from '../../../base/errors.ts';
import type {GgufFile} from '../read-header.ts';

/** The whole numbers a figure may be, both ends included. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** The largest figures any model may have: beyond them a number is damage, and what it would size would not fit. */
export const LARGEST = {
  layers: 512,
  heads: 2 ** 16,
  experts: 1024,
  dimensions: 2 ** 20,
  feedForward: 2 ** 24,
  vocabulary: 2 ** 22,
  context: 2 ** 31 - 1,
} as const;

const DAMAGED =
  'The file is damaged or was made by a faulty converter: download it again, or another file of the model.';

/** The error for a header whose figures cannot be those of a model. */
export function impossible({path}: Pick<GgufFile, 'path'>, what: string): EngineError {
  return new EngineError('model_invalid', `${path}: ${what}`, {hint: DAMAGED});
}

/** Figures under the prefix of the file's architecture. */
export class Figures {
  readonly file: GgufFile;
  readonly architecture: string;

  constructor(file: GgufFile) {
    this.file = file;
    this.architecture = file.metadata.string('general.architecture') ?? 'unknown';
  }

  key(name: string): string {
    return `${this.architecture}.${name}`;
  }

  /** As the file has it, unchecked. */
  number(name: string): number | undefined {
    return this.file.metadata.number(this.key(name));
  }

  /** A figure that is one for all layers or a list with one for each; undefined where it is neither. */
  each(name: string): ArrayLike<number> | undefined {
    const one = this.number(name);
    return one === undefined ? this.file.metadata.numbers(this.key(name)) : [one];
  }

  /** The figure of one layer, from 0. */
  at(name: string, layer: number): number | undefined {
    const values = this.each(name);
    return values && (values.length > 1 ? values[layer] : values[0]);
  }

  /** @throws EngineError `model_invalid` unless it is a whole number within the bounds, or absent. */
  whole(name: string, bounds: Bounds): number | undefined {
    const value = this.number(name);
    if (value !== undefined) this.#within(name, value, bounds);
    return value;
  }

  /** @throws EngineError `model_invalid` unless it is there and a whole number within the bounds. */
  needed(name: string, bounds: Bounds): number {
    return this.whole(name, bounds) ?? this.refuse(`${this.key(name)} is missing`);
  }

  /** Every value of a list, or the one for all. @throws EngineError `model_invalid` as `whole`. */
  wholeEach(name: string, bounds: Bounds): ArrayLike<number> | undefined {
    const values = this.each(name);
    for (let i = 0; i < (values?.length ?? 0); i++) this.#within(name, values?.[i] as number, bounds);
    return values?.length === 0 ? undefined : values;
  }

  /** @throws EngineError `model_invalid` as `needed`. */
  neededEach(name: string, bounds: Bounds): ArrayLike<number> {
    return this.wholeEach(name, bounds) ?? this.refuse(`${this.key(name)} is missing`);
  }

  /** @throws EngineError `model_invalid` unless it is a number from `min` to `max`, or absent. NaN is neither. */
  real(name: string, min: number, max: number): number | undefined {
    const value = this.number(name);
    if (value === undefined || (value >= min && value <= max)) return value;
    return this.refuse(`${this.key(name)} is ${value}, not from ${min} to ${max}`);
  }

  /** @throws EngineError `model_invalid` with the file's name and `what`. */
  refuse(what: string): never {
    throw impossible(this.file, what);
  }

  #within(name: string, value: number, {min, max}: Bounds): void {
    if (Number.isInteger(value) && value >= min && value <= max) return;
    this.refuse(`${this.key(name)} is ${value}, not a whole number from ${min} to ${max}`);
  }
}

/**
 * The number of layers, 0 where the header gives none.
 * @throws EngineError `model_invalid` for one that no model has (llama.cpp's LLAMA_MAX_LAYERS).
 */
export function layerCount(file: GgufFile): number {
  return new Figures(file).whole('block_count', {min: 0, max: LARGEST.layers}) ?? 0;
}
