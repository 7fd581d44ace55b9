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

/**
 * Judges every member of a body that is set and that its route does not read (`known`) by the first rule of its name.
 * One that no rule names is told: it is of no dialect this server speaks, and only its sender knows what it was for.
 * @returns what to tell the client, a sentence each; values are never in it.
 * @throws EngineError `unsupported` with the field's name for one that is refused.
 */
export function judgeFields(body: Json, known: (name: string) => boolean, rules: readonly FieldRule[]): string[] {
  if (!isJsonObject(body)) return [];
  const notes: string[] = [];
  let unknown = 0;
  for (const [name, value] of body) {
    if (value === null || known(name)) continue;
    const rule = rules.find((one) => one.name === name);
    if (rule === undefined) {
      if (unknown++ < MAX_UNKNOWN) notes.push(`'${name.slice(0, MAX_NAME)}' is not a field of this route: ignored`);
      continue;
    }
    if (rule.verdict === 'none' || rule.passes?.(toPlain(value))) continue;
    if (rule.verdict === 'told') notes.push(`'${name}' is ignored: ${rule.why}`);
    else throw new EngineError('unsupported', `'${name}' is not supported: ${rule.why}`, {param: name});
  }
  if (unknown > MAX_UNKNOWN) notes.push(`${unknown - MAX_UNKNOWN} more fields are not of this route: ignored`);
  return notes;
}
