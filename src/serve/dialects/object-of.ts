// The arguments of a call for the dialects that give them as an object.
import {parsePlainJson} from '../../base/plain-json.ts';

/** The object a text stands for; undefined where a model wrote something else. */
export function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value = parsePlainJson(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? {...value} : undefined;
  } catch {
    return undefined;
  }
}
