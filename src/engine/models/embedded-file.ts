// Where the package keeps its demonstration model: on its own, as a program that finds a server with it open reads no more.
import {existsSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

export const embeddedFolder = fileURLToPath(new URL('../../../models/demo/', import.meta.url));

/** The path of the model; undefined where the installation has none. */
export function embeddedFile(folder = embeddedFolder): string | undefined {
  const name = existsSync(folder) ? readdirSync(folder).find((entry) => entry.endsWith('.gguf')) : undefined;
  return name === undefined ? undefined : join(folder, name);
}
