import {expect, test} from 'vitest';
import {width} from '../../../src/base/cells/graphemes.ts';
import {createTheme} from '../../../src/ui/markdown/style.ts';
import {
  count,
  fullNotice,
  type Phase,
  type Status,
  statusRow,
  withoutFigures,
} from '../../../src/ui/rows/status-line.ts';

const theme = createTheme({color: false, unicode: true, hyperlinks: false});
const STATUS: Status = {
  phase: {kind: 'generating', tokens: 212, tokensPerSecond: 41.84},
  model: 'Ministral-8B',
  used: 1400,
  limit: 32_768,
  temperature: 0.7,
  seed: 42,
  queued: 2,
  notice: undefined,
};
const row = (status: Partial<Status>, columns = 120) =>
  statusRow({...STATUS, ...status}, columns, theme).replaceAll(/\x1b\[[\d;]*m/g, '');

test.each<[Phase, string]>([
  [{kind: 'loading', fraction: 0.629}, 'loading 62 % · Enter queues · queued 2'],
  [{kind: 'reading', done: 1536, total: 6012}, 'reading prompt 1,536/6,012 tok · Esc stop · queued 2'],
  [
    {kind: 'generating', tokens: 212, tokensPerSecond: 41.84},
    'generating · 41.8 tok/s · 212 tok · Esc stop · queued 2',
  ],
  [{kind: 'working', what: 'running add'}, 'running add · queued 2'],
])('what happens comes first', (phase, start) => {
  expect(row({phase})).toBe(`${start} · ctx 1,400/32.8k 4% · Ministral-8B · seed 42`);
});

test('it is cut from the right and never takes the last two cells', () => {
  expect(row({}, 46)).toBe('generating · 41.8 tok/s · 212 tok · Esc stop');
  expect(row({}, 8)).toBe('gener…');
  for (let columns = 8; columns < 120; columns += 1) expect(width(row({}, columns))).toBeLessThanOrEqual(columns - 2);
});

test('a context is told to be nearly full from 80 % on', () => {
  expect(fullNotice(814, 1024)).toBeUndefined();
  expect(fullNotice(820, 1024)).toBe('context 80% full');
  expect(fullNotice(840, 1024)).toBe('context 82% full');
  expect(fullNotice(840, undefined)).toBeUndefined();
});

test('a notice takes the place of everything', () => {
  expect(row({notice: 'press Ctrl+C again to leave'}, 20)).toBe('press Ctrl+C agai…');
});

test('a context that gets full stands out', () => {
  const painted = (used: number) =>
    statusRow({...STATUS, used}, 100, createTheme({color: true, unicode: true, hyperlinks: false}));
  expect(painted(1000)).toContain('\x1b[2mctx 1,000/32.8k 3%');
  expect(painted(27_000)).toContain('\x1b[33mctx 27.0k/32.8k 82%');
  expect(painted(32_000)).toContain('\x1b[31mctx 32.0k/32.8k 98%');
});

test('without figures a phase looks the same until it is another one', () => {
  const texts = [1, 50].map((tokens) =>
    row({phase: withoutFigures({kind: 'generating', tokens, tokensPerSecond: tokens})}),
  );
  expect(texts[0]).toBe('generating · Esc stop · queued 2 · ctx 1,400/32.8k 4% · Ministral-8B · seed 42');
  expect(texts[1]).toBe(texts[0]);
  expect(row({phase: withoutFigures({kind: 'reading', done: 3, total: 9})})).toMatch(/^reading prompt · Esc stop/);
  expect(row({phase: withoutFigures({kind: 'loading', fraction: 0.5})})).toMatch(/^loading · Enter queues/);
});

test.each([
  [9999, '9,999'],
  [10_000, '10.0k'],
])('%d tokens are %s', (tokens, text) => {
  expect(count(tokens)).toBe(text);
});
