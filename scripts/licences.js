// The licences of packages: which may be passed on with ours (Apache-2.0), and the text of each.
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';

/** Each asks for no more than its notice. */
const TAKEN = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Unlicense',
]);
const TEXT_FILE = /^(licen[cs]e|copying|notice)([.-](?!.*\.[cm]?[jt]s$).*)?$/i;

/** MIT's text, for packages that name it and bring no file. */
export const mit = (copyright) => `MIT License

Copyright (c) ${copyright}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the
Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES
OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE
LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

/** Of an SPDX expression: one of its alternatives is taken, or all that are joined are. */
export function isTaken(licence) {
  return licence
    .replace(/[()]/g, ' ')
    .split(/\s+OR\s+/)
    .some((one) => one.split(/\s+AND\s+/).every((name) => TAKEN.has(name.trim())));
}

/** What the package in this folder is, its licence and the text of that. Throws for one that has none, or another one. */
export function licenceOf(folder) {
  const {name, version, license, author} = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (typeof license !== 'string' || !isTaken(license)) {
    throw new Error(`${name} ${version} is under ${license ?? 'no licence'}, which may not be passed on with ours`);
  }
  const files = existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => TEXT_FILE.test(file))
        .sort()
    : [];
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
  if (texts.length === 0 && license !== 'MIT')
    throw new Error(`${name} ${version} has no text of its licence, ${license}`);
  const holder = typeof author === 'string' ? author : (author?.name ?? `the authors of ${name}`);
  return {name, version, licence: license, text: texts.join('\n\n') || mit(holder)};
}
