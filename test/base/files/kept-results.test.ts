// Results kept between runs: found again, bounded, and nothing where a file is damaged or the folder closed.
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {KeptResults} from '../../../src/base/files/kept-results.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kept-results-'));
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

const only = () => join(folder, readdirSync(folder)[0] as string);

test('what is kept is found by another run, under its key alone', () => {
  new KeptResults(folder).set('a', 'one\ntwo');
  expect(new KeptResults(folder).get('a')).toBe('one\ntwo');
  expect(new KeptResults(folder).get('b')).toBeUndefined();
  expect(statSync(only()).mode & 0o777).toBe(0o600);
});

test('the folder is made where it is missing', () => {
  const kept = new KeptResults(join(folder, 'a', 'b'));
  kept.set('k', 'v');
  expect(kept.get('k')).toBe('v');
});

test.each([
  ['cut', (content: string) => content.slice(0, -1)],
  ['changed', (content: string) => content.replace('value', 'VALUE')],
  ['empty', () => ''],
  ['of another program', () => 'hello'],
])('a file that is %s counts for nothing, and is written anew', (_, damage) => {
  const kept = new KeptResults(folder);
  kept.set('k', 'value');
  writeFileSync(only(), damage(readFileSync(only(), 'utf8')));
  expect(kept.get('k')).toBeUndefined();
  kept.set('k', 'value');
  expect(kept.get('k')).toBe('value');
});

test('a folder or a huge file in its place counts for nothing', () => {
  const kept = new KeptResults(folder, {mostBytes: 10});
  kept.set('k', 'value');
  const path = only();
  writeFileSync(path, 'x'.repeat(1000));
  expect(kept.get('k')).toBeUndefined();
  rmSync(path);
  mkdirSync(path);
  expect(kept.get('k')).toBeUndefined();
  kept.set('k', 'value');
  expect(kept.get('k')).toBeUndefined();
});

test('a result that is too large is not kept', () => {
  const kept = new KeptResults(folder, {mostBytes: 4});
  kept.set('k', 'äöü');
  expect(readdirSync(folder)).toEqual([]);
  kept.set('k', 'äö');
  expect(kept.get('k')).toBe('äö');
});

test('the folder is bounded: those written first go, and what is not ours stays', () => {
  writeFileSync(join(folder, 'README'), '');
  const kept = new KeptResults(folder, {most: 3});
  for (const [at, key] of ['a', 'b', 'c'].entries()) {
    const before = new Set(readdirSync(folder));
    kept.set(key, key);
    const name = readdirSync(folder).find((one) => !before.has(one)) as string;
    utimesSync(join(folder, name), 1000 + at, 1000 + at);
  }
  kept.set('d', 'd');
  expect(['a', 'b', 'c', 'd'].map((key) => kept.get(key))).toEqual([undefined, 'b', 'c', 'd']);
  expect(readdirSync(folder)).toHaveLength(4);
});

test('where a file stands in place of the folder, and where it is closed, nothing is kept and nothing said', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const blocked = new KeptResults(file);
  blocked.set('k', 'v');
  expect(blocked.get('k')).toBeUndefined();
  const closed = join(folder, 'closed');
  mkdirSync(closed);
  chmodSync(closed, 0o500);
  expect(() => new KeptResults(closed).set('k', 'v')).not.toThrow();
});
