import {expect, test} from 'vitest';
import {width} from '../../../src/base/cells/graphemes.ts';
import {createTheme} from '../../../src/ui/markdown/style.ts';
import {count, type Phase, type Status, statusRow, withoutFigures} from '../../../src/ui/rows/status-line.ts';

const theme = createTheme({color: false, unicode: true, hyperlinks: false});
const STATUS: Status = {
  phase: {kind: 'generating', tokens: 212, tokensPerSecond: 41.84},
  model: 'Ministral-8B',
  used: 26_870,
  limit: 32_768,
  seed: 42,
  queued: 2,
  notice: undefined,
};
const row = (status: Partial<Status>, columns = 120) =>
  statusRow({...STATUS, ...status}, columns, theme).replaceAll(/\x1b\[[\d;]*m/g, '');

test.each<[Phase, string]>([
  [{kind: 'loading', fraction: 0.629}, 'loading 62% · Enter sends once it is loaded · 2 waiting'],
  [{kind: 'loading', fraction: undefined}, 'loading · Enter sends once it is loaded · 2 waiting'],
  [{kind: 'idle'}, 'ready · 2 waiting'],
  [{kind: 'reading', done: 0, total: 0}, 'reading the prompt · Esc to stop · 2 waiting'],
  [{kind: 'reading', done: 2405, total: 6012}, 'reading the prompt 40% · Esc to stop · 2 waiting'],
  [{kind: 'thinking', tokens: 3, tokensPerSecond: undefined}, 'thinking · Esc to stop · 2 waiting'],
  [{kind: 'generating', tokens: 212, tokensPerSecond: 12.34}, 'answering · 12.3 tok/s · Esc to stop · 2 waiting'],
  [{kind: 'working', what: 'running add'}, 'running add · 2 waiting'],
])('what happens comes first', (phase, start) => {
  expect(row({phase})).toBe(`${start} · context 82% full · Ministral-8B · seed 42`);
});

test('in a new chat it says little', () => {
  expect(row({phase: {kind: 'idle'}, used: 0, seed: undefined, queued: 0})).toBe('ready · Ministral-8B');
});

test('it is cut at whole parts and never takes the last two cells', () => {
  expect(row({}, 46)).toBe('answering · 41.8 tok/s · Esc to stop');
  expect(row({}, 38)).toBe('answering · 41.8 tok/s · Esc to stop');
  expect(row({}, 37)).toBe('answering · 41.8 tok/s');
  expect(row({}, 8)).toBe('answe…');
  for (let columns = 8; columns < 120; columns += 1) expect(width(row({}, columns))).toBeLessThanOrEqual(columns - 2);
});

test('a notice takes the place of everything', () => {
  expect(row({notice: 'press Ctrl+C again to quit'}, 20)).toBe('press Ctrl+C agai…');
});

test('the context is shown from the half on, and stands out when it gets full', () => {
  const painted = (used: number) =>
    statusRow({...STATUS, used}, 100, createTheme({color: true, unicode: true, hyperlinks: false}));
  expect(painted(16_200)).not.toContain('context');
  expect(painted(16_384)).toContain('\x1b[2mcontext 50% full');
  expect(painted(27_000)).toContain('\x1b[33mcontext 82% full');
  expect(painted(32_000)).toContain('\x1b[31mcontext 98% full');
  expect(row({limit: undefined})).not.toContain('context');
});

test('without figures a phase looks the same until it is another one', () => {
  const texts = [1, 50].map((tokens) =>
    row({phase: withoutFigures({kind: 'generating', tokens, tokensPerSecond: tokens})}),
  );
  expect(texts[0]).toBe('answering · Esc to stop · 2 waiting · context 82% full · Ministral-8B · seed 42');
  expect(texts[1]).toBe(texts[0]);
  expect(row({phase: withoutFigures({kind: 'reading', done: 3, total: 9})})).toMatch(
    /^reading the prompt · Esc to stop/,
  );
  expect(row({phase: withoutFigures({kind: 'loading', fraction: 0.5})})).toMatch(/^loading · Enter sends/);
});

test.each([
  [9999, '9,999'],
  [10_000, '10.0k'],
])('%d tokens are %s', (tokens, text) => {
  expect(count(tokens)).toBe(text);
});
