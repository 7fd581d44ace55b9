// Tool names of clients as names a Mistral template can carry, and back.
import {createHash} from 'node:crypto';
import {isFunctionName} from '../../engine/contract/tool-names.ts';

/** A tool as the client names it. */
export interface ClientName {
  readonly name: string;
  readonly namespace?: string;
}

/** Of a name that is too long; its hash makes up for the rest. */
const KEPT = 55;

/**
 * The name the model reads, the same for the same tool at every request: Mistral's rule is 1 to 64 letters, digits,
 * underscores and dashes. A namespace stands before its name.
 */
export function offeredName({name, namespace}: ClientName): string {
  const full = namespace === undefined ? name : `${namespace}__${name}`;
  if (name === '' || isFunctionName(full)) return full;
  const hash = createHash('sha256').update(full).digest('hex').slice(0, 8);
  return `${full.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, KEPT)}_${hash}`;
}

/** The tools a request offers, by the names the model reads. */
export class OfferedNames {
  readonly #clients = new Map<string, ClientName>();

  offer(client: ClientName): string {
    const name = offeredName(client);
    this.#clients.set(name, client);
    return name;
  }

  /** A name the model made up stays as it is. */
  clientName(offered: string): ClientName {
    return this.#clients.get(offered) ?? {name: offered};
  }
}
