// Typed access to the fields of a params.json or config.json, with errors that name the file and the field.
import {EngineError} from '../../../base/errors.ts';
import {JSON_FILE, recognise} from '../../../base/files/recognise-file.ts';
import {readRegular} from '../../../base/files/regular-file.ts';
import {parsePlainJson} from '../../../base/plain-json.ts';
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

/** Throws EngineError model_invalid when the file is no JSON object, and says what it is. */
export function readConfigFile(path: string): ConfigFile {
  const bytes = readRegular(path);
  let value: unknown;
  try {
    value = parsePlainJson(bytes);
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

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

/** Begins as the file has it: a value can be as long as the file. */
function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
