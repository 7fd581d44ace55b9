// The bundle of `mistral-fim` starts from code that was compiled at the build, or compiles.
import {execFileSync, spawnSync} from 'node:child_process';
import {copyFileSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, onTestFinished, test} from 'vitest';

interface Loaded {
  readonly exports: {readonly main: unknown};
  readonly script: {readonly cachedDataRejected?: boolean};
}

const LOADER = new URL('../../bin/compiled.js', import.meta.url).pathname;
const load = createRequire(import.meta.url)(LOADER) as (file: string) => Loaded;
const BUNDLE = new URL('../../dist/commands/fim-program.cjs', import.meta.url).pathname;

test('the code of the build is taken', () => {
  // In a process as the build's: V8 passes over code that was made under other flags.
  const code = 'require(process.argv[1])(process.argv[2]).script.cachedDataRejected';
  expect(execFileSync(process.execPath, ['-p', code, LOADER, BUNDLE], {encoding: 'utf8'})).toBe('false\n');
});

test.each([
  ['missing', undefined, undefined],
  ['damaged', 'no code', true],
])('code that is %s is compiled anew', (_what, text, rejected) => {
  const folder = mkdtempSync(join(tmpdir(), 'compiled-'));
  onTestFinished(() => rmSync(folder, {recursive: true}));
  const copy = join(folder, 'fim-program.cjs');
  copyFileSync(BUNDLE, copy);
  if (text !== undefined) writeFileSync(join(folder, 'fim-program.bin'), text);
  const {exports, script} = load(copy);
  expect(script.cachedDataRejected).toBe(rejected);
  expect(exports.main).toBeTypeOf('function');
});

test('what stays outside of the bundle is found from the code of the build', () => {
  const program = new URL('../../bin/mistral-fim.js', import.meta.url).pathname;
  const {status, stderr} = spawnSync(process.execPath, [program, 'missing.gguf', '--prefix', 'a'], {encoding: 'utf8'});
  expect(stderr).toContain('there is no file');
  expect(status).toBe(3);
});
