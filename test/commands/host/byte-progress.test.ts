import {PassThrough} from 'node:stream';
import {expect, test} from 'vitest';
import {formatDuration} from '../../../src/base/units.ts';
import {ByteProgress} from '../../../src/commands/host/byte-progress.ts';
import {STREAMS} from '../../../src/commands/host/io.ts';

function watch(isTTY: boolean, columns = 80, label = 'fetching') {
  let now = 0;
  const out = Object.assign(new PassThrough(), {isTTY, columns});
  const io = {[STREAMS]: {stdout: new PassThrough(), stderr: out}};
  const progress = new ByteProgress(label, io, {now: () => now});
  const at = (milliseconds: number, done: number) => {
    now = milliseconds;
    progress.update(done, 1e9);
  };
  return {at, progress, text: () => String(out.read() ?? '')};
}

test('off a terminal a plain line comes every ten seconds', () => {
  const {at, text, progress} = watch(false);
  at(5000, 1e8);
  at(10_000, 2e8);
  at(12_000, 3e8);
  progress.end();
  expect(text()).toBe('fetching: 20 % of 1.00 GB, 20.0 MB/s, 40 s left\n');
});

test('on a terminal one line is redrawn and taken away', () => {
  const {at, text, progress} = watch(true);
  at(50, 1e8);
  at(100, 5e8);
  progress.end();
  expect(text()).toBe('\rfetching: 50 % of 1.00 GB, 5.00 GB/s, 0 s left\x1b[K\r\x1b[K');
});

test('a wide terminal gets a bar', () => {
  const {at, text} = watch(true, 120);
  at(100, 5e8);
  expect(text()).toContain(`\r${'█'.repeat(12)}${'░'.repeat(12)} fetching`);
});

test.each([
  [50, '\rfetching a…: 50 % of 1.00 GB, 5.00 GB/s, 0 s left\x1b[K'],
  [20, '\r50 % of 1.00 GB, 5.\x1b[K'],
])('a row never reaches the end of %i columns', (columns, row) => {
  const {at, text} = watch(true, columns, 'fetching a-model-with-a-long-name-Q4_K_M.gguf');
  at(100, 5e8);
  expect(text()).toBe(row);
});

test.each([
  [0.2, '0 s'],
  [59.6, '1 min 0 s'],
  [200, '3 min 20 s'],
  [7500, '2 h 5 min'],
])('%f seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test('a label of wide characters is cut to the cells that are left', () => {
  const {at, text} = watch(true, 60, '日本'.repeat(10));
  at(100, 5e8);
  expect(text()).toBe(`\r${'日本'.repeat(5)}…: 50 % of 1.00 GB, 5.00 GB/s, 0 s left\x1b[K`);
});
