// What the build refuses to pass on, and what it says of what it does.
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {expect, test} from 'vitest';
import {folderWith} from '../fixtures/folder.ts';

interface Licences {
  isTaken(licence: string): boolean;
  licenceOf(folder: string): {name: string; licence: string; text: string};
}

const {isTaken, licenceOf} = (await import(pathToFileURL('scripts/licences.js').href)) as Licences;

const folderOf = (manifest: object, files: Record<string, string> = {}) =>
  folderWith({'package.json': JSON.stringify({name: 'x', version: '1.0.0', ...manifest}), ...files});

test.each([
  'MIT',
  '(MIT OR GPL-3.0-only)',
  'GPL-2.0 OR BSD-3-Clause',
  'MIT AND ISC',
  '(BSD-2-Clause OR MIT OR Apache-2.0)',
])('%s is passed on', (licence) => expect(isTaken(licence)).toBe(true));

test.each([
  'GPL-3.0-only',
  'MIT AND GPL-3.0-only',
  'LGPL-2.1',
  'SSPL-1.0',
  'UNLICENSED',
  'SEE LICENSE IN LICENSE.md',
  '',
])('%j is not', (licence) => expect(isTaken(licence)).toBe(false));

test('a package of another licence, or of none, ends the build', () => {
  expect(() => licenceOf(folderOf({license: 'AGPL-3.0'}))).toThrow('x 1.0.0 is under AGPL-3.0');
  expect(() => licenceOf(folderOf({}))).toThrow('x 1.0.0 is under no licence');
  expect(() => licenceOf(folderOf({license: 'BSD-3-Clause'}))).toThrow('x 1.0.0 has no text of its licence');
});

test('the text is that of all its files, or that of MIT with who holds it', () => {
  const files = {'LICENSE.md': 'the licence\n', NOTICE: 'the notice', 'license-check.js': 'code'};
  expect(licenceOf(folderOf({license: 'Apache-2.0'}, {...files, 'LICENCE.txt': ''})).text).toContain('the licence');
  expect(licenceOf(folderOf({license: 'Apache-2.0'}, files)).text).toBe('the licence\n\nthe notice');
  expect(licenceOf(folderOf({license: 'MIT', author: {name: 'Ada'}})).text).toMatch(
    /^MIT License\n\nCopyright \(c\) Ada\n/,
  );
  expect(licenceOf(join(folderOf({license: 'MIT'}))).text).toContain('Copyright (c) the authors of x\n');
});
