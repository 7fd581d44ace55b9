import {execFileSync} from 'node:child_process';
import {appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {History} from '../../../src/ui/prompt/input-history.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mistral-history-'));
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

test('what was sent is there for the next chat, for its owner only', () => {
  const file = join(folder, 'deep', 'history.jsonl');
  const history = new History(file);
  for (const text of ['one', 'two\nlines', 'two\nlines', ' secret', '', 'three']) history.add(text);
  expect(new History(file).entries).toEqual(['one', 'two\nlines', 'three']);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('damaged lines are left out', () => {
  const file = join(folder, 'history.jsonl');
  writeFileSync(file, '"a"\n{"b":1}\n"cut');
  expect(new History(file).entries).toEqual(['a']);
});

test('a line that was cut off does not swallow the next one', () => {
  const file = join(folder, 'history.jsonl');
  writeFileSync(file, '"a"\n"cut');
  const history = new History(file);
  history.add('b');
  history.add('c');
  expect(readFileSync(file, 'utf8')).toBe('"a"\n"cut\n"b"\n"c"\n');
  expect(new History(file).entries).toEqual(['a', 'b', 'c']);
});

test('a file that was wider is made readable for its owner alone', () => {
  const file = join(folder, 'history.jsonl');
  writeFileSync(file, '"a"\n', {mode: 0o644});
  expect(new History(file).entries).toEqual(['a']);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a file that grew too long keeps its newest entries', () => {
  const file = join(folder, 'history.jsonl');
  for (let index = 0; index < 10_001; index += 1) appendFileSync(file, `"${index}"\n`);
  const history = new History(file);
  expect(history.entries).toHaveLength(5000);
  expect(history.entries.at(-1)).toBe('10000');
  expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(5001);
});

test('a pipe of its name neither holds up a chat nor takes what is typed', () => {
  const file = join(folder, 'history.jsonl');
  execFileSync('sh', ['-c', 'mkfifo "$0"', file]);
  const history = new History(file);
  history.add('one');
  expect(history.entries).toEqual(['one']);
});

test('a line that was cut off while this chat was open does not swallow the next one', () => {
  const file = join(folder, 'history.jsonl');
  const history = new History(file);
  history.add('a');
  // As a disk that is full for a while leaves it.
  appendFileSync(file, '"cut');
  history.add('b');
  expect(new History(file).entries).toEqual(['a', 'b']);
});

test('a folder that cannot be written does not end the chat', () => {
  writeFileSync(join(folder, 'file'), '');
  const history = new History(join(folder, 'file', 'history.jsonl'));
  history.add('one');
  expect(history.entries).toEqual(['one']);
});
