// JSON as the templates need it: key order and the exact number survive, which JSON.parse cannot promise.

/** A JSON number. `source` is Python's spelling of it, so `1.0` stays `1.0` and big integers stay exact. */
export interface JsonNumber {
  readonly source: string;
}

export type JsonObject = ReadonlyMap<string, Json>;
export type Json = null | boolean | string | JsonNumber | readonly Json[] | JsonObject;
