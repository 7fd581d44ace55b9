// What becomes of a member of a body that its route does not read: refused by its path, told, or passed over.
import {EngineError} from '../../base/errors.ts';
import {isJsonObject, type Json, toPlain} from '../../base/json.ts';

/**
 * `refuse`: a 400 that names it, since the answer would be another one. `told`: passed over, and the reply says so.
 * `none`: cannot change the answer.
 */
export type Verdict = 'refuse' | 'told' | 'none';

export interface FieldRule {
  readonly name: string;
  readonly verdict: Verdict;
  /** The reason, as it is told behind the name. */
  readonly why: string;
  /** True for values that ask for nothing, such as 0 for a sampler that 0 switches off: they pass in silence. */
  readonly passes?: (value: unknown) => boolean;
}

/** Whether a value asks for nothing. */
export type Passes = (value: unknown) => boolean;

/** One rule for each name; `passes` holds for all of them. */
export function rules(verdict: Verdict, why: string, names: string, passes?: Passes): FieldRule[] {
  return names.split(' ').map((name) => ({name, verdict, why, ...(passes && {passes})}));
}

export const is =
  (...neutral: readonly unknown[]): Passes =>
  (value) =>
    neutral.includes(value);
export const isFalse = is(false);
export const isEmpty: Passes = (value) =>
  value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);

export const CALLERS_OWN = "the caller's own bookkeeping";

/** More than these are not named one by one: a body may have as many members as it likes. */
const MAX_UNKNOWN = 20;
const MAX_NAME = 64;

/** A member that is not read. */
interface Unread {
  readonly name: string;
  readonly value: Json;
  /** Its name where it is told: in an object within the body the whole path. */
  readonly path: string;
}

/** Collects what to tell of members that nobody reads. */
export class FieldNotes {
  readonly #notes: string[] = [];
  #unknown = 0;

  /**
   * Judges a member by the first rule of its name. One that no rule names is told: it is of no dialect this server speaks, and
   * only its sender knows what it was for. Null asks for nothing.
   * @returns whether there is something to tell; values are never in it.
   * @throws EngineError `unsupported` with the member's path if it is refused.
   */
  judge({name, value, path}: Unread, rules: readonly FieldRule[]): boolean {
    if (value === null) return false;
    const rule = rules.find((one) => one.name === name);
    if (rule === undefined) {
      const shown = path.slice(0, path.length - name.length) + name.slice(0, MAX_NAME);
      if (this.#unknown++ < MAX_UNKNOWN) this.#notes.push(`'${shown}' is not a field of this route: ignored`);
      return true;
    }
    if (rule.verdict === 'none' || rule.passes?.(toPlain(value))) return false;
    if (rule.verdict === 'refuse') {
      throw new EngineError('unsupported', `'${path}' is not supported: ${rule.why}`, {param: path});
    }
    this.#notes.push(`'${path}' is ignored: ${rule.why}`);
    return true;
  }

  /** A sentence each. */
  list(): string[] {
    const more = this.#unknown - MAX_UNKNOWN;
    return more > 0 ? [...this.#notes, `${more} more fields are not of this route: ignored`] : this.#notes;
  }
}

/**
 * Judges every member of a body that its route does not read (`known`).
 * @returns what to tell the client, a sentence each.
 * @throws EngineError `unsupported` with the field's name for one that is refused.
 */
export function judgeFields(body: Json, known: (name: string) => boolean, rules: readonly FieldRule[]): string[] {
  const notes = new FieldNotes();
  for (const [name, value] of isJsonObject(body) ? body : []) {
    if (!known(name)) notes.judge({name, value, path: name}, rules);
  }
  return notes.list();
}
