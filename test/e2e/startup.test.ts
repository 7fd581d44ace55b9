// How many files the built programs read to answer help and version: each one costs every start.
import {execFileSync} from 'node:child_process';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {expect, test} from 'vitest';
import {folderWith} from '../fixtures/folder.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Tells each file of the package that is loaded as a module, on stderr. */
const HOOKS = `
import {writeSync} from 'node:fs';
export async function load(url, context, next) {
  if (url.startsWith('file:') && !url.includes('/node_modules/')) writeSync(2, 'LOADED ' + url + '\\n');
  return next(url, context);
}`;

function loaded(program: string, ...argv: string[]): string[] {
  const folder = folderWith({'hooks.mjs': HOOKS});
  const hooks = JSON.stringify(pathToFileURL(join(folder, 'hooks.mjs')).href);
  const register = `data:text/javascript,import {register} from 'node:module'; register(${encodeURIComponent(hooks)});`;
  const script = `"$0" "$@" 2>&1 >/dev/null`;
  const args = ['-c', script, process.execPath, '--import', register, join(ROOT, 'bin', `${program}.js`), ...argv];
  const told = execFileSync('sh', args, {encoding: 'utf8'}).split('\n');
  const files = told.filter((line) => line.startsWith('LOADED '));
  expect(files.length, told.join('\n')).toBeGreaterThan(3);
  return files.map((line) => line.replace(/^.*\/(dist|bin)\//, '$1/'));
}

/** At most, its own file in bin included. */
const MOST = 11;

test.each([
  'mistral --help',
  'mistral --version',
  'mistral chat --help',
  'mistral tools --help',
  'mistral-chat --help',
  'mistral-chat --version',
  'mistral-demo --help',
  'mistral-tools --version',
])('%s', (line) => {
  const [program = '', ...argv] = line.split(' ');
  const files = loaded(program, ...argv);
  expect(files.length, files.join('\n')).toBeLessThanOrEqual(MOST);
  // What is inside of a bundle is not read beside it.
  expect(files).not.toContain('dist/engine/contract/sampling-table.js');
});

test('mistral --version --json asks which engine would compute, and loads no screen and no client for it', () => {
  const files = loaded('mistral', '--version', '--json');
  expect(files).toContain('dist/engine/llama/engine.js');
  expect(files.filter((file) => /dist\/(ui|serve|base\/http)\//.test(file))).toEqual([]);
});
