// What pydantic reads as true or false.
import {isJsonNumber, type Json} from '../../base/json.ts';

const TRUE: ReadonlySet<string> = new Set(['1', 'on', 't', 'true', 'y', 'yes']);
const FALSE: ReadonlySet<string> = new Set(['0', 'off', 'f', 'false', 'n', 'no']);

/** True or false where pydantic reads the value so; any other value as it is. */
export function asBoolean(value: Json | undefined): Json | undefined {
  const word = isJsonNumber(value)
    ? String(Number(value.source))
    : typeof value === 'string'
      ? value.toLowerCase()
      : '';
  if (TRUE.has(word)) return true;
  return FALSE.has(word) ? false : value;
}
