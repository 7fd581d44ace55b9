// Tables of a settings file: nothing is known of what stands in them.

export type Table = Readonly<Record<string, unknown>>;

/** The table at `path`; undefined where there is none. */
export function tableAt(table: Table, path: readonly string[]): Table | undefined {
  let at: unknown = table;
  for (const name of path) {
    if (!isTable(at) || !Object.hasOwn(at, name)) return undefined;
    at = at[name];
  }
  return isTable(at) ? at : undefined;
}

export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
