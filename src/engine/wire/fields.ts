// Typed access to the members of a JSON object somebody sent: every fault names the path of its field.
import {isJsonArray, isJsonNumber, isJsonObject, type Json, type JsonObject} from '../../base/json.ts';
import {Refusal} from '../contract/refusal.ts';
import {isInRange, type Range, rangeText} from '../contract/sampling-table.ts';
import {asBoolean} from './pydantic-boolean.ts';

/**
 * `exact`: what mistral-common's own request takes, and nothing else. `strict`: also what the APIs say to a server;
 * unknown fields are refused. `lenient`: what servers do for the sake of their clients, unknown fields are ignored and
 * reported.
 */
export type Dialect = 'exact' | 'strict' | 'lenient';

/** How a whole request is read: the dialect, and the paths of the fields that were ignored. */
export interface ReadContext {
  readonly dialect: Dialect;
  readonly ignored: string[];
}

/** Members that are null count as absent. */
export class Fields {
  readonly path: string;
  readonly context: ReadContext;
  private readonly object: JsonObject;

  /** @throws Refusal when `json` is no object. */
  constructor(json: Json | undefined, path: string, context: ReadContext) {
    if (!isJsonObject(json)) throw wrongType(path, 'an object');
    this.object = json;
    this.path = path;
    this.context = context;
  }

  /** Refuses, or reports (lenient), every member that is not named. */
  only(known: readonly string[]): void {
    for (const name of this.object.keys()) {
      if (known.includes(name)) continue;
      if (this.context.dialect !== 'lenient') throw unknownField(this.pathOf(name));
      this.context.ignored.push(this.pathOf(name));
    }
  }

  pathOf(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }

  /** The names of all members, in the order they were written. */
  names(): readonly string[] {
    return [...this.object.keys()];
  }

  /** The same object without one of its members. */
  without(name: string): Fields {
    return new Fields(new Map([...this.object].filter(([key]) => key !== name)), this.path, this.context);
  }

  has(name: string): boolean {
    return this.object.has(name);
  }

  /** Refuses (exact) these members when they are null: absence has another meaning there. */
  notNull(...names: readonly string[]): void {
    if (this.context.dialect !== 'exact') return;
    const name = names.find((one) => this.object.get(one) === null);
    if (name !== undefined) throw this.wrong(name, 'a value; it cannot be null');
  }

  get(name: string): Json | undefined {
    return this.object.get(name) ?? undefined;
  }

  /** The first of several spellings of one field that is set, with its name. */
  first(names: readonly string[]): string {
    return names.find((name) => this.get(name) !== undefined) ?? names[0] ?? '';
  }

  string(name: string): string | undefined {
    const value = this.get(name);
    if (value === undefined || typeof value === 'string') return value;
    throw this.wrong(name, 'a string');
  }

  requiredString(name: string): string {
    return this.string(name) ?? this.missing(name);
  }

  boolean(name: string): boolean | undefined {
    const written = this.get(name);
    const value = this.context.dialect === 'exact' ? asBoolean(written) : written;
    if (value === undefined || typeof value === 'boolean') return value;
    throw this.wrong(name, 'true or false');
  }

  /** @throws Refusal for what is no number of the range. */
  number(name: string, range: Range): number | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    const number = isJsonNumber(value) ? Number(value.source) : Number.NaN;
    if (isInRange(range, number)) return number;
    throw this.wrong(name, rangeText(range));
  }

  /** Of any size, where a schema has checked the range. @throws Refusal for what is no whole number. */
  integer(name: string): number | undefined {
    return this.number(name, {integer: true});
  }

  list(name: string): readonly Json[] | undefined {
    const value = this.get(name);
    if (value === undefined || isJsonArray(value)) return value;
    throw this.wrong(name, 'a list');
  }

  fields(name: string): Fields | undefined {
    const value = this.get(name);
    return value === undefined ? undefined : new Fields(value, this.pathOf(name), this.context);
  }

  wrong(name: string, expected: string): Refusal {
    return wrongType(this.pathOf(name), expected);
  }

  missing(name: string): never {
    throw new Refusal('ValidationError', `${this.pathOf(name)} is missing.`, {param: this.pathOf(name)});
  }
}

export function wrongType(path: string, expected: string): Refusal {
  const field = path === '' ? 'The document' : path;
  return new Refusal('ValidationError', `${field} must be ${expected}.`, path === '' ? {} : {param: path});
}

export function unknownField(path: string): Refusal {
  return new Refusal('ValidationError', `Unknown field ${path}.`, {param: path});
}
