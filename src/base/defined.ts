// An object without the members that are undefined: what the compiler asks for where a member is optional.

/** The members that may be undefined become optional ones. */
export type Defined<T> = {readonly [K in keyof T as undefined extends T[K] ? never : K]: T[K]} & {
  readonly [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** A copy with the members that are there, in their order. */
export function defined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;
}
