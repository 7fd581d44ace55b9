// The line below an answer, where there is something to say: why it was cut, figures, how long it took; and errors.

import {EngineError} from '../../base/errors.ts';
import {reasonOf} from '../../base/files/file-error.ts';
import {formatDuration} from '../../base/units.ts';
import type {Finish} from '../../engine/conversation/last-turn.ts';
import {BLANK, joinRows, paint, type Row, rowTexts, type Theme} from '../markdown/style.ts';
import {type Part, partsRow} from './parts-row.ts';
import {wrapWords} from './two-columns.ts';

/** How much is said about an answer that ended: nothing but what a person should know, its speed, or all figures. */
export const STATS_LEVELS = ['off', 'on', 'full'] as const;

export type StatsLevel = (typeof STATS_LEVELS)[number];

/** An answer that took this long says so. Milliseconds. */
const LONG = 10_000;

export interface Ended {
  readonly finish: Finish;
  /** From the message to the end of the answer, in milliseconds. */
  readonly elapsedMs: number;
  /** The conversation ends with words of the model. */
  readonly continuable: boolean;
}

/**
 * The line below an answer; none after a normal end of a short one. Why an answer was cut is never unnoticed.
 */
export function endRows(ended: Ended, stats: StatsLevel, columns: number, theme: Theme): Row[] {
  const {finish, elapsedMs} = ended;
  const notable = finish.reason === 'length' || finish.reason === 'context';
  const parts = [
    {text: reasonText(ended), style: notable ? theme.warning : theme.dim},
    ...statsTexts(finish, stats).map((text) => ({text, style: theme.dim})),
    {text: finish.thinkingCut === true ? 'thinking was cut off at its budget' : '', style: theme.dim},
    {text: elapsedMs >= LONG ? formatDuration(elapsedMs / 1000) : '', style: theme.dim},
  ].filter(({text}) => text !== '');
  if (parts.length === 0) return [];
  // On a narrow terminal the reason is read whole: it says what to do.
  const [first, ...rest] = parts as [Part, ...Part[]];
  const rows = wrapWords(first.text, columns);
  if (rows.length > 1) return rows.map((text) => paint(text, first.style));
  return [partsRow([first, ...rest], columns, theme)];
}

/** The figures of an answer as parts of a line; none when they are off. */
export function statsTexts({usage, timings}: Finish, stats: StatsLevel): string[] {
  if (stats === 'off') return [];
  const speed = timings.tokensPerSecond === undefined ? [] : [`${timings.tokensPerSecond.toFixed(1)} tok/s`];
  const short = [`${usage.completionTokens} tok`, ...speed];
  if (stats === 'on') return short;
  return [
    ...short,
    ...(usage.reasoningTokens === undefined ? [] : [`${usage.reasoningTokens} tok of thought`]),
    ...(timings.firstTokenMs === undefined ? [] : [`first token ${(timings.firstTokenMs / 1000).toFixed(2)} s`]),
    `prompt ${usage.promptTokens} tok, ${usage.cachedTokens} cached`,
  ];
}

function reasonText({finish: {reason, stop}, continuable}: Ended): string {
  switch (reason) {
    case 'stop':
      return stop === undefined ? '' : `stopped at ${JSON.stringify(stop)}`;
    case 'length':
      return 'cut off at the length limit (/continue to go on, /max to raise the limit)';
    case 'context':
      return 'cut off: the context is full (/compact to sum up, /clear to start again)';
    case 'tool_calls':
      return 'stopped: too many tool calls in a row (send a message to go on)';
    case 'aborted':
      return `stopped (${continuable ? '/continue to go on' : '/regen to try again'})`;
  }
}

/** A failure: what happened, and what to do next. */
export function errorRows(error: unknown, theme: Theme): Row[] {
  const [first = '', ...more] = rowTexts(reasonOf(error));
  const hints = error instanceof EngineError && error.hint !== undefined ? rowTexts(`  try  ${error.hint}`) : [];
  return [
    joinRows([paint('error', theme.error), paint(`  ${first}`, '')]),
    ...more.map((line) => paint(line, '')),
    ...hints.map((line) => paint(line, theme.dim)),
    BLANK,
  ];
}
