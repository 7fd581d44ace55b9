// Reads JSON that others wrote into the types it is taken for: what has another type is refused with its path, not cast.

/** JSON of another shape than its reader takes; the message is the end of a sentence, such as `choices must be a list`. */
export class WrongShapeError extends Error {
  readonly path: string;
  readonly expected: string;

  constructor(path: string, expected: string) {
    super(`${path === '' ? 'it' : path} must be ${expected}`);
    this.path = path;
    this.expected = expected;
  }
}

/** Gives the value back with its type. @throws WrongShapeError */
export type Shape<T> = (value: unknown, path?: string) => T;

export const text: Shape<string> = (value, path = '') => {
  if (typeof value === 'string') return value;
  throw new WrongShapeError(path, 'a string');
};

/** JSON can say 1e999, which is none. */
export const number: Shape<number> = (value, path = '') => {
  if (Number.isFinite(value)) return value as number;
  throw new WrongShapeError(path, 'a number');
};

/** How many, or which one: exact, and not below 0. */
export const count: Shape<number> = (value, path = '') => {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new WrongShapeError(path, 'a whole number, at least 0');
};

export const flag: Shape<boolean> = (value, path = '') => {
  if (typeof value === 'boolean') return value;
  throw new WrongShapeError(path, 'true or false');
};

export const anything: Shape<unknown> = (value) => value;

/** Nulls in it count as absent, so they are left out. */
export function list<T>(item: Shape<T>): Shape<readonly T[]> {
  return (value, path = '') =>
    items(value, path).flatMap((one, at) => (one === null ? [] : [item(one, `${path}[${at}]`)]));
}

/** A list of which every item has the shape: null is no item of it, and none is passed over. */
export function every<T>(item: Shape<T>): Shape<readonly T[]> {
  return (value, path = '') => items(value, path).map((one, at) => item(one, `${path}[${at}]`));
}

/** A list in which each place means something, so that a null keeps its own. */
export function places<T>(item: Shape<T>): Shape<readonly (T | undefined)[]> {
  return (value, path = '') =>
    items(value, path).map((one, at) => (one === null ? undefined : item(one, `${path}[${at}]`)));
}

function items(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new WrongShapeError(path, 'a list');
}

/** An object whose members may all be missing; null is missing, and members that are not named are passed over. */
export function object<Members extends Readonly<Record<string, Shape<unknown>>>>(
  members: Members,
): Shape<{readonly [Name in keyof Members]?: ReturnType<Members[Name]> | undefined}> {
  return (value, path = '') => {
    const found: Record<string, unknown> = {};
    for (const [name, given] of entries(value, path)) {
      const member = Object.hasOwn(members, name) ? members[name] : undefined;
      if (member && given !== null) found[name] = member(given, path === '' ? name : `${path}.${name}`);
    }
    return found as ReturnType<Shape<{readonly [Name in keyof Members]?: ReturnType<Members[Name]> | undefined}>>;
  };
}

/** An object that has all of these members. */
export function complete<Members extends Readonly<Record<string, Shape<unknown>>>>(
  members: Members,
): Shape<{readonly [Name in keyof Members]: ReturnType<Members[Name]>}> {
  const some = object(members);
  return (value, path = '') => {
    const found: Readonly<Record<string, unknown>> = some(value, path);
    const lost = Object.keys(members).find((name) => found[name] === undefined);
    if (lost !== undefined) throw new WrongShapeError(path === '' ? lost : `${path}.${lost}`, 'there');
    return found as {readonly [Name in keyof Members]: ReturnType<Members[Name]>};
  };
}

/** An object of any names. Nulls count as absent. */
export function record<T>(item: Shape<T>): Shape<ReadonlyMap<string, T>> {
  return (value, path = '') =>
    new Map(
      entries(value, path).flatMap(([name, given]) => (given === null ? [] : [[name, item(given, `${path}.${name}`)]])),
    );
}

function entries(value: unknown, path: string): [string, unknown][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  throw new WrongShapeError(path, 'an object');
}

/** One of two shapes. */
export function either<A, B>(first: Shape<A>, second: Shape<B>): Shape<A | B> {
  return (value, path = '') => {
    try {
      return first(value, path);
    } catch (one) {
      try {
        return second(value, path);
      } catch (other) {
        if (!(one instanceof WrongShapeError && other instanceof WrongShapeError) || other.path !== path) throw other;
        throw new WrongShapeError(path, `${one.expected} or ${other.expected}`);
      }
    }
  };
}

/** For what only adorns an answer: of another shape it is absent. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value, path = '') => {
    try {
      return shape(value, path);
    } catch (error) {
      if (error instanceof WrongShapeError) return undefined;
      throw error;
    }
  };
}
