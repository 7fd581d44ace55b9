// Typed access to the fields of a params.json or config.json, with errors that name the file and the field.
import {EngineError} from '../../../base/errors.ts';
import {JSON_FILE, recognise} from '../../../base/files/recognise-file.ts';
import {readRegular} from '../../../base/files/regular-file.ts';
import {parseJson, toPlain} from '../../../base/json.ts';
import {MOST_JSON_LEVELS, parsePlainJson} from '../../../base/plain-json.ts';
import {outOfBounds} from './config-bounds.ts';

/** A JSON object of a configuration file. */
export class ConfigFile {
  readonly path: string;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #prefix: string;

  constructor(path: string, values: Readonly<Record<string, unknown>>, prefix = '') {
    this.path = path;
    this.#values = values;
    this.#prefix = prefix;
  }

  /** Whether the field is there and not null. */
  has(key: string): boolean {
    return this.#values[key] !== undefined && this.#values[key] !== null;
  }

  get keys(): readonly string[] {
    return Object.keys(this.#values);
  }

  isEmpty(): boolean {
    return Object.keys(this.#values).length === 0;
  }

  /** As JSON has it; undefined when absent. */
  value(key: string): unknown {
    return this.#values[key];
  }

  string(key: string): string | undefined {
    const value = this.#values[key];
    return typeof value === 'string' ? value : undefined;
  }

  boolean(key: string): boolean | undefined {
    const value = this.#values[key];
    return typeof value === 'boolean' ? value : undefined;
  }

  /** A number that this field can be. @throws EngineError `model_invalid` for anything else that is not null. */
  number(key: string): number | undefined {
    const value = this.#values[key];
    if (value === undefined || value === null) return undefined;
    const wrong = typeof value === 'number' ? outOfBounds(key, value) : 'which is no size';
    if (wrong === undefined) return value as number;
    throw this.invalid(`"${this.#prefix}${key}" is ${shown(value)}, ${wrong}`);
  }

  /** A number that must be there and be above 0. */
  need(key: string): number {
    const value = this.number(key);
    if (value === undefined || value === 0) throw this.invalid(`"${this.#prefix}${key}" is missing`);
    return value;
  }

  /** A list of numbers, each of which this field can be, or null; undefined where there is no list. @throws EngineError `model_invalid` for anything else in it. */
  numbersOrNull(key: string): readonly (number | null)[] | undefined {
    const value = this.#values[key];
    if (!Array.isArray(value) || value.length === 0) return undefined;
    for (const item of value as unknown[]) {
      const wrong = typeof item === 'number' ? outOfBounds(key, item) : item === null ? undefined : 'which is no size';
      if (wrong !== undefined) throw this.invalid(`"${this.#prefix}${key}" holds ${shown(item)}, ${wrong}`);
    }
    return value as (number | null)[];
  }

  /** The numbers of a list, of any size; undefined where there is no list of numbers. */
  numbers(key: string): readonly number[] | undefined {
    const value = this.#values[key];
    return Array.isArray(value) && value.every((item) => typeof item === 'number') ? value : undefined;
  }

  /** The texts of a list; undefined when absent. @throws EngineError `model_invalid` for anything else. */
  strings(key: string): readonly string[] | undefined {
    const value = this.#values[key];
    if (value === undefined || value === null) return undefined;
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    throw this.invalid(`"${this.#prefix}${key}" is ${shown(value)}, which is no list of names`);
  }

  /** Two sizes above 0; undefined when absent. @throws EngineError `model_invalid` for anything else. */
  pair(key: string): readonly [number, number] | undefined {
    const value = this.#values[key];
    if (value === undefined || value === null) return undefined;
    const sizes = Array.isArray(value) ? value : [];
    const [first, second] = sizes;
    if (sizes.length === 2 && isSize(first) && isSize(second)) return [first, second];
    throw this.invalid(`"${this.#prefix}${key}" is ${shown(value)}, which is no pair of sizes`);
  }

  /** A nested object; undefined when absent. */
  object(key: string): ConfigFile | undefined {
    const value = this.#values[key];
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return new ConfigFile(this.path, value as Record<string, unknown>, `${this.#prefix}${key}.`);
  }

  /** The objects of a list; none where there is no list. */
  objects(key: string): readonly ConfigFile[] {
    const value = this.#values[key];
    const items: readonly unknown[] = Array.isArray(value) ? value : [];
    return items.flatMap((item, i) =>
      typeof item === 'object' && item !== null
        ? new ConfigFile(this.path, item as Record<string, unknown>, `${this.#prefix}${key}[${i}].`)
        : [],
    );
  }

  invalid(what: string): EngineError {
    return new EngineError('model_invalid', `${this.path}: ${what}`, {
      hint: 'Fetch the file again from where the weights came from.',
    });
  }
}

/** @throws EngineError `model_invalid` when the file is no JSON object, and says what it is. */
export function readConfigFile(path: string): ConfigFile {
  const bytes = readRegular(path);
  let value: unknown;
  try {
    value = parse(bytes);
  } catch (cause) {
    const foreign = recognise(bytes);
    const what =
      foreign && foreign.kind !== JSON_FILE ? `is ${foreign.kind}` : `is not valid JSON: ${(cause as Error).message}`;
    const hint = foreign?.hint ?? 'Fetch the file again from where the weights came from.';
    throw new EngineError('model_invalid', `${path} ${what}`, {hint, cause});
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new EngineError('model_invalid', `${path} does not hold a JSON object`, {hint: 'Fetch the file again.'});
  }
  return new ConfigFile(path, value as Record<string, unknown>);
}

/** Python, which writes these files, also writes Infinity and NaN, as Mamba's `time_step_limit` has it. */
function parse(bytes: Buffer): unknown {
  try {
    return parsePlainJson(bytes);
  } catch (cause) {
    try {
      return toPlain(parseJson(bytes.toString(), {maxDepth: MOST_JSON_LEVELS}));
    } catch {
      throw cause;
    }
  }
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

/** Begins as the file has it: a value can be as long as the file. */
function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
