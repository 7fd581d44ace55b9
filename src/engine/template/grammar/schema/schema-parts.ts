// The schemas that one value must fulfil at once: references followed, `allOf` taken apart.
import {isJsonArray, isJsonObject, type Json, type JsonObject} from '../../../../base/json.ts';

/** A schema that a value must fulfil, besides others. */
export interface Part {
  readonly schema: JsonObject;
  /** JSON pointer of its place in the document. */
  readonly pointer: string;
  /** Same for the same schema with the same keywords left out. */
  readonly id: string;
}

/** What a grammar does not hold. */
export interface Unheld {
  /** JSON pointer of the keyword in its document. */
  readonly pointer: string;
  /** A clause: what is not held, without its place. */
  readonly reason: string;
  /** An annotation: it may be refused by nobody. */
  readonly isAnnotation?: boolean;
}

/** A sentence for whom it matters: the place, and what is not held there. */
export const unheldNote = ({pointer, reason}: Unheld): string => (pointer === '' ? reason : `${pointer}: ${reason}`);

/** A schema and its place, before it is taken apart. */
export interface Placed {
  readonly schema: Json;
  readonly pointer: string;
}

export const below = (pointer: string, ...keys: readonly (string | number)[]): string =>
  [pointer, ...keys.map((key) => String(key).replace(/~/g, '~0').replace(/\//g, '~1'))].join('/');

/** One schema document, and what its references mean. */
export class SchemaDocument {
  readonly root: Json;
  /** What was looked at to tell which values fulfil a part of it. */
  asked = 0;

  constructor(root: Json) {
    this.root = root;
  }

  /** The schema at a fragment such as `#/$defs/a`; undefined for another document's and for a place there is not. */
  resolve(reference: string): Placed | undefined {
    if (reference !== '#' && !reference.startsWith('#/')) return undefined;
    let decoded: string;
    try {
      decoded = decodeURIComponent(reference.slice(1));
    } catch {
      // A percent sign that is none of an escape: not a reference of the standard.
      return undefined;
    }
    let target: Json | undefined = this.root;
    for (const part of decoded.split('/').slice(1)) {
      const key = part.replace(/~1/g, '/').replace(/~0/g, '~');
      if (isJsonObject(target)) target = target.get(key);
      else if (isJsonArray(target) && /^(0|[1-9][0-9]*)$/.test(key)) target = target[Number(key)];
      else return undefined;
      // A schema with a name of its own is a document of its own, which references inside of it mean.
      if (isJsonObject(target) && typeof target.get('$id') === 'string') return undefined;
    }
    if (!isJsonObject(target) && typeof target !== 'boolean') return undefined;
    return {schema: target, pointer: decoded};
  }

  /** Whether the place lies in a schema with a name of its own, whose references are not to this document. */
  isForeign(pointer: string): boolean {
    let target: Json | undefined = this.root;
    for (const part of pointer.split('/').slice(1)) {
      const key = part.replace(/~1/g, '/').replace(/~0/g, '~');
      target = isJsonObject(target) ? target.get(key) : isJsonArray(target) ? target[Number(key)] : undefined;
      if (isJsonObject(target) && typeof target.get('$id') === 'string') return true;
    }
    return false;
  }
}

/** Where a reference came from, back to the last bracket. */
interface Via {
  readonly pointer: string;
  readonly length: number;
  readonly before: Via | undefined;
}

/** References behind each other that are followed with no bracket in between. */
const MOST_BEHIND = 200;

const comesFrom = (via: Via | undefined, pointer: string): boolean => {
  for (let at = via; at; at = at.before) if (at.pointer === pointer) return true;
  return false;
};

/**
 * All schemas that hold at once: `parts`, taken apart before, and `added`, each without `$ref` and `allOf`. Undefined when
 * one of them allows nothing. `outer` are the places a value is being read at with no bracket in between: a reference
 * back to one of them would never end. `tell` hears of references that are not followed.
 */
export function takeApart(
  document: SchemaDocument,
  {
    parts,
    added,
    outer,
  }: {readonly parts: readonly Part[]; readonly added: readonly Placed[]; readonly outer: ReadonlySet<string>},
  tell: (unheld: Unheld) => void,
): readonly Part[] | undefined {
  const all = [...parts];
  const seen = new Set(parts.map(({pointer}) => pointer));
  const open: (readonly [Placed, Via | undefined])[] = added.toReversed().map((one) => [one, undefined]);
  for (let next = open.pop(); next; next = open.pop()) {
    const [{schema, pointer}, before] = next;
    if (schema === false) return undefined;
    if (!isJsonObject(schema) || seen.has(pointer)) continue;
    seen.add(pointer);
    const via = {pointer, before, length: (before?.length ?? 0) + 1};
    const inner: Placed[] = [];
    const reference = schema.get('$ref');
    if (typeof reference === 'string') {
      const target = document.isForeign(pointer) ? undefined : document.resolve(reference);
      if (
        target === undefined ||
        outer.has(target.pointer) ||
        via.length > MOST_BEHIND ||
        comesFrom(via, target.pointer)
      )
        tell({pointer: below(pointer, '$ref'), reason: `the reference ${reference} is not followed`});
      else inner.push(target);
    }
    const every = schema.get('allOf');
    if (isJsonArray(every))
      inner.push(...every.map((part, index) => ({schema: part, pointer: below(pointer, 'allOf', index)})));
    all.push({schema: without(schema, '$ref', 'allOf'), pointer, id: pointer});
    for (const part of inner.toReversed()) open.push([part, via]);
  }
  return all;
}

/** The schema without some keywords. */
export function without(schema: JsonObject, ...keywords: readonly string[]): JsonObject {
  if (!keywords.some((keyword) => schema.has(keyword))) return schema;
  return new Map([...schema].filter(([keyword]) => !keywords.includes(keyword)));
}
