// Before a clone runs or is tested: builds unless the last build is younger than everything it was made of.
import {readdirSync, statSync} from 'node:fs';
import {join} from 'node:path';

const root = join(import.meta.dirname, '..');
const SOURCES = ['src', 'scripts', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
/** Made by one of the build's last steps. */
const LAST_BUILT = 'dist/commands/version.js';

const changedMs = (path) => statSync(join(root, path), {throwIfNoEntry: false})?.mtimeMs ?? 0;
const inside = (path) =>
  statSync(join(root, path)).isDirectory()
    ? [path, ...readdirSync(join(root, path), {recursive: true}).map((name) => join(path, name))]
    : [path];

const built = changedMs(LAST_BUILT);
if (SOURCES.flatMap(inside).some((path) => changedMs(path) > built)) {
  console.error('building mistral-chat, which takes some seconds');
  await import('./build.js');
}
