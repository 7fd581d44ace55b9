// What the router of several models tells the process of one: which of its keys a request came with.
import type {IncomingHttpHeaders} from 'node:http';

const KEY_INDEX_HEADER = 'x-mistral-key-index';

/** The headers that say it. */
export function keyIndexHeaders(keyIndex: number | undefined): Record<string, string> {
  return keyIndex === undefined ? {} : {[KEY_INDEX_HEADER]: String(keyIndex)};
}

/** The place of the key in the router's list; undefined: none was needed. */
export function keyIndexBehind({[KEY_INDEX_HEADER]: given}: IncomingHttpHeaders): number | undefined {
  return typeof given === 'string' && /^\d{1,6}$/.test(given) ? Number(given) : undefined;
}
