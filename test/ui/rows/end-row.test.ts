import {expect, test} from 'vitest';
import {withoutStyles} from '../../../src/base/cells/graphemes.ts';
import {EngineError} from '../../../src/base/errors.ts';
import type {Finish} from '../../../src/engine/conversation/last-turn.ts';
import {createTheme} from '../../../src/ui/markdown/style.ts';
import {endRows, errorRows, type StatsLevel} from '../../../src/ui/rows/end-row.ts';

const theme = createTheme({color: true, unicode: true, hyperlinks: false});

const FINISH: Finish = {
  type: 'finish',
  reason: 'stop',
  usage: {promptTokens: 10, cachedTokens: 4, completionTokens: 212},
  timings: {firstTokenMs: 380, promptMs: 370, generationMs: 5000, promptTokensPerSecond: 20, tokensPerSecond: 41.84},
  seed: 1,
};

interface Given {
  readonly finish?: Partial<Finish>;
  readonly elapsedMs?: number;
  readonly continuable?: boolean;
  readonly stats?: StatsLevel;
  readonly columns?: number;
}

function shown({finish = {}, elapsedMs = 9999, continuable = true, stats = 'off', columns = 100}: Given): string[] {
  return endRows({finish: {...FINISH, ...finish}, elapsedMs, continuable}, stats, columns, theme).map(withoutStyles);
}

test('nothing stands below an answer that ended by itself, but how long a long one took', () => {
  expect(shown({})).toEqual([]);
  expect(shown({elapsedMs: 10_000})).toEqual(['10 s']);
  expect(shown({elapsedMs: 125_000})).toEqual(['2 min 5 s']);
});

test.each<[Given, string]>([
  [{finish: {reason: 'length'}}, 'cut off at the length limit (/continue to go on, /max to raise the limit)'],
  [{finish: {reason: 'context'}}, 'cut off: the context is full (/compact to sum up, /clear to start again)'],
  [{finish: {reason: 'tool_calls'}}, 'stopped: too many tool calls in a row (send a message to go on)'],
  [{finish: {reason: 'aborted'}}, 'stopped (/continue to go on)'],
  [{finish: {reason: 'aborted'}, continuable: false}, 'stopped (/regen to try again)'],
  [{finish: {reason: 'stop', stop: '\nUser:'}}, 'stopped at "\\nUser:"'],
  [{finish: {thinkingCut: true}}, 'thinking was cut off at its budget'],
  [{finish: {reason: 'aborted'}, elapsedMs: 61_000}, 'stopped (/continue to go on) · 1 min 1 s'],
])('what a person should know of the end is said: %j', (given, row) => {
  expect(shown(given)).toEqual([row]);
});

test.each<[StatsLevel, Partial<Finish>, string]>([
  ['on', {}, '212 tok · 41.8 tok/s'],
  ['full', {}, '212 tok · 41.8 tok/s · first token 0.38 s · prompt 10 tok, 4 cached'],
  ['on', {reason: 'aborted'}, 'stopped (/continue to go on) · 212 tok · 41.8 tok/s'],
  [
    'full',
    {usage: {...FINISH.usage, reasoningTokens: 12}},
    '212 tok · 41.8 tok/s · 12 tok of thought · first token 0.38 s · prompt 10 tok, 4 cached',
  ],
])('figures are there on request: %s', (stats, finish, row) => {
  expect(shown({stats, finish})).toEqual([row]);
});

test('on a narrow terminal figures are left out whole, and a reason is wrapped', () => {
  expect(shown({stats: 'full', columns: 38})).toEqual(['212 tok · 41.8 tok/s']);
  expect(shown({stats: 'full', finish: {reason: 'length'}, columns: 38})).toEqual([
    'cut off at the length limit (/continue',
    'to go on, /max to raise the limit)',
  ]);
});

test('a cut answer stands out, one that was stopped does not', () => {
  const row = (reason: Finish['reason']) =>
    endRows({finish: {...FINISH, reason}, elapsedMs: 0, continuable: true}, 'off', 100, theme)[0];
  expect(row('length')).toMatch(/^\x1b\[33mcut off/);
  expect(row('aborted')).toMatch(/^\x1b\[2mstopped/);
});

test('an error says what happened and what to do', () => {
  const error = new EngineError('context_length_exceeded', 'too long\x07', {hint: '/undo'});
  expect(errorRows(error, theme).map(withoutStyles)).toEqual(['error  too long', '  try  /undo', '']);
});
