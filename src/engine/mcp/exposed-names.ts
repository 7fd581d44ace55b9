// The names by which a model calls the tools of servers: within Mistral's rule, and never given to another tool.
import {createHash} from 'node:crypto';

const LONGEST = 64;
/** Characters of a name that is cut, before `_` and eight of its hash. */
const KEPT = 55;

/** Who is meant by a name: read from this table, never from the name. */
export interface NamedTool {
  readonly server: string;
  readonly tool: string;
}

/** One table for all servers of a run. A name once given stays, whoever comes later. */
export class ExposedNames {
  readonly #byName = new Map<string, NamedTool>();
  readonly #names = new Map<string, string>();

  /** `SERVER_TOOL`: 1 to 64 of `A-Za-z0-9_-`; what is longer, or taken by another tool, ends with a hash. */
  of(server: string, tool: string): string {
    const key = JSON.stringify([server, tool]);
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const plain = `${server}_${tool}`.replace(/[^A-Za-z0-9_-]/gu, '_');
    const fits = plain.length <= LONGEST && !this.#byName.has(plain);
    const hash = createHash('sha256').update(key).digest('hex').slice(0, 8);
    const name = fits ? plain : `${plain.slice(0, KEPT)}_${hash}`;
    this.#names.set(key, name);
    this.#byName.set(name, {server, tool});
    return name;
  }

  /** Who is meant; undefined for a name that was never given. */
  meant(name: string): NamedTool | undefined {
    return this.#byName.get(name);
  }
}
